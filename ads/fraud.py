"""Judges visits: what is no person's look or click costs nothing, and every verdict keeps its reason.

Some clicks are known to be invalid when they come, and are judged here; patterns that only many clicks
show are found afterwards (sweep.py) and credited.
"""

import datetime
import logging
import uuid
from dataclasses import dataclass
from typing import Literal

import redis

from ads.billing import Verdict
from ads.delivery import find_offer, keep_looks, refuse_visit, settle_click
from ads.facts import Facts, facts_of, recall_facts
from ads.fast_store import fast_store, key
from ads.models import Impression, Offer, RefusedVisit
from ads.outage import AwayError, reaching_database, take_up, tell
from ads.person import Person
from ads.replaying import start_settling
from ads.sight import judge_look, judge_sight
from ads.spool import Telling
from ads.tokens import ExpiredTokenError, Purpose, read
from ads.visits import Visit, find_bad_address, find_machine, is_inside

logger = logging.getLogger(__name__)

FASTEST_CLICK = datetime.timedelta(milliseconds=400)
REPEAT_SECONDS = 30 * 60
NETWORK_CLICKS_A_MINUTE = 20
PERSON_CLICKS_A_MINUTE = 6


class UnsettledError(Exception):
    """Neither the database nor the quick memory knows where this ad leads right now."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a click leads, and what became of it."""

    url: str
    verdict: Verdict | Literal["later"] | None
    reason: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """A click's offer, the machine behind it, what speaks against it by itself, and what its look lacks."""

    facts: Facts
    machine: str
    reason: str
    sight: str


def receive_look(token: str, visit: Visit) -> bool:
    """Count a look at an ad once; raises TokenError; False when it was counted before or never offered."""
    offer_id = read(token, Purpose.IMPRESSION, at=visit.at)
    machine = find_machine(visit)
    try:
        with reaching_database():
            offer = find_offer(offer_id)
            if offer is None:
                return False
            if machine:
                refuse_visit(offer, kind=RefusedVisit.Kind.LOOK, reason=machine, at=visit.at)
                return False
            is_new = _keep_look(offer, visit)
    except AwayError:
        return _keep_look_for_later(offer_id, visit, machine)
    _settle_what_waits()
    return is_new


def receive_click(token: str, visit: Visit) -> Arrival | None:
    """Settle a click and say where it leads; raises ForgedTokenError; None when the offer is gone.

    A browser that fetches ahead, or a robot, is sent on without using up the one click of the person. While
    the database is away, a click is settled later; raises UnsettledError when nobody knows where it leads.
    """
    is_expired = False
    try:
        offer_id = read(token, Purpose.CLICK, at=visit.at)
    except ExpiredTokenError as error:
        offer_id, is_expired = error.offer, True
    judged: Judgement | None = None
    try:
        with reaching_database():
            offer = find_offer(offer_id)
            if offer is None:
                return None
            judged = _judge_offer(offer, visit, is_expired=is_expired)
            arrival = _settle_now(offer, judged, visit)
    except AwayError:
        # Not judged again: each judgement counts as a click of its person and network.
        return _settle_later(judged or _judge_from_memory(offer_id, visit, is_expired=is_expired), visit)
    _settle_what_waits()
    return arrival


def judge_click(facts: Facts, visit: Visit) -> str:
    """Return what speaks against this click by itself, in one word; empty when nothing does."""
    if visit.at - facts.created_at < FASTEST_CLICK:
        return "too_fast"
    if is_inside(facts.own_networks, visit.address):
        return "own_address"
    return find_bad_address(visit.address)


def _judge_offer(offer: Offer, visit: Visit, *, is_expired: bool) -> Judgement:
    sight = judge_sight(_impression_of(offer))
    is_known = getattr(offer, "click", None) is not None
    return _judge(facts_of(offer), visit, is_expired=is_expired, sight=sight, is_known=is_known)


def _judge_from_memory(offer_id: uuid.UUID, visit: Visit, *, is_expired: bool) -> Judgement:
    facts = recall_facts(offer_id)
    if facts is None:
        # Nobody pays for a click that leads nowhere.
        raise UnsettledError(str(offer_id))
    return _judge(facts, visit, is_expired=is_expired)


