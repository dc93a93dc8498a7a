"""Reads the inventory that may serve from the database and builds a snapshot of it."""

import datetime
import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import fields

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Max, Q
from django.utils import timezone

from ads.domain.auction import floor_price_micros
from ads.domain.keyword_matching import split_phrase
from ads.models import (
    AdGroup,
    Advertiser,
    Campaign,
    Category,
    ClickModel,
    Creative,
    Keyword,
    LearnedReserve,
    NegativeKeyword,
    Term,
    TextVector,
)
from ads.selection.building.keyword_relevance import describe_terms, read_ad_copies, score_keywords
from ads.selection.building.learned_models import current_reserves, read_click_weights
from ads.selection.building.snapshot_builder import build_from_rows
from ads.selection.core import inventory
from ads.selection.core.click_rates import back_off_rate
from ads.selection.core.index import Snapshot
from language.keyphrases import normalise

# A keyword that was switched off stays in the snapshot for a day, so that switching it on takes effect at
# once.
KEPT_OFF = datetime.timedelta(days=1)


def fingerprint() -> str:
    """Return a version that changes whenever something that is served does."""
    parts = [
        str(sorted(model.objects.aggregate(count=Count("id"), last=Max("updated_at")).items()))
        for model in (Advertiser, Campaign, AdGroup, Keyword, NegativeKeyword, Creative)
    ]
    parts.append(str(TextVector.objects.count()))
    parts += [str(model.objects.aggregate(last=Max("id"))) for model in (ClickModel, LearnedReserve)]
    parts.append(str(settings.ADS_FLOOR_WON))
    # The layout of a snapshot and the hour (click rates are recounted hourly) are part of its version.
    parts.append(",".join(field.name for field in fields(Snapshot)))
    parts.append(timezone.localtime().strftime("%Y-%m-%d %H"))
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def build_snapshot(version: str) -> Snapshot:
    """Return the snapshot of all active campaigns."""
    return build_from_rows(read_inventory(), version=version)


def read_inventory() -> inventory.Inventory:
    """Read all rows that may serve; every text gets a term id in the closed vocabulary."""
    campaigns = list(
        Campaign.objects.filter(status=Campaign.Status.ACTIVE, advertiser__status="active")
        .exclude(ends_at__lte=timezone.now())
        .order_by("id")
    )
    groups = list(
        AdGroup.objects.filter(campaign__in=campaigns, is_on=True).order_by("id").select_related("campaign")
    )
    kept = Q(is_on=True) | Q(updated_at__gt=timezone.now() - KEPT_OFF)
    keywords = list(Keyword.objects.filter(kept, ad_group__in=groups).order_by("id"))
    negatives = list(NegativeKeyword.objects.filter(campaign__in=campaigns))
    texts = [keyword.text for keyword in keywords] + [negative.text for negative in negatives]
    texts += [hint for group in groups for hint in group.hints]
    terms = _name_terms(texts)
    ids = {normalise(term.text): term.id for term in terms}
    hinted = [
        inventory.KeywordRow(
            -group.id * 1000 - place, group.id, ids[normalise(hint)], "phrase", group.default_bid_micros
        )
        for group in groups
        for place, hint in enumerate(group.hints)
        if normalise(hint) in ids
    ]
    copies = read_ad_copies(groups)
    rows = [*_keyword_rows(keywords, groups, ids), *hinted]
    return inventory.Inventory(
        terms=tuple(terms),
        campaigns=tuple(_campaign_rows(campaigns)),
        groups=tuple(_group_rows(groups, negatives, ids)),
        keywords=score_keywords(
            rows,
            {term.id: term.text for term in terms},
            copies,
        ),
        categories=tuple(Category.values),
        click_weights=read_click_weights(),
        glosses=describe_terms(rows, {term.id: term.text for term in terms}, copies),
    )


