"""Looks back over the last day's billed clicks and gives back the price of those that no person made."""

import datetime
import logging

from django.db import transaction
from django.utils import timezone

from ads.domain.click_patterns import BilledClick, find_suspicious_clicks
from ads.ledger.entries import reverse_click
from ads.models import Click, Credit

logger = logging.getLogger(__name__)

# A pattern that goes on over midnight, or over the last sweep, is still seen whole.
AUDIT_WINDOW = datetime.timedelta(hours=30)


def audit_clicks(*, at: datetime.datetime | None = None) -> int:
    """Credit every suspicious click that was not credited yet; return how many."""
    now = at or timezone.now()
    rows = Click.objects.filter(
        verdict=Click.Verdict.BILLED, created_at__gte=now - AUDIT_WINDOW, created_at__lt=now
    ).values_list("offer_id", "campaign_id", "offer__frequency_key", "network", "created_at")
    suspects = find_suspicious_clicks(
        [
            BilledClick(offer, campaign, person, network, created_at.timestamp())
            for offer, campaign, person, network, created_at in rows.iterator()
        ]
    )
    fresh = Click.objects.filter(pk__in=suspects, credit=None).select_related("transaction").order_by("pk")
    count = sum(credit_click(click, reason=suspects[click.pk]) for click in fresh)
    if count:
        logger.warning("sweep: %d clicks credited", count)
    return count


@transaction.atomic
def credit_click(click: Click, *, reason: str) -> bool:
    """Give a billed click's price back to its advertiser, once; False when it was given back before."""
    reversal = reverse_click(click, reason=reason)
    if reversal is None:
        return False
    Credit.objects.create(click=click, transaction=reversal, reason=reason, amount_micros=click.price_micros)
    return True
