"""Settles the events that were spooled while the database was unavailable; retries change nothing."""

import datetime
import hashlib
import logging
import threading
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from ads.domain.accounting_day import korean_day
from ads.domain.invalid_reasons import InvalidReason
from ads.events.db_fallback import DATABASE_ERRORS, spool
from ads.events.impressions import insert_impressions, judge_impression, judge_viewability
from ads.events.invalid_traffic import count_rejected_event
from ads.events.spool import SpooledEvent
from ads.ledger.billing import charge_for, settle_clicks
from ads.models import Impression, Offer, RejectedEvent, SettledBatch

logger = logging.getLogger(__name__)

# Older clicks are not billed.
MAX_EVENT_AGE = datetime.timedelta(hours=24)
REJECTED_KINDS = {"refused_look": RejectedEvent.Kind.IMPRESSION, "refused_click": RejectedEvent.Kind.CLICK}


def settle_spool() -> int:
    """Settle all events in this machine's spool; return how many."""
    count = spool().settle(settle_events)
    if count:
        logger.warning("settled %d spooled impressions and clicks", count)
    return count


def start_settling() -> None:
    """Settle the spool on a background thread; does nothing while another process is settling it."""
    threading.Thread(target=_settle_in_thread, name="settle spool", daemon=True).start()


def settle_events(events: Sequence[SpooledEvent]) -> None:
    """Settle impressions first, then the clicks that need them; events settled before change nothing."""
    offers = Offer.objects.in_bulk({event.offer for event in events})
    known = [event for event in events if event.offer in offers]
    if len(known) < len(events):
        logger.error("%d spooled events name unknown offers", len(events) - len(known))
    impressions = [event for event in known if event.kind == "look"]
    insert_impressions(
        [
            (each.offer, judge_impression(offers[each.offer].created_at, each.at), each.at)
            for each in impressions
        ]
    )
    _settle_clicks([event for event in known if event.kind == "click"], offers)
    rejected = [event for event in known if event.kind in REJECTED_KINDS]
    if rejected:
        _count_rejected(rejected, offers, digest=_digest(events))


def _settle_clicks(clicks: Sequence[SpooledEvent], offers: Mapping[UUID, Offer]) -> None:
    now = timezone.now()
    impressions = Impression.objects.in_bulk({click.offer for click in clicks})
    charges = []
    for click in clicks:
        offer = offers[click.offer]
        reason = click.reason or judge_viewability(impressions.get(click.offer))
        if not reason and now - click.at > MAX_EVENT_AGE:
            reason = InvalidReason.TOO_LATE
        # A past day may be closed by now: its late clicks are paid by today's budget.
        day = max(korean_day(click.at), korean_day(now))
        charges.append(charge_for(offer, reason=reason, network=click.network, at=click.at, day=day))
    if charges:
        settle_clicks(charges)


@transaction.atomic
def _count_rejected(rejected: Sequence[SpooledEvent], offers: Mapping[UUID, Offer], *, digest: str) -> None:
    # Impressions and clicks are unique by offer; rejected events are counters, made idempotent by chunk.
    _, is_new = SettledBatch.objects.get_or_create(digest=digest)
    if not is_new:
        return
    # Sorted, so that two machines never deadlock over the rows.
    for event in sorted(rejected, key=lambda each: (each.offer, each.kind, each.reason, each.at)):
        offer, kind = offers[event.offer], REJECTED_KINDS[event.kind]
        count_rejected_event(offer, kind=kind, reason=event.reason, at=event.at)


def _digest(events: Sequence[SpooledEvent]) -> str:
    # A file that is being settled never changes, so neither do its chunks.
    text = "\n".join(f"{each.kind} {each.offer} {each.at.isoformat()} {each.reason}" for each in events)
    return hashlib.sha256(text.encode()).hexdigest()


def _settle_in_thread() -> None:
    try:
        settle_spool()
    except DATABASE_ERRORS:
        logger.warning("the database is unavailable again: the events stay in the spool")
    finally:
        connection.close()
