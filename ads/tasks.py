"""What the market does in the background, on a schedule."""

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from ads.campaigns import invitations
from ads.domain.accounting_day import korean_day
from ads.events import click_audit, spool_settlement
from ads.ledger import leases
from ads.reporting import reconciliation, rollups
from ads.selection.jobs import click_model_training, keyword_relevance, live_overrides, publishing
from ads.selection.serving import auction_log

logger = logging.getLogger(__name__)


@shared_task
def publish_inventory() -> None:
    """Publish the inventory when something in it changed."""
    publishing.publish()
    live_overrides.publish_live_overrides(at=timezone.now())


@shared_task
def learn_words() -> None:
    """Embed what is new in the inventory; the next publication weighs keywords by it."""
    keyword_relevance.embed_inventory()


@shared_task
def learn_from_clicks() -> None:
    """Teach the click model what became of our offers; the next publication rates ads by it."""
    click_model_training.train_click_model()


@shared_task
def learn_reserves() -> None:
    """Learn from recent bids the least that a click costs; the next publication asks for it."""
    auction_log.update_reserves(floor_micros=auction_log.floor_price_micros(settings.ADS_FLOOR_WON))


@shared_task
def publish_live_bits() -> None:
    """Publish pauses and exhausted budgets."""
    live_overrides.publish_live_overrides(at=timezone.now())


@shared_task
def settle_told_clicks() -> None:
    """Settle what browsers told this machine while the database was away."""
    spool_settlement.settle_spool()


@shared_task
def close_days() -> None:
    """Give back what yesterday's campaigns did not spend."""
    leases.close_days(before=korean_day(timezone.now()))


@shared_task
def forget_invitations() -> None:
    """Delete addresses whose invitation is over."""
    invitations.delete_expired_invitations()


@shared_task
def roll_up_figures() -> None:
    """Add up what was seen, clicked and paid since the last time."""
    rollups.roll_up()


@shared_task
def sweep_clicks() -> None:
    """Give back what was paid for clicks that no person made."""
    click_audit.sweep_clicks()


@shared_task
def prove_books() -> None:
    """Prove books, clicks and rollups; a fault freezes the market and wakes somebody."""
    reconciliation.reconcile_market()
