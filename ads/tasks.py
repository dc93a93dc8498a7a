"""What the market does in the background, on a schedule."""

import logging

from celery import shared_task
from django.utils import timezone

from ads import leases, ledger
from ads.selection import fitting, live, publishing

logger = logging.getLogger(__name__)


@shared_task
def publish_inventory() -> None:
    """Publish the inventory when something in it changed."""
    publishing.publish()
    live.publish_live(at=timezone.now())


@shared_task
def learn_words() -> None:
    """Embed what is new in the inventory; the next publication weighs keywords by it."""
    fitting.learn_vectors()


@shared_task
def publish_live_bits() -> None:
    """Publish pauses and exhausted budgets."""
    live.publish_live(at=timezone.now())


@shared_task
def close_days() -> None:
    """Give back what yesterday's campaigns did not spend."""
    leases.close_days(before=leases.korean_day(timezone.now()))


@shared_task
def prove_books() -> None:
    """Prove the books and cry out on any fault; nothing is corrected by itself."""
    for fault in ledger.find_faults():
        logger.critical(
            "books: %s at %s: found %d, expected %d", fault.rule, fault.where, fault.found, fault.expected
        )
