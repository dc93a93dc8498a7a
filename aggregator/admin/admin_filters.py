"""A list filter of the admin that shows labels for codes."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.admin import AllValuesFieldListFilter
from django.contrib.admin.views.main import ChangeList
from django.utils.functional import Promise

from aggregator.domain.messages import label_of


def build_label_filter(labels: Mapping[str, Promise]) -> type[AllValuesFieldListFilter]:
    """Return a filter that shows the codes in use with these labels."""

    class LabelFilter(AllValuesFieldListFilter):
        def choices(self, changelist: ChangeList) -> Iterator[Any]:
            for choice in super().choices(changelist):
                yield {**choice, "display": label_of(labels, str(choice["display"]))}

    return LabelFilter
