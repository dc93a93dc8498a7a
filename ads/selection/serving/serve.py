"""Answers one ad request: checks, repeat, frequency caps, selection, offer; each refusal has a reason."""

import datetime
import hashlib
import logging
import os
import threading
import uuid
from dataclasses import replace

import numpy as np
import redis
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Exists
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ads.contract import AdRequest, NoAd, ServedAd
from ads.domain.auction import Sale
from ads.events.frequency_caps import FrequencyCaps
from ads.events.offers import build_served_ad
from ads.infra.redis_client import read_values, redis_client, redis_key
from ads.ledger.market_freeze import is_frozen
from ads.models import Campaign, Creative, Keyword, Offer
from ads.selection.core.brand_safety import are_topics_blocked
from ads.selection.core.decision import Contender, Decision
from ads.selection.core.overrides import is_servable
from ads.selection.serving.select import decide, find_contenders
from ads.selection.serving.snapshots import ServingState, serving_state
from ads.selection.serving.traces import (
    KEPT_CONTENDERS,
    record_decision,
    record_no_ad,
    record_repeat,
    trace_line,
)

logger = logging.getLogger(__name__)
REPEAT_SECONDS = 30


class _ThreadRandom(threading.local):
    """One generator for each thread: creating one for each request costs more than all its draws."""

    def __init__(self) -> None:
        self.random = np.random.default_rng()


_thread_random = _ThreadRandom()
# A forked process must not repeat the draws of its parent.
os.register_at_fork(after_in_child=lambda: setattr(_thread_random, "random", np.random.default_rng()))


def thread_random() -> np.random.Generator:
    """Return this thread's random generator."""
    return _thread_random.random


def serve(request: AdRequest) -> ServedAd | NoAd:
    """Return the ad for this request, or the reason why there is none; never raises."""
    try:
        return _serve(request, at=timezone.now())
    except DatabaseError:
        logger.exception("request %s: no ad", request.request_id)
        record_no_ad(request, "error")
    except redis.RedisError:
        logger.exception("request %s: no ad", request.request_id)
    return NoAd("error")


def _serve(request: AdRequest, *, at: datetime.datetime) -> ServedAd | NoAd:
    reason = _find_gate_reason(request)
    if reason:
        return _refuse(request, reason)

    state = serving_state()
    offer = find_repeat(request, state)
    if offer and not is_frozen():
        if offer.request_id != request.request_id:
            record_repeat(request, offer)
        return _present_offer(offer, request)

    caps = FrequencyCaps(request.frequency_key, at=at)
    skip_reason = caps.find_skip_reason()
    if skip_reason:
        return _refuse(request, skip_reason)

    shortlist = find_contenders(
        state.snapshot, request, live=state.live, now=int(at.timestamp()), random=thread_random()
    )
    decision = decide(shortlist, caps.count_views(shortlist.campaigns))
    version = state.snapshot.version
    if decision.sale is None:
        record_decision(request, decision, version=version)
        return NoAd(decision.reason)
    # Checked last, because most requests end before and this costs a query.
    if is_frozen():
        return _refuse(request, "frozen")

    offer = create_offer(request, decision, caps, version=version, at=at)
    if offer is None:
        decision = replace(decision, reason="stopped", sale=None)
    record_decision(request, decision, version=version)
    return _present_offer(offer, request) if offer else NoAd("no_match")


def _refuse(request: AdRequest, reason: str) -> NoAd:
    record_no_ad(request, reason)
    return NoAd("ad_load" if reason == "newcomer" else reason)


def _find_gate_reason(request: AdRequest) -> str:
    """Return why no ad may be shown whatever the inventory holds; empty when one may."""
    if request.sensitivity != "pass" or request.sensitive_classes or are_topics_blocked(request.topics):
        return "sensitive"
    if request.audience == "minor" or (settings.ADS_ADULTS_ONLY and request.audience != "adult"):
        return "not_adult"
    return ""


def _present_offer(offer: Offer, request: AdRequest) -> ServedAd:
    with translation.override(request.language if request.language in ("ko", "en") else "en"):
        why = (
            _("질문에 ‘%(term)s’ 관련 말이 있어서 보여요.") % {"term": offer.keyword_text},
            _("오늘 이 광고를 몇 번 봤는지는 날마다 바뀌는 번호로 셌어요."),
            _("대화 내용이나 개인 정보는 광고주에게 가지 않아요."),
        )
        return build_served_ad(offer, label=_("광고"), why=why)


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
