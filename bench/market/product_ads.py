"""Publishes products as ads, and reads from traces in which order `serve()` ranks them for a query."""

import uuid
from collections.abc import Sequence

from ads.domain.money import WON
from ads.infra.redis_client import redis_client
from ads.models import AdGroup, Advertiser, Campaign, Creative, Offer, Term, TextVector
from ads.selection.building.keyword_relevance import embed_inventory
from ads.selection.core.overrides import LiveOverrides, encode_overrides
from ads.selection.jobs.publishing import publish
from ads.selection.serving.snapshot_store import LIVE_KEY
from ads.selection.serving.traces import find_trace
from aggregator import placements
from aggregator.models import Conversation, Turn
from language.sensitivity import Sensitivity
from testing.ads.inventory import reset_serving_state

# Of a term of the vocabulary, and of a headline.
HINT_CHARS, TITLE_CHARS = 100, 50
EMBEDDED_AT_ONCE = 1_000
PASSED = Sensitivity(verdict="pass", classes=(), needs_help=False)
# Statuses of contenders that the auction compares, or would if others did not win.
RANKED = frozenset({"won", "outbid", "below_reserve", "seen_often", "standing"})


def publish_products(titles: Sequence[str], *, is_static: bool) -> list[int]:
    """Replace the inventory by an ad for each title; return the campaigns' ids, in order."""
    for model in (Offer, Creative, AdGroup, Campaign, Advertiser, Term, TextVector):
        model.objects.all().delete()
    advertiser = Advertiser.objects.create(name="Products")
    campaigns = Campaign.objects.bulk_create(
        Campaign(
            advertiser=advertiser,
            name=f"Product {number}",
            category="shopping",
            status=Campaign.Status.ACTIVE,
            daily_budget_micros=1_000_000 * WON,
        )
        for number in range(len(titles))
    )
    groups = AdGroup.objects.bulk_create(
        AdGroup(campaign=campaign, name="Product", hints=[title[:HINT_CHARS]])
        for campaign, title in zip(campaigns, titles, strict=True)
    )
    Creative.objects.bulk_create(
        Creative(
            ad_group=group,
            title=title[:TITLE_CHARS],
            body="As described.",
            landing_url="https://shop.example/product",
            display_domain="shop.example",
            review=Creative.Review.APPROVED,
        )
        for group, title in zip(groups, titles, strict=True)
    )
    while not is_static and embed_inventory(limit=EMBEDDED_AT_ONCE):
        pass
    redis_client().flushdb()
    publish()
    reset_serving_state()
    return [campaign.pk for campaign in campaigns]


def rank_by_serving(query: str, campaigns: Sequence[int], allowed: Sequence[int] | None) -> list[int]:
    """Return the ads that the market ranks for a query, by index, the best first.

    With `allowed`, the campaigns of all other ads are paused, and allowed ads that it did not find come last.
    """
    if allowed is not None:
        paused = frozenset(campaigns) - {campaigns[ad] for ad in allowed}
        redis_client().set(LIVE_KEY, encode_overrides(LiveOverrides(off=paused)))
        reset_serving_state()
    request = uuid.uuid4()
    turn = Turn(
        public_id=request,
        prompt=query,
        language="en",
        device="desktop",
        conversation=Conversation(owner_id=request.int % 10**9),
    )
    placements._request_ad(turn, PASSED)
    trace = find_trace(str(request)) or {}
    lines = trace.get("contenders")
    contenders = [line for line in lines if line["rung"] in RANKED] if isinstance(lines, list) else []
    contenders.sort(key=lambda line: -line["relevance"])
    places = {campaign: place for place, campaign in enumerate(campaigns)}
    ranked = [places[line["campaign"]] for line in contenders]
    return ranked + [ad for ad in allowed or () if ad not in ranked]
