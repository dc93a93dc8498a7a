"""The smallest inventory a test needs: Grace's advertiser, one campaign, one ad."""

import datetime
import uuid

from django.utils import timezone

from ads.contract import AdRequest
from ads.domain.money import WON
from ads.infra.redis_client import redis_client
from ads.ledger.accounts import open_wallet
from ads.ledger.entries import top_up
from ads.models import AdGroup, Advertiser, Campaign, Creative, Impression, Keyword, NegativeKeyword, Offer
from ads.selection.jobs.live_overrides import publish_live_overrides
from ads.selection.jobs.publishing import publish
from ads.selection.serving import snapshots
from ads.selection.serving.snapshot_store import VERSION_KEY
from ads.selection.serving.snapshots import serving_state
from ads.selection.serving.vocabulary import read_vocabulary
from language.keyphrases import TermIndex, normalise

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0 Safari/537.36"


def make_advertiser(name: str = "Grace Travel", *, won: int = 1_000_000) -> Advertiser:
    """Create an advertiser with money in the wallet."""
    advertiser = Advertiser.objects.create(name=name)
    open_wallet(advertiser)
    if won:
        top_up(advertiser, won * WON, key=str(uuid.uuid4()))
    return advertiser


def make_ad(
    advertiser: Advertiser | None = None,
    *,
    keywords: tuple[tuple[str, str], ...] = (("도쿄 항공권", "broad"),),
    bid_won: int = 300,
    daily_won: int = 50_000,
    total_won: int | None = None,
    negatives: tuple[str, ...] = (),
) -> Creative:
    """Create an approved ad of a running campaign."""
    campaign = Campaign.objects.create(
        advertiser=advertiser or make_advertiser(),
        name="Flights",
        category="travel",
        status=Campaign.Status.ACTIVE,
        starts_at=timezone.now() - datetime.timedelta(days=1),
        daily_budget_micros=daily_won * WON,
        total_budget_micros=total_won * WON if total_won else None,
    )
    group = AdGroup.objects.create(campaign=campaign, name="Group", default_bid_micros=bid_won * WON)
    for text, match in keywords:
        Keyword.objects.create(ad_group=group, text=text, norm=normalise(text), match=match)
    for text in negatives:
        NegativeKeyword.objects.create(campaign=campaign, text=text, norm=normalise(text))
    return Creative.objects.create(
        ad_group=group,
        title="Flights to Tokyo",
        body="Bags included.",
        landing_url="https://grace.example/tokyo",
        display_domain="grace.example",
        review=Creative.Review.APPROVED,
    )


def make_offer(
    creative: Creative | None = None, *, price_won: int = 100, seconds_ago: float = 10.0, seen: bool = True
) -> Offer:
    """Create an offer of this ad, by default with an impression."""
    offer = draft_offer(creative or make_ad(), price_won=price_won, seconds_ago=seconds_ago)
    offer.save(force_insert=True)
    if seen:
        seen_at = offer.created_at + datetime.timedelta(seconds=2)
        Impression.objects.create(offer=offer, verdict="valid", created_at=seen_at)
    return offer


def draft_offer(creative: Creative, *, price_won: int = 100, seconds_ago: float = 10.0) -> Offer:
    """Return an unsaved offer of this ad."""
    return Offer(
        campaign=creative.ad_group.campaign,
        ad_group=creative.ad_group,
        creative=creative,
        match="broad",
        placement="below_answer",
        language="ko",
        device="",
        snapshot_version="test",
        bid_micros=1_000 * WON,
        reserve_micros=70 * WON,
        price_micros=price_won * WON,
        shadow_price_micros=70 * WON,
        relevance=1.0,
        click_rate=0.01,
        pace=1.0,
        created_at=timezone.now() - datetime.timedelta(seconds=seconds_ago),
    )


def publish_all() -> None:
    """Publish the inventory and reload it in this process."""
    # The fingerprint can be that of an earlier test: publish anew in any case.
    redis_client().delete(VERSION_KEY)
    publish()
    publish_live_overrides(at=timezone.now())
    reset_serving_state()


def reset_serving_state() -> None:
    """Discard what this process serves from, so that the next request loads what is published."""
    snapshots._state_cache = snapshots._StateCache()


def request_for(
    prompt: str, *, frequency_key: str = "", topics: tuple[str, ...] = (), intent_percent: int = 100
) -> AdRequest:
    """Return the ad request of a turn with this prompt, whose intent is given and not read."""
    vocabulary = read_vocabulary(serving_state().snapshot)
    return AdRequest(
        request_id=str(uuid.uuid4()),
        placement="below_answer",
        vocabulary_version=vocabulary.version,
        term_ids=TermIndex(vocabulary.terms).match(prompt),
        topics=topics,
        language="ko",
        device="desktop",
        sensitivity="pass",
        frequency_key=frequency_key,
        intent_percent=intent_percent,
    )
