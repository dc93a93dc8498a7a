"""Keywords and negative keywords: an ad group's or a campaign's rows are synchronised with a wanted set."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils import timezone

from ads.models import AdGroup, Campaign, Keyword, NegativeKeyword
from language.keyphrases import normalise


@dataclass(frozen=True, slots=True)
class KeywordSpec:
    """One wanted keyword; without a bid, the group's default bid applies."""

    text: str
    match: str
    bid_micros: int | None = None


def replace_keywords(group: AdGroup, specs: Iterable[KeywordSpec]) -> None:
    """Make these the group's keywords; a keyword that stays keeps its row."""
    wanted = {(normalise(spec.text), spec.match): spec for spec in specs}
    kept = {(keyword.norm, keyword.match): keyword for keyword in group.keywords.all()}
    group.keywords.filter(pk__in=[kept[key].pk for key in kept.keys() - wanted.keys()]).delete()
    changed = [kept[key] for key in kept.keys() & wanted.keys()]
    for keyword in changed:
        spec = wanted[keyword.norm, keyword.match]
        keyword.text, keyword.bid_micros, keyword.updated_at = spec.text, spec.bid_micros, timezone.now()
    Keyword.objects.bulk_update(changed, ["text", "bid_micros", "updated_at"])
    add_missing_keywords(group, wanted.values())


def add_missing_keywords(group: AdGroup, specs: Iterable[KeywordSpec]) -> None:
    """Insert the keywords that the group does not have yet; existing ones stay as they are."""
    wanted = {(normalise(spec.text), spec.match): spec for spec in specs}
    known = set(group.keywords.values_list("norm", "match"))
    Keyword.objects.bulk_create(
        Keyword(ad_group=group, norm=norm, match=match, text=spec.text, bid_micros=spec.bid_micros)
        for (norm, match), spec in wanted.items()
        if (norm, match) not in known
    )


def replace_negatives(campaign: Campaign, group: AdGroup | None, texts: Iterable[str]) -> None:
    """Make these the negative keywords of an ad group, or of the whole campaign when `group` is None."""
    wanted = _by_norm(texts)
    negatives = NegativeKeyword.objects.filter(campaign=campaign, ad_group=group)
    negatives.exclude(norm__in=wanted).delete()
    add_missing_negatives(campaign, group, wanted.values())


def add_missing_negatives(campaign: Campaign, group: AdGroup | None, texts: Iterable[str]) -> None:
    """Insert the negative keywords that are not there yet; existing ones stay as they are."""
    negatives = NegativeKeyword.objects.filter(campaign=campaign, ad_group=group)
    known = set(negatives.values_list("norm", flat=True))
    NegativeKeyword.objects.bulk_create(
        NegativeKeyword(campaign=campaign, ad_group=group, norm=norm, text=text)
        for norm, text in _by_norm(texts).items()
        if norm not in known
    )


def set_keywords_enabled(*, campaign: Campaign, keywords: Iterable[int], is_on: bool) -> int:
    """Switch keywords of this campaign on or off; return how many changed."""
    chosen = Keyword.objects.filter(ad_group__campaign=campaign, pk__in=list(keywords)).exclude(is_on=is_on)
    return chosen.update(is_on=is_on, updated_at=timezone.now())


def _by_norm(texts: Iterable[str]) -> Mapping[str, str]:
    return {normalise(text): text for text in texts}
