"""Settles what browsers told while the database was away, exactly once however often it is tried."""

import datetime
import hashlib
import logging
import threading
import uuid
from collections.abc import Mapping, Sequence

from django.db import connection, transaction
from django.utils import timezone

from ads.domain.accounting_day import korean_day
from ads.events.db_fallback import DATABASE_ERRORS, spool
from ads.events.offers import count_refused_visit, insert_impressions
from ads.events.spool import SpooledEvent
from ads.events.viewability import judge_impression, judge_viewability
from ads.ledger.billing import Charge, settle_clicks
from ads.models import CountedTellings, Impression, Offer, RefusedVisit

logger = logging.getLogger(__name__)

# Who was told nothing for so long is not sent a bill for it.
MAX_EVENT_AGE = datetime.timedelta(hours=24)
REFUSED_KINDS = {"refused_look": RefusedVisit.Kind.LOOK, "refused_click": RefusedVisit.Kind.CLICK}


def settle_spool() -> int:
    """Settle all that this machine's disk remembers; return how many events that were."""
    count = spool().settle(settle_events)
    if count:
        logger.warning("settled %d looks and clicks that were told while the database was away", count)
    return count


def start_settling() -> None:
    """Settle what waits beside whatever this thread does; while another process is at it, nothing happens."""
    threading.Thread(target=_settle_in_thread, name="settle spool", daemon=True).start()


def settle_events(events: Sequence[SpooledEvent]) -> None:
    """Settle looks first, then the clicks that need them; what is known already stays as it is."""
    offers = Offer.objects.in_bulk({event.offer for event in events})
    known = [event for event in events if event.offer in offers]
    if len(known) < len(events):
        logger.error("%d events are about offers that nobody made", len(events) - len(known))
    looks = [event for event in known if event.kind == "look"]
    insert_impressions(
        [(look.offer, judge_impression(offers[look.offer].created_at, look.at), look.at) for look in looks]
    )
    _settle_clicks([event for event in known if event.kind == "click"], offers)
    refused = [event for event in known if event.kind in REFUSED_KINDS]
    if refused:
        _count_refused(refused, offers, digest=_digest(events))


def _settle_clicks(clicks: Sequence[SpooledEvent], offers: Mapping[uuid.UUID, Offer]) -> None:
    now = timezone.now()
    seen = Impression.objects.in_bulk({click.offer for click in clicks})
    charges = []
    for click in clicks:
        offer = offers[click.offer]
        reason = click.reason or judge_viewability(seen.get(click.offer))
        if not reason and now - click.at > MAX_EVENT_AGE:
            reason = "too_late"
        charges.append(
            Charge(
                offer=offer.id,
                campaign_id=offer.campaign_id,
                price_micros=offer.price_micros,
                network=click.network,
                at=click.at,
                reason=reason,
                # A day that is over may be closed by now: its late clicks are paid by the budget of today.
                day=max(korean_day(click.at), korean_day(now)),
            )
        )
    if charges:
        settle_clicks(charges)


@transaction.atomic
def _count_refused(
    refused: Sequence[SpooledEvent], offers: Mapping[uuid.UUID, Offer], *, digest: str
) -> None:
    # A look or a click is known by its offer; visits that were refused are only counted, by chunks.
    _, is_new = CountedTellings.objects.get_or_create(digest=digest)
    if not is_new:
        return
    # In one order everywhere, so that two machines never wait for each other's rows.
    for event in sorted(refused, key=lambda each: (each.offer, each.kind, each.reason, each.at)):
        offer, kind = offers[event.offer], REFUSED_KINDS[event.kind]
        count_refused_visit(offer, kind=kind, reason=event.reason, at=event.at)


def _digest(events: Sequence[SpooledEvent]) -> str:
    # A file that is to be settled never changes, so neither do its chunks.
    told = "\n".join(f"{each.kind} {each.offer} {each.at.isoformat()} {each.reason}" for each in events)
    return hashlib.sha256(told.encode()).hexdigest()


def _settle_in_thread() -> None:
    try:
        settle_spool()
    except DATABASE_ERRORS:
        logger.warning("the database went away again: what was told stays on the disk")
    finally:
        connection.close()
