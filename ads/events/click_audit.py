"""Audits the billed clicks of the last day and credits those that follow a pattern of invalid traffic."""

import datetime
import logging

from django.db import transaction
from django.utils import timezone

from ads.domain.click_patterns import BilledClick, find_suspicious_clicks
from ads.ledger.entries import reverse_click
from ads.models import Click, Credit

logger = logging.getLogger(__name__)

# Longer than a day, so that a pattern across midnight or across the last run is still complete.
AUDIT_WINDOW = datetime.timedelta(hours=30)


def audit_clicks() -> int:
    """Credit every suspicious click that was not credited before; return how many."""
    now = timezone.now()
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
        logger.warning("click audit: %d clicks credited", count)
    return count


@transaction.atomic
def credit_click(click: Click, *, reason: str) -> bool:
    """Credit the price of a billed click to its advertiser; False when it was credited before."""
    reversal = reverse_click(click, reason=reason)
    if reversal is None:
        return False
    Credit.objects.create(click=click, transaction=reversal, reason=reason, amount_micros=click.price_micros)
    return True
