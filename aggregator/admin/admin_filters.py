"""A filter of the admin that reads a column of codes in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.admin import AllValuesFieldListFilter
from django.contrib.admin.views.main import ChangeList
from django.utils.functional import Promise

from aggregator.domain.messages import label_of


def build_label_filter(words: Mapping[str, Promise]) -> type[AllValuesFieldListFilter]:
    """Return a filter that says these words for the codes that there are."""

    class WordedFilter(AllValuesFieldListFilter):
        def choices(self, changelist: ChangeList) -> Iterator[Any]:
            for choice in super().choices(changelist):
                yield {**choice, "display": label_of(words, str(choice["display"]))}

    return WordedFilter
