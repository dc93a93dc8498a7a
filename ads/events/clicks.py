"""Judges visits: what is no person's look or click costs nothing, and every verdict keeps its reason.

Some clicks are known to be invalid when they come, and are judgement here; patterns that only many clicks
show are found afterwards (sweep.py) and credited.
"""

import datetime
import logging
import uuid
from dataclasses import dataclass
from typing import Literal

import redis

from ads.events.click_context import ClickContext, click_context_of, read_click_context
from ads.events.db_fallback import DatabaseUnavailableError, has_spooled, require_database, spool_event
from ads.events.event_requests import EventRequest, detect_bot, find_invalid_address, is_in_networks
from ads.events.frequency_caps import FrequencyCaps
from ads.events.link_tokens import ExpiredTokenError, LinkPurpose, verify_token
from ads.events.offers import count_refused_visit, find_offer, insert_impressions, settle_click
from ads.events.spool import SpooledEvent
from ads.events.spool_settlement import start_settling
from ads.events.viewability import judge_impression, judge_viewability
from ads.infra.redis_client import redis_client, redis_key
from ads.ledger.billing import ClickVerdict
from ads.models import Impression, Offer, RefusedVisit

logger = logging.getLogger(__name__)

MIN_CLICK_DELAY = datetime.timedelta(milliseconds=400)
REPEAT_SECONDS = 30 * 60
MAX_NETWORK_CLICKS_PER_MINUTE = 20
MAX_PERSON_CLICKS_PER_MINUTE = 6


class UnknownLandingError(Exception):
    """Neither the database nor the quick memory knows where this ad leads right now."""


@dataclass(frozen=True, slots=True)
class ClickOutcome:
    """Where a click leads, and what became of it."""

    url: str
    verdict: ClickVerdict | Literal["later"] | None
    reason: str


@dataclass(frozen=True, slots=True)
class ClickJudgement:
    """A click's offer, the machine behind it, what speaks against it by itself, and what its look lacks."""

    facts: ClickContext
    machine: str
    reason: str
    sight: str


def receive_impression(token: str, event: EventRequest) -> bool:
    """Count a look at an ad once; raises TokenError; False when it was counted before or never offered."""
    offer_id = verify_token(token, LinkPurpose.IMPRESSION, at=event.at)
    machine = detect_bot(event)
    try:
        with require_database():
            offer = find_offer(offer_id)
            if offer is None:
                return False
            if machine:
                count_refused_visit(offer, kind=RefusedVisit.Kind.LOOK, reason=machine, at=event.at)
                return False
            is_new = _save_impression(offer, event)
    except DatabaseUnavailableError:
        return _spool_impression(offer_id, event, machine)
    _start_settling_spooled()
    return is_new


def receive_click(token: str, event: EventRequest) -> ClickOutcome | None:
    """Settle a click and say where it leads; raises ForgedTokenError; None when the offer is gone.

    A browser that fetches ahead, or a robot, is sent on without using up the one click of the person. While
    the database is away, a click is settled later; raises UnsettledError when nobody knows where it leads.
    """
    is_expired = False
    try:
        offer_id = verify_token(token, LinkPurpose.CLICK, at=event.at)
    except ExpiredTokenError as error:
        offer_id, is_expired = error.offer, True
    judgement: ClickJudgement | None = None
    try:
        with require_database():
            offer = find_offer(offer_id)
            if offer is None:
                return None
            judgement = _judge_offer(offer, event, is_expired=is_expired)
            outcome = _settle_now(offer, judgement, event)
    except DatabaseUnavailableError:
        # Not judgement again: each judgement counts as a click of its person and network.
        return _spool_click(judgement or _judge_from_cache(offer_id, event, is_expired=is_expired), event)
    _start_settling_spooled()
    return outcome


def find_invalid_reason(facts: ClickContext, event: EventRequest) -> str:
    """Return what speaks against this click by itself, in one word; empty when nothing does."""
    if event.at - facts.created_at < MIN_CLICK_DELAY:
        return "too_fast"
    if is_in_networks(facts.own_networks, event.address):
        return "own_address"
    return find_invalid_address(event.address)


def _judge_offer(offer: Offer, event: EventRequest, *, is_expired: bool) -> ClickJudgement:
    sight = judge_viewability(_impression_of(offer))
    is_known = getattr(offer, "click", None) is not None
    return _judge(click_context_of(offer), event, is_expired=is_expired, sight=sight, is_known=is_known)


