"""Counts impressions and clicks of creatives and smooths their rates by empirical Bayes.

Each level is the prior of the next: category, advertiser, campaign, creative.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence

from django.db.models import Count, F, Q

from ads.models import AdGroup, Creative
from ads.selection.core.click_rates import back_off_rate
from ads.selection.core.inventory import CreativeRow


def read_creative_stats(groups: Sequence[AdGroup]) -> dict[int, list[CreativeRow]]:
    """Return the approved creatives of each group with their impressions and smoothed rates."""
    # The impression of a credited click is not counted either.
    is_kept = Q(offers__click__credit=None)
    counted = (
        Creative.objects.filter(ad_group__in=groups, is_on=True, review=Creative.Review.APPROVED)
        .annotate(
            views=Count("offers__impression", filter=is_kept & Q(offers__impression__verdict="valid")),
            clicks=Count("offers__click", filter=is_kept & Q(offers__click__verdict__in=["billed", "free"])),
            campaign=F("ad_group__campaign"),
            advertiser=F("ad_group__campaign__advertiser"),
            category=F("ad_group__campaign__category"),
        )
        .order_by("id")
        .values("id", "ad_group_id", "views", "clicks", "campaign", "advertiser", "category")
    )
    creatives = list(counted)
    views: Counter[Hashable] = Counter()
    clicks: Counter[Hashable] = Counter()
    levels = [
        _backoff_levels(row["category"], row["advertiser"], row["campaign"], row["id"]) for row in creatives
    ]
    for row, names in zip(creatives, levels, strict=True):
        for name in names:
            views[name] += row["views"]
            clicks[name] += row["clicks"]
    rows: dict[int, list[CreativeRow]] = defaultdict(list)
    for row, names in zip(creatives, levels, strict=True):
        rate = back_off_rate([(clicks[name], views[name]) for name in names])
        rows[row["ad_group_id"]].append(CreativeRow(row["id"], rate, row["views"]))
    return rows


def _backoff_levels(*names: Hashable) -> list[tuple[int, Hashable]]:
    # From the widest to the narrowest.
    return list(enumerate(names))
