"""Invalid traffic: judges each click when it arrives, and counts events that are rejected without effect.

Patterns across many clicks are found afterwards (`click_audit.py`) and credited.
"""

import datetime
import logging
from dataclasses import dataclass

import redis
from django.db import connection

from ads.domain.accounting_day import korean_day
from ads.domain.invalid_reasons import InvalidReason
from ads.events.click_context import ClickContext
from ads.events.event_requests import EventRequest, detect_bot, find_invalid_address, is_in_networks
from ads.infra.redis_client import redis_client, redis_key
from ads.models import Offer, RejectedEvent

logger = logging.getLogger(__name__)

MIN_CLICK_DELAY = datetime.timedelta(milliseconds=400)
REPEAT_SECONDS = 30 * 60
MAX_NETWORK_CLICKS_PER_MINUTE = 20
MAX_PERSON_CLICKS_PER_MINUTE = 6

COUNT_REJECTED_EVENT = """
INSERT INTO ads_refusedvisit (offer_id, campaign_id, kind, reason, day, visits, first_at, last_at)
VALUES (%s, %s, %s, %s, %s, 1, %s, %s)
ON CONFLICT (offer_id, kind, reason, day) DO UPDATE
SET visits = ads_refusedvisit.visits + 1, last_at = greatest(ads_refusedvisit.last_at, excluded.last_at)
"""


@dataclass(frozen=True, slots=True)
class ClickJudgement:
    """The verdict on one click.

    `bot_reason` rejects the event before it counts as a click; `reason` and `impression_reason` make the
    click invalid, by itself and for lack of a valid impression.
    """

    context: ClickContext
    bot_reason: str
    reason: str
    impression_reason: str


def judge_click(
    context: ClickContext,
    event: EventRequest,
    *,
    is_expired: bool,
    impression_reason: str = "",
    is_duplicate: bool = False,
) -> ClickJudgement:
    """Judge a click; an otherwise valid one counts towards the rates of its person and network."""
    bot_reason = detect_bot(event)
    reason = InvalidReason.EXPIRED if is_expired else _find_invalid_reason(context, event)
    if not (bot_reason or reason or impression_reason or is_duplicate):
        reason = _find_rate_reason(context, event)
    return ClickJudgement(context, bot_reason, reason, impression_reason)


def count_rejected_event(
    offer: Offer, *, kind: RejectedEvent.Kind, reason: str, at: datetime.datetime
) -> None:
    """Count an event that has no effect, in one row for each offer, kind, reason and day."""
    values = (offer.id, offer.campaign_id, kind.value, reason, korean_day(at), at, at)
    with connection.cursor() as cursor:
        cursor.execute(COUNT_REJECTED_EVENT, values)


def _find_invalid_reason(context: ClickContext, event: EventRequest) -> str:
    if event.at - context.created_at < MIN_CLICK_DELAY:
        return InvalidReason.TOO_FAST
    if is_in_networks(context.own_networks, event.address):
        return InvalidReason.ADVERTISER_ADDRESS
    return find_invalid_address(event.address)


def _find_rate_reason(context: ClickContext, event: EventRequest) -> str:
    person = context.frequency_key
    try:
        if _is_repeat(context):
            return InvalidReason.REPEAT
        if person and _exceeds_rate(person, event.at, MAX_PERSON_CLICKS_PER_MINUTE):
            return InvalidReason.PERSON_RATE
        if event.network and _exceeds_rate(event.network, event.at, MAX_NETWORK_CLICKS_PER_MINUTE):
            return InvalidReason.NETWORK_RATE
    except redis.RedisError:
        # Without the counters, the click audit finds such clicks afterwards.
        logger.warning("click on %s judged without rate counters", context.offer)
    return ""


def _is_repeat(context: ClickContext) -> bool:
    if not context.frequency_key:
        return False
    key = redis_key("repeat", context.frequency_key, context.creative_id)
    first = redis_client().set(key, str(context.offer), nx=True, ex=REPEAT_SECONDS, get=True)
    return first is not None and first != str(context.offer).encode()


def _exceeds_rate(source: str, at: datetime.datetime, limit: int) -> bool:
    key = redis_key("rate", source, int(at.timestamp()) // 60)
    with redis_client().pipeline(transaction=False) as pipeline:
        pipeline.incr(key)
        pipeline.expire(key, 120)
        count, _ = pipeline.execute()
    return int(count) > limit
