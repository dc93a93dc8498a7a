"""Receives impressions and clicks from browsers: settles them, or spools them during a database outage."""

import logging
import uuid
from dataclasses import dataclass
from typing import Literal

from ads.domain.invalid_reasons import InvalidReason
from ads.events.click_context import ClickContext, click_context_of, read_click_context
from ads.events.db_fallback import DatabaseUnavailableError, has_spooled, require_database, spool_event
from ads.events.event_requests import EventRequest, detect_bot
from ads.events.frequency_caps import FrequencyCaps
from ads.events.impressions import insert_impressions, judge_impression, judge_viewability
from ads.events.invalid_traffic import ClickJudgement, count_rejected_event, judge_click
from ads.events.link_tokens import ExpiredTokenError, LinkPurpose, verify_token
from ads.events.offers import find_offer
from ads.events.spool import SpooledEvent
from ads.events.spool_settlement import start_settling
from ads.ledger.billing import ClickVerdict, settle_click
from ads.models import Offer, RejectedEvent

logger = logging.getLogger(__name__)


class UnknownLandingError(Exception):
    """The landing page is unknown, because database and Valkey are both unavailable."""


@dataclass(frozen=True, slots=True)
class ClickOutcome:
    """Where a click leads, its verdict ("later" while spooled, None when rejected), and the reason."""

    url: str
    verdict: ClickVerdict | Literal["later"] | None
    reason: str


def receive_impression(token: str, event: EventRequest) -> bool:
    """Count an impression; return whether it is new. Raises TokenError."""
    offer_id = verify_token(token, LinkPurpose.IMPRESSION, at=event.at)
    bot_reason = detect_bot(event)
    try:
        with require_database():
            offer = find_offer(offer_id)
            if offer is None:
                return False
            if bot_reason:
                count_rejected_event(
                    offer, kind=RejectedEvent.Kind.IMPRESSION, reason=bot_reason, at=event.at
                )
                return False
            is_new = _save_impression(offer, event)
    except DatabaseUnavailableError:
        return _spool_impression(offer_id, event, bot_reason)
    _settle_spooled()
    return is_new


def receive_click(token: str, event: EventRequest) -> ClickOutcome | None:
    """Settle a click and return where it leads; None when the offer is gone. Raises ForgedTokenError.

    A bot or a prefetch is redirected without using up the offer's one click. While the database is
    unavailable the click is spooled; UnknownLandingError is raised when its landing page is not in Valkey
    either.
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
            judgement = judge_click(
                click_context_of(offer),
                event,
                is_expired=is_expired,
                impression_reason=judge_viewability(getattr(offer, "impression", None)),
                is_duplicate=getattr(offer, "click", None) is not None,
            )
            outcome = _settle_now(offer, judgement, event)
    except DatabaseUnavailableError:
        if judgement is None:
            # Judged once only: each judgement counts towards the rates of its person and network.
            judgement = judge_click(_cached_context(offer_id), event, is_expired=is_expired)
        return _spool_click(judgement, event)
    _settle_spooled()
    return outcome


def _settle_now(offer: Offer, judgement: ClickJudgement, event: EventRequest) -> ClickOutcome:
    url, bot_reason = judgement.context.url, judgement.bot_reason
    if bot_reason:
        count_rejected_event(offer, kind=RejectedEvent.Kind.CLICK, reason=bot_reason, at=event.at)
        return ClickOutcome(url, None, bot_reason)
    reason = judgement.reason or judgement.impression_reason
    verdict = settle_click(offer, reason=reason, network=event.network, at=event.at)
    if verdict == "duplicate":
        duplicate = InvalidReason.DUPLICATE
        count_rejected_event(offer, kind=RejectedEvent.Kind.CLICK, reason=duplicate, at=event.at)
    return ClickOutcome(url, verdict, reason)


def _spool_click(judgement: ClickJudgement, event: EventRequest) -> ClickOutcome:
    context, bot_reason, reason = judgement.context, judgement.bot_reason, judgement.reason
    if bot_reason:
        spool_event(SpooledEvent("refused_click", context.offer, event.at, event.network, bot_reason))
        return ClickOutcome(context.url, None, bot_reason)
    # Its impression may be spooled too, so viewability is judged at settlement.
    is_spooled = spool_event(SpooledEvent("click", context.offer, event.at, event.network, reason))
    return ClickOutcome(context.url, "later" if is_spooled else None, reason)


def _save_impression(offer: Offer, event: EventRequest) -> bool:
    reason = judge_impression(offer.created_at, event.at)
    (is_new,) = insert_impressions([(offer.id, reason, event.at)])
    if is_new and not reason:
        FrequencyCaps(offer.frequency_key, at=event.at).record_impression(offer.campaign_id, offer.id)
    return is_new


def _spool_impression(offer_id: uuid.UUID, event: EventRequest, bot_reason: str) -> bool:
    kind: Literal["refused_look", "look"] = "refused_look" if bot_reason else "look"
    is_spooled = spool_event(SpooledEvent(kind, offer_id, event.at, event.network, bot_reason))
    context = read_click_context(offer_id)
    if context is not None and not bot_reason:
        caps = FrequencyCaps(context.frequency_key, at=event.at)
        caps.record_impression(context.campaign_id, context.offer)
    return is_spooled and not bot_reason


def _cached_context(offer_id: uuid.UUID) -> ClickContext:
    context = read_click_context(offer_id)
    if context is None:
        raise UnknownLandingError(str(offer_id))
    return context


def _settle_spooled() -> None:
    # The database has just answered, so events that this machine spooled can be settled now.
    if has_spooled():
        start_settling()
