"""Answers one request for an ad: decides, keeps the offer, presents it. Every reason for no ad has a name."""

import datetime
import logging
import uuid
from dataclasses import replace

import redis
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Exists
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ads.contract import AdRequest, NoAd, ServedAd
from ads.events.frequency_caps import FrequencyCaps
from ads.events.offers import build_served_ad
from ads.ledger.market_freeze import is_frozen
from ads.models import Campaign, Creative, Keyword, Offer
from ads.selection.core.decision import Decision
from ads.selection.core.topics import are_topics_blocked
from ads.selection.serving.repeat_cache import cache_offer, find_repeat
from ads.selection.serving.select import select_ad
from ads.selection.serving.snapshots import serving_state, thread_random
from ads.selection.serving.traces import (
    KEPT_CONTENDERS,
    record_decision,
    record_no_ad,
    record_repeat,
    trace_line,
)

logger = logging.getLogger(__name__)

# Whatever happens, the caller gets one of these and no other word.
NO_AD_REASONS = frozenset(
    {
        "sensitive",
        "not_adult",
        "ad_load",
        "no_match",
        "below_threshold",
        "frequency",
        "no_budget",
        "frozen",
        "timeout",
        "error",
    }
)


def serve(request: AdRequest) -> ServedAd | NoAd:
    """Return the ad for this request or the reason why there is none; never raises."""
    try:
        return _serve(request)
    except DatabaseError:
        logger.exception("request %s: no ad", request.request_id)
        record_no_ad(request, "error")
    except redis.RedisError:
        logger.exception("request %s: no ad", request.request_id)
    return NoAd("error")


def _serve(request: AdRequest) -> ServedAd | NoAd:
    at = timezone.now()
    refusal = _refusal_reason(request)
    if refusal:
        record_no_ad(request, refusal)
        return NoAd(refusal)
    market = serving_state()
    known = find_repeat(request, market)
    if known and _find_servable_creative(known.creative_id, known.keyword_id) and not is_frozen():
        if known.request_id != request.request_id:
            record_repeat(request, known)
        return _present_offer(known, request)
    person = FrequencyCaps(request.frequency_key, at=at)
    rest = person.find_skip_reason()
    if rest:
        record_no_ad(request, rest)
        return NoAd("ad_load")
    decision = select_ad(
        market.snapshot,
        request,
        live=market.live,
        count_views=person.count_views,
        now=int(at.timestamp()),
        random=thread_random(),
    )
    version = market.snapshot.version
    if decision.winner is None or decision.sale is None:
        record_decision(request, decision, version=version)
        return NoAd(decision.reason)
    # Asked last: most requests end before, and the books are read for this alone.
    if is_frozen():
        record_no_ad(request, "frozen")
        return NoAd("frozen")
    offer = _create_offer(request, decision, version=version, at=at)
    if offer is None:
        record_decision(request, replace(decision, reason="stopped", sale=None), version=version)
        return NoAd("no_match")
    record_decision(request, decision, version=version)
    cache_offer(request, offer, person)
    return _present_offer(offer, request)


def _refusal_reason(request: AdRequest) -> str:
    if request.sensitivity != "pass" or request.sensitive_classes or are_topics_blocked(request.topics):
        return "sensitive"
    if request.audience == "minor" or (settings.ADS_ADULTS_ONLY and request.audience != "adult"):
        return "not_adult"
    return ""


def _present_offer(offer: Offer, request: AdRequest) -> ServedAd:
    with translation.override(request.language if request.language in ("ko", "en") else "en"):
        return build_served_ad(offer, label=_("광고"), why=explain_placement(offer.keyword_text))


def explain_placement(term: str) -> tuple[str, ...]:
    """Say to the person who sees the ad why they do, in a few sentences."""
    return (
        _("질문에 ‘%(term)s’ 관련 말이 있어서 보여요.") % {"term": term},
        _("오늘 이 광고를 몇 번 봤는지는 날마다 바뀌는 번호로 셌어요."),
        _("대화 내용이나 개인 정보는 광고주에게 가지 않아요."),
    )


def _find_servable_creative(creative: int, keyword: int | None) -> Creative | None:
    # The snapshot may be a few seconds old: what was paused since then is refused here.
    running = Creative.objects.all()
    if keyword is not None:
        running = running.filter(Exists(Keyword.objects.filter(pk=keyword, is_on=True)))
    return (
        running.select_related("ad_group__campaign__advertiser")
        .filter(
            id=creative,
            review=Creative.Review.APPROVED,
            is_on=True,
            ad_group__is_on=True,
            ad_group__campaign__status=Campaign.Status.ACTIVE,
            ad_group__campaign__advertiser__status="active",
        )
        .first()
    )


def _create_offer(
    request: AdRequest, decision: Decision, *, version: str, at: datetime.datetime
) -> Offer | None:
    winner, sale = decision.winner, decision.sale
    assert winner is not None and sale is not None  # noqa: S101
    # A hint has no row of its own.
    keyword = winner.keyword if winner.keyword > 0 else None
    creative = _find_servable_creative(winner.creative, keyword)
    if creative is None:
        return None
    return Offer.objects.create(
        id=uuid.uuid4(),
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
        snapshot_version=version,
        bid_micros=winner.bid_micros,
        reserve_micros=winner.reserve_micros,
        price_micros=sale.price_micros,
        shadow_price_micros=sale.shadow_price_micros,
        relevance=winner.relevance,
        click_rate=winner.click_rate,
        pace=winner.pace,
        is_explored=decision.is_explored,
        trace=[trace_line(contender) for contender in decision.contenders[:KEPT_CONTENDERS]],
        created_at=at,
    )