def _judge(
    facts: Facts, visit: Visit, *, is_expired: bool, sight: str = "", is_known: bool = False
) -> Judgement:
    machine = find_machine(visit)
    reason = "expired" if is_expired else judge_click(facts, visit)
    if not (machine or reason or sight or is_known):
        reason = _judge_rates(facts, visit)
    return Judgement(facts, machine, reason, sight)


def _settle_now(offer: Offer, judged: Judgement, visit: Visit) -> Arrival:
    if judged.machine:
        refuse_visit(offer, kind=RefusedVisit.Kind.CLICK, reason=judged.machine, at=visit.at)
        return Arrival(judged.facts.url, None, judged.machine)
    reason = judged.reason or judged.sight
    verdict = settle_click(offer, reason=reason, network=visit.network, at=visit.at)
    if verdict == "duplicate":
        refuse_visit(offer, kind=RefusedVisit.Kind.CLICK, reason="again", at=visit.at)
    return Arrival(judged.facts.url, verdict, reason)


def _settle_later(judged: Judgement, visit: Visit) -> Arrival:
    facts, machine, reason = judged.facts, judged.machine, judged.reason
    if machine:
        tell(Telling("refused_click", facts.offer, visit.at, visit.network, machine))
        return Arrival(facts.url, None, machine)
    # Its look may wait on the disk as well: what a click lacks by it is found when both are settled.
    is_kept = tell(Telling("click", facts.offer, visit.at, visit.network, reason))
    return Arrival(facts.url, "later" if is_kept else None, reason)


def _keep_look(offer: Offer, visit: Visit) -> bool:
    reason = judge_look(offer.created_at, visit.at)
    (is_new,) = keep_looks([(offer.id, reason, visit.at)])
    if is_new and not reason:
        Person(offer.frequency_key, at=visit.at).note_view(offer.campaign_id, offer.id)
    return is_new


def _keep_look_for_later(offer_id: uuid.UUID, visit: Visit, machine: str) -> bool:
    kind: Literal["refused_look", "look"] = "refused_look" if machine else "look"
    is_kept = tell(Telling(kind, offer_id, visit.at, visit.network, machine))
    facts = recall_facts(offer_id)
    if facts is not None and not machine:
        Person(facts.frequency_key, at=visit.at).note_view(facts.campaign_id, facts.offer)
    return is_kept and not machine


def _settle_what_waits() -> None:
    # The database answered, so what this machine's processes told the disk while it was away can be settled.
    if take_up():
        start_settling()


def _impression_of(offer: Offer) -> Impression | None:
    found: Impression | None = getattr(offer, "impression", None)
    return found


def _judge_rates(facts: Facts, visit: Visit) -> str:
    try:
        if _is_repeat(facts):
            return "repeat"
        if facts.frequency_key and _is_busy(facts.frequency_key, visit.at, PERSON_CLICKS_A_MINUTE):
            return "busy_person"
        if visit.network and _is_busy(visit.network, visit.at, NETWORK_CLICKS_A_MINUTE):
            return "busy_network"
    except redis.RedisError:
        # Counters are a brake, not the truth: the sweep finds afterwards what they would have.
        logger.warning("click on %s judged without rate counters", facts.offer)
    return ""


def _is_repeat(facts: Facts) -> bool:
    if not facts.frequency_key:
        return False
    name = key("repeat", facts.frequency_key, facts.creative_id)
    first = fast_store().set(name, str(facts.offer), nx=True, ex=REPEAT_SECONDS, get=True)
    return first is not None and first != str(facts.offer).encode()


def _is_busy(who: str, at: datetime.datetime, most: int) -> bool:
    name = key("rate", who, int(at.timestamp()) // 60)
    with fast_store().pipeline(transaction=False) as pipeline:
        pipeline.incr(name)
        pipeline.expire(name, 120)
        count, _ = pipeline.execute()
    return int(count) > most
