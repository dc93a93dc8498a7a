"""Settles what browsers told while the database was away, exactly once however often it is tried."""

import datetime
import logging
import threading
import uuid
from collections.abc import Mapping, Sequence

from django.db import connection
from django.utils import timezone

from ads.billing import Charge, settle_clicks
from ads.delivery import keep_looks, refuse_visit
from ads.leases import korean_day
from ads.models import Impression, Offer, RefusedVisit
from ads.outage import AWAY, spool
from ads.sight import judge_look, judge_sight
from ads.spool import Telling

logger = logging.getLogger(__name__)

# Who was told nothing for so long is not sent a bill for it.
LATEST = datetime.timedelta(hours=24)


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
    for telling in known:
        if telling.kind in ("refused_look", "refused_click"):
            kind = RefusedVisit.Kind.LOOK if telling.kind == "refused_look" else RefusedVisit.Kind.CLICK
            refuse_visit(offers[telling.offer], kind=kind, reason=telling.reason, at=telling.at)


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


def _settle_aside() -> None:
    try:
        settle_spool()
    except AWAY:
        logger.warning("the database went away again: what was told stays on the disk")
    finally:
        connection.close()
