"""The market's scheduled background tasks; the task names are wire names."""

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from ads.campaigns import members
from ads.domain.accounting_day import korean_day
from ads.domain.auction import floor_price_micros
from ads.events import click_audit, spool_settlement
from ads.ledger import leases
from ads.reporting import reconciliation, rollups
from ads.selection.building import keyword_relevance
from ads.selection.jobs import click_model_training, live_overrides, publishing, reserve_learning

logger = logging.getLogger(__name__)


@shared_task
def publish_inventory() -> None:
    """Publish the inventory if it changed."""
    publishing.publish()
    live_overrides.publish_live_overrides(at=timezone.now())


@shared_task
def learn_words() -> None:
    """Embed new texts of the inventory; the next publication scores keywords by them."""
    keyword_relevance.embed_inventory()


@shared_task
def learn_from_clicks() -> None:
    """Teach the click model what became of our offers; the next publication rates ads by it."""
    click_model_training.train_click_model()


@shared_task
def learn_reserves() -> None:
    """Estimate reserve prices from recent auctions; the next publication uses them."""
    reserve_learning.update_reserves(floor_micros=floor_price_micros(settings.ADS_FLOOR_WON))


@shared_task
def publish_live_bits() -> None:
    """Publish pauses, remaining budgets and paces."""
    live_overrides.publish_live_overrides(at=timezone.now())


@shared_task(name="ads.tasks.settle_told_clicks")
def settle_spool() -> None:
    """Settle the events that this machine spooled while the database was unavailable."""
    spool_settlement.settle_spool()


@shared_task
def close_days() -> None:
    """Close past days and release what their leases did not spend."""
    leases.close_days(before=korean_day(timezone.now()))


@shared_task(name="ads.tasks.forget_invitations")
def delete_expired_invitations() -> None:
    """Delete expired and closed invitations with their email addresses."""
    members.delete_expired_invitations()


@shared_task
def roll_up_figures() -> None:
    """Roll up impressions, clicks and spend since the last run."""
    rollups.roll_up()


@shared_task(name="ads.tasks.sweep_clicks")
def audit_clicks() -> None:
    """Credit billed clicks that follow a pattern of invalid traffic."""
    click_audit.audit_clicks()


@shared_task(name="ads.tasks.prove_books")
def reconcile_market() -> None:
    """Reconcile ledger, clicks and rollups; a discrepancy freezes the market and sends an alert."""
    reconciliation.reconcile_market()