def _judge_from_cache(offer_id: uuid.UUID, event: EventRequest, *, is_expired: bool) -> ClickJudgement:
    facts = read_click_context(offer_id)
    if facts is None:
        # Nobody pays for a click that leads nowhere.
        raise UnknownLandingError(str(offer_id))
    return _judge(facts, event, is_expired=is_expired)


def _judge(
    facts: ClickContext, event: EventRequest, *, is_expired: bool, sight: str = "", is_known: bool = False
) -> ClickJudgement:
    machine = detect_bot(event)
    reason = "expired" if is_expired else find_invalid_reason(facts, event)
    if not (machine or reason or sight or is_known):
        reason = _find_rate_reason(facts, event)
    return ClickJudgement(facts, machine, reason, sight)


def _settle_now(offer: Offer, judgement: ClickJudgement, event: EventRequest) -> ClickOutcome:
    if judgement.machine:
        count_refused_visit(offer, kind=RefusedVisit.Kind.CLICK, reason=judgement.machine, at=event.at)
        return ClickOutcome(judgement.facts.url, None, judgement.machine)
    reason = judgement.reason or judgement.sight
    verdict = settle_click(offer, reason=reason, network=event.network, at=event.at)
    if verdict == "duplicate":
        count_refused_visit(offer, kind=RefusedVisit.Kind.CLICK, reason="again", at=event.at)
    return ClickOutcome(judgement.facts.url, verdict, reason)


def _spool_click(judgement: ClickJudgement, event: EventRequest) -> ClickOutcome:
    facts, machine, reason = judgement.facts, judgement.machine, judgement.reason
    if machine:
        spool_event(SpooledEvent("refused_click", facts.offer, event.at, event.network, machine))
        return ClickOutcome(facts.url, None, machine)
    # Its look may wait on the disk as well: what a click lacks by it is found when both are settled.
    is_kept = spool_event(SpooledEvent("click", facts.offer, event.at, event.network, reason))
    return ClickOutcome(facts.url, "later" if is_kept else None, reason)


def _save_impression(offer: Offer, event: EventRequest) -> bool:
    reason = judge_impression(offer.created_at, event.at)
    (is_new,) = insert_impressions([(offer.id, reason, event.at)])
    if is_new and not reason:
        FrequencyCaps(offer.frequency_key, at=event.at).record_impression(offer.campaign_id, offer.id)
    return is_new


def _spool_impression(offer_id: uuid.UUID, event: EventRequest, machine: str) -> bool:
    kind: Literal["refused_look", "look"] = "refused_look" if machine else "look"
    is_kept = spool_event(SpooledEvent(kind, offer_id, event.at, event.network, machine))
    facts = read_click_context(offer_id)
    if facts is not None and not machine:
        FrequencyCaps(facts.frequency_key, at=event.at).record_impression(facts.campaign_id, facts.offer)
    return is_kept and not machine


def _start_settling_spooled() -> None:
    # The database answered, so what this machine's processes told the disk while it was away can be settled.
    if has_spooled():
        start_settling()


def _impression_of(offer: Offer) -> Impression | None:
    found: Impression | None = getattr(offer, "impression", None)
    return found


def _find_rate_reason(facts: ClickContext, event: EventRequest) -> str:
    try:
        if _is_repeat(facts):
            return "repeat"
        if facts.frequency_key and _exceeds_rate(facts.frequency_key, event.at, MAX_PERSON_CLICKS_PER_MINUTE):
            return "busy_person"
        if event.network and _exceeds_rate(event.network, event.at, MAX_NETWORK_CLICKS_PER_MINUTE):
            return "busy_network"
    except redis.RedisError:
        # Counters are a brake, not the truth: the sweep finds afterwards what they would have.
        logger.warning("click on %s judgement without rate counters", facts.offer)
    return ""


def _is_repeat(facts: ClickContext) -> bool:
    if not facts.frequency_key:
        return False
    name = redis_key("repeat", facts.frequency_key, facts.creative_id)
    first = redis_client().set(name, str(facts.offer), nx=True, ex=REPEAT_SECONDS, get=True)
    return first is not None and first != str(facts.offer).encode()


def _exceeds_rate(who: str, at: datetime.datetime, most: int) -> bool:
    name = redis_key("rate", who, int(at.timestamp()) // 60)
    with redis_client().pipeline(transaction=False) as pipeline:
        pipeline.incr(name)
        pipeline.expire(name, 120)
        count, _ = pipeline.execute()
    return int(count) > most