def _name_terms(texts: Iterable[str]) -> list[inventory.TermRow]:
    words: dict[str, str] = {}
    parts: dict[str, list[str]] = {}
    for text in texts:
        name = normalise(text)
        if not name:
            continue
        words.setdefault(name, " ".join(text.split()))
        tokens = split_phrase(text)
        parts.setdefault(name, [normalise(token) for token in tokens])
        for token in tokens:
            words.setdefault(normalise(token), token)
    ids = _ensure_terms(words)
    return [
        inventory.TermRow(
            id=ids[name],
            text=text,
            tokens=tuple(ids[part] for part in parts.get(name, ())),
        )
        for name, text in words.items()
    ]


def _ensure_terms(words: dict[str, str]) -> dict[str, int]:
    with transaction.atomic():
        known = dict(Term.objects.filter(key__in=words).values_list("key", "id"))
        fresh = [Term(key=name, text=text) for name, text in words.items() if name not in known]
        if fresh:
            Term.objects.bulk_create(fresh, ignore_conflicts=True)
            known = dict(Term.objects.filter(key__in=words).values_list("key", "id"))
    return known


def _campaign_rows(campaigns: Iterable[Campaign]) -> Iterable[inventory.CampaignRow]:
    floor, reserves = floor_price_micros(settings.ADS_FLOOR_WON), current_reserves()
    for campaign in campaigns:
        yield inventory.CampaignRow(
            id=campaign.id,
            advertiser=campaign.advertiser_id,
            category=campaign.category,
            starts=int(campaign.starts_at.timestamp()),
            ends=int(campaign.ends_at.timestamp()) if campaign.ends_at else 0,
            views_a_person=campaign.daily_views_a_person,
            reserve_micros=max(floor, reserves.get(campaign.category, floor)),
        )


def _group_rows(
    groups: list[AdGroup], negatives: list[NegativeKeyword], ids: dict[str, int]
) -> Iterable[inventory.GroupRow]:
    creatives = read_creative_stats(groups)
    for group in groups:
        unwanted = {
            ids[negative.norm]
            for negative in negatives
            if negative.norm in ids
            and negative.campaign_id == group.campaign_id
            and negative.ad_group_id in (None, group.id)
        }
        yield inventory.GroupRow(
            id=group.id,
            campaign=group.campaign_id,
            language=group.language,
            device=group.device,
            topics=tuple(group.topics),
            negatives=tuple(sorted(unwanted)),
            creatives=tuple(creatives.get(group.id, ())),
        )


def _keyword_rows(
    keywords: list[Keyword], groups: list[AdGroup], ids: dict[str, int]
) -> Iterable[inventory.KeywordRow]:
    bids = {group.id: group.default_bid_micros for group in groups}
    for keyword in keywords:
        if keyword.norm in ids:
            yield inventory.KeywordRow(
                id=keyword.id,
                group=keyword.ad_group_id,
                term=ids[keyword.norm],
                match=keyword.match,
                bid_micros=keyword.bid_micros or bids[keyword.ad_group_id],
            )


def read_creative_stats(groups: Sequence[AdGroup]) -> dict[int, list[inventory.CreativeRow]]:
    """Return the approved creatives of each group with their impressions and smoothed rates.

    By empirical Bayes, each level is the prior of the next: category, advertiser, campaign, creative.
    """
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
    # From the widest to the narrowest.
    levels = [
        list(enumerate([row["category"], row["advertiser"], row["campaign"], row["id"]])) for row in creatives
    ]
    for row, level in zip(creatives, levels, strict=True):
        for name in level:
            views[name] += row["views"]
            clicks[name] += row["clicks"]
    rows: dict[int, list[inventory.CreativeRow]] = defaultdict(list)
    for row, level in zip(creatives, levels, strict=True):
        rate = back_off_rate([(clicks[name], views[name]) for name in level])
        rows[row["ad_group_id"]].append(inventory.CreativeRow(row["id"], rate, row["views"]))
    return rows
