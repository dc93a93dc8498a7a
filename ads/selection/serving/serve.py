"""Answers one ad request: checks, repeat, frequency caps, selection, offer; each refusal has a reason."""

import datetime
import hashlib
import logging
import os
import threading
import uuid
from contextlib import suppress
from dataclasses import replace

import numpy as np
import redis
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Exists
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ads.contract import AdRequest, NoAd, ServedAd
from ads.events.click_context import cache_click_context, click_context_command
from ads.events.frequency_caps import FrequencyCaps
from ads.events.offers import OfferCard, build_served_ad, card_of
from ads.infra.redis_client import redis_key, run_commands
from ads.ledger.market_freeze import is_frozen
from ads.models import Campaign, Creative, Keyword, Offer
from ads.selection.core.brand_safety import are_topics_blocked
from ads.selection.core.decision import Decision
from ads.selection.core.overrides import is_servable
from ads.selection.serving.intent_limits import current_limits, has_intent
from ads.selection.serving.offer_insert import insert_offer
from ads.selection.serving.select import decide, find_contenders
from ads.selection.serving.snapshots import ServingState, serving_state
from ads.selection.serving.traces import decision_commands, record_no_ad, record_repeat, trace_lines

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
    caps = FrequencyCaps(request.frequency_key, at=at)
    key = _repeat_key(request)
    cached = caps.read_with(key) if key else None
    offer = find_repeat(cached, state) if has_intent(request) else None
    if offer and not is_frozen():
        if offer.request_id != request.request_id:
            record_repeat(request, offer)
        cache_click_context(offer)
        return _present(card_of(offer), request)

    skip_reason = caps.find_skip_reason()
    if skip_reason:
        return _refuse(request, skip_reason)

    shortlist = find_contenders(
        state.snapshot,
        request,
        live=state.live,
        now=int(at.timestamp()),
        random=thread_random(),
        limits=current_limits(),
    )
    decision = decide(shortlist, caps.count_views(shortlist.campaigns))
    return _answer(request, decision, caps, version=state.snapshot.version, at=at)


def _answer(
    request: AdRequest, decision: Decision, caps: FrequencyCaps, *, version: str, at: datetime.datetime
) -> ServedAd | NoAd:
    """Return the answer to a decision, after storing its offer and its trace."""
    lines = trace_lines(decision)
    placed = None
    if decision.sale is not None:
        placed = insert_offer(request, decision, lines=lines, version=version, at=at)
        if placed is None:
            if is_frozen():
                return _refuse(request, "frozen")
            decision = replace(decision, reason="stopped", sale=None)
    commands = decision_commands(request, decision, lines=lines, version=version, at=at)
    if placed is None:
        with suppress(redis.RedisError):
            run_commands(commands)
        return NoAd("no_match" if decision.reason == "stopped" else decision.reason)
    commands.append(click_context_command(placed.context))
    key = _repeat_key(request)
    if key:
        commands.append(("SET", key, str(placed.card.offer), "EX", REPEAT_SECONDS))
    commands += caps.offer_commands(placed.context.campaign_id, placed.card.offer)
    # Not suppressed: an offer that is not counted as pending could be shown beyond the frequency caps.
    run_commands(commands)
    return _present(placed.card, request)


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


def _present(card: OfferCard, request: AdRequest) -> ServedAd:
    with translation.override(request.language if request.language in ("ko", "en") else "en"):
        why = (
            _("질문에 ‘%(term)s’ 관련 말이 있어서 보여요.") % {"term": card.keyword_text},
            _("오늘 이 광고를 몇 번 봤는지는 날마다 바뀌는 번호로 셌어요."),
            _("대화 내용이나 개인 정보는 광고주에게 가지 않아요."),
        )
        return build_served_ad(card, label=_("광고"), why=why)


def find_repeat(cached: bytes | None, state: ServingState) -> Offer | None:
    """Return the offer of the same request, as cached, while it has no impression and can still be served.

    After an impression, a repeated request is a new request and frequency rules decide.
    """
    if not cached:
        return None
    offer = (
        Offer.objects.select_related("creative", "campaign__advertiser")
        .filter(id=uuid.UUID(cached.decode()), hidden_at=None, impression=None)
        .first()
    )
    if offer is None or not is_servable(state.snapshot, state.live, offer.campaign_id, offer.price_micros):
        return None
    return offer if _is_servable(offer.creative_id, offer.keyword_id) else None


def _repeat_key(request: AdRequest) -> str | None:
    if not request.frequency_key:
        return None
    terms = sorted(request.term_ids)
    parts = (request.placement, request.language, request.device, terms, request.topics)
    return redis_key("again", request.frequency_key, hashlib.sha256(repr(parts).encode()).hexdigest()[:16])


def _is_servable(creative: int, keyword: int | None) -> bool:
    # The snapshot may be seconds old: whatever was stopped since then is refused here.
    creatives = Creative.objects.filter(
        id=creative,
        review=Creative.Review.APPROVED,
        is_on=True,
        ad_group__is_on=True,
        ad_group__campaign__status=Campaign.Status.ACTIVE,
        ad_group__campaign__advertiser__status="active",
    )
    if keyword is not None:
        creatives = creatives.filter(Exists(Keyword.objects.filter(pk=keyword, is_on=True)))
    return creatives.exists()
