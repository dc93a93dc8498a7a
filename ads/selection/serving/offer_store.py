"""Creates offers and finds the one to repeat: the same request within half a minute gets the same offer."""

import datetime
import hashlib
import uuid

from django.db.models import Exists

from ads.contract import AdRequest
from ads.domain.auction import Sale
from ads.events.frequency_caps import FrequencyCaps
from ads.infra.redis_client import read_values, redis_client, redis_key
from ads.models import Campaign, Creative, Keyword, Offer
from ads.selection.core.decision import Contender, Decision
from ads.selection.core.overrides import is_servable
from ads.selection.serving.snapshots import ServingState
from ads.selection.serving.traces import KEPT_CONTENDERS, trace_line

REPEAT_SECONDS = 30


def create_offer(
    request: AdRequest, decision: Decision, caps: FrequencyCaps, *, version: str, at: datetime.datetime
) -> Offer | None:
    """Insert the offer of a decision, cache it for a repeat and count it as pending in the frequency caps.

    None when the winner was stopped since the snapshot was built.
    """
    winner, sale = decision.winner, decision.sale
    assert winner is not None and sale is not None  # noqa: S101
    creative = _find_servable_creative(winner.creative, _keyword_of(winner))
    if creative is None:
        return None
    offer = _build_offer(request, winner, sale, creative)
    offer.snapshot_version, offer.created_at, offer.is_explored = version, at, decision.is_explored
    offer.trace = [trace_line(contender) for contender in decision.contenders[:KEPT_CONTENDERS]]
    offer.save(force_insert=True)
    key = _repeat_key(request)
    if key:
        with redis_client().pipeline(transaction=False) as pipeline:
            pipeline.set(key, str(offer.id), ex=REPEAT_SECONDS)
            caps.record_offer(pipeline, offer.campaign_id, offer.id)
            pipeline.execute()
    return offer


def find_repeat(request: AdRequest, state: ServingState) -> Offer | None:
    """Return the cached offer of the same request while it has no impression and can still be served.

    After an impression, a repeated request is a new request and frequency rules decide.
    """
    key = _repeat_key(request)
    raw = read_values(key)[0] if key else None
    if not raw:
        return None
    offer = (
        Offer.objects.select_related("creative", "campaign__advertiser")
        .filter(id=uuid.UUID(raw.decode()), hidden_at=None, impression=None)
        .first()
    )
    if offer is None or not is_servable(state.snapshot, state.live, offer.campaign_id, offer.price_micros):
        return None
    return offer if _find_servable_creative(offer.creative_id, offer.keyword_id) else None


def _build_offer(request: AdRequest, winner: Contender, sale: Sale, creative: Creative) -> Offer:
    keyword = _keyword_of(winner)
    return Offer(
        request_id=request.request_id,
        campaign=creative.ad_group.campaign,
        ad_group=creative.ad_group,
        creative=creative,
        keyword_id=keyword,
        keyword_text=winner.term,
        match=winner.match if keyword else "hint",
        placement=request.placement,
        language=request.language,
        device=request.device,
        topics=list(request.topics),
        frequency_key=request.frequency_key,
        bid_micros=winner.bid_micros,
        reserve_micros=winner.reserve_micros,
        price_micros=sale.price_micros,
        # With one slot, the VCG price is the price.
        shadow_price_micros=sale.price_micros,
        relevance=winner.relevance,
        click_rate=winner.click_rate,
        pace=winner.pace,
    )


def _keyword_of(winner: Contender) -> int | None:
    # A context hint has no keyword row.
    return winner.keyword if winner.keyword > 0 else None


def _repeat_key(request: AdRequest) -> str | None:
    if not request.frequency_key:
        return None
    terms = sorted(request.term_ids)
    parts = (request.placement, request.language, request.device, terms, request.topics)
    return redis_key("again", request.frequency_key, hashlib.sha256(repr(parts).encode()).hexdigest()[:16])


def _find_servable_creative(creative: int, keyword: int | None) -> Creative | None:
    # The snapshot may be seconds old: whatever was stopped since then is refused here.
    creatives = Creative.objects.select_related("ad_group__campaign__advertiser").filter(
        id=creative,
        review=Creative.Review.APPROVED,
        is_on=True,
        ad_group__is_on=True,
        ad_group__campaign__status=Campaign.Status.ACTIVE,
        ad_group__campaign__advertiser__status="active",
    )
    if keyword is not None:
        creatives = creatives.filter(Exists(Keyword.objects.filter(pk=keyword, is_on=True)))
    return creatives.first()
