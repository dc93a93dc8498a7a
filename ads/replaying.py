"""Settles what browsers told while the database was away, exactly once however often it is tried."""

import datetime
import hashlib
import logging
import threading
import uuid
from collections.abc import Mapping, Sequence

from django.db import connection, transaction
from django.utils import timezone

from ads.billing import Charge, settle_clicks
from ads.delivery import keep_looks, refuse_visit
from ads.leases import korean_day
from ads.models import CountedTellings, Impression, Offer, RefusedVisit
from ads.outage import AWAY, spool
from ads.sight import judge_look, judge_sight
from ads.spool import Telling

logger = logging.getLogger(__name__)

# Who was told nothing for so long is not sent a bill for it.
LATEST = datetime.timedelta(hours=24)
REFUSED = {"refused_look": RefusedVisit.Kind.LOOK, "refused_click": RefusedVisit.Kind.CLICK}


def settle_spool() -> int:
    """Settle all that this machine's disk remembers; return how many tellings that were."""
    count = spool().settle(settle_tellings)
    if count:
        logger.warning("settled %d looks and clicks that were told while the database was away", count)
    return count


def start_settling() -> None:
    """Settle what waits beside whatever this thread does; while another process is at it, nothing happens."""
    threading.Thread(target=_settle_aside, name="settle spool", daemon=True).start()


def settle_tellings(tellings: Sequence[Telling]) -> None:
    """Settle looks first, then the clicks that need them; what is known already stays as it is."""
    offers = Offer.objects.in_bulk({telling.offer for telling in tellings})
    known = [telling for telling in tellings if telling.offer in offers]
    if len(known) < len(tellings):
        logger.error("%d tellings are about offers that nobody made", len(tellings) - len(known))
    looks = [telling for telling in known if telling.kind == "look"]
    keep_looks([(look.offer, judge_look(offers[look.offer].created_at, look.at), look.at) for look in looks])
    _settle_clicks([telling for telling in known if telling.kind == "click"], offers)
    refused = [telling for telling in known if telling.kind in REFUSED]
    if refused:
        _count_refused(refused, offers, digest=_digest(tellings))


def _settle_clicks(clicks: Sequence[Telling], offers: Mapping[uuid.UUID, Offer]) -> None:
    now = timezone.now()
    seen = Impression.objects.in_bulk({click.offer for click in clicks})
    charges = []
    for click in clicks:
        offer = offers[click.offer]
        reason = click.reason or judge_sight(seen.get(click.offer))
        if not reason and now - click.at > LATEST:
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
def _count_refused(refused: Sequence[Telling], offers: Mapping[uuid.UUID, Offer], *, digest: str) -> None:
    # A look or a click is known by its offer; visits that were refused are only counted, by chunks.
    _, is_new = CountedTellings.objects.get_or_create(digest=digest)
    if not is_new:
        return
    # In one order everywhere, so that two machines never wait for each other's rows.
    for telling in sorted(refused, key=lambda each: (each.offer, each.kind, each.reason, each.at)):
        offer, kind = offers[telling.offer], REFUSED[telling.kind]
        refuse_visit(offer, kind=kind, reason=telling.reason, at=telling.at)


def _digest(tellings: Sequence[Telling]) -> str:
    # A file that is to be settled never changes, so neither do its chunks.
    told = "\n".join(f"{each.kind} {each.offer} {each.at.isoformat()} {each.reason}" for each in tellings)
    return hashlib.sha256(told.encode()).hexdigest()


def _settle_aside() -> None:
    try:
        settle_spool()
    except AWAY:
        logger.warning("the database went away again: what was told stays on the disk")
    finally:
        connection.close()
