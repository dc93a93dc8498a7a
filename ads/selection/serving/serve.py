"""Answers one ad request: checks, repeat, frequency caps, selection, offer; each refusal has a reason."""

import datetime
import logging
import os
import threading
from dataclasses import replace

import numpy as np
import redis
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ads.contract import AdRequest, NoAd, ServedAd
from ads.events.frequency_caps import FrequencyCaps
from ads.events.offers import build_served_ad
from ads.ledger.market_freeze import is_frozen
from ads.models import Offer
from ads.selection.core.brand_safety import are_topics_blocked
from ads.selection.serving.offer_store import create_offer, find_repeat
from ads.selection.serving.select import decide, find_contenders
from ads.selection.serving.snapshots import serving_state
from ads.selection.serving.traces import record_decision, record_no_ad, record_repeat

logger = logging.getLogger(__name__)


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
