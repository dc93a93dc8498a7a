"""What the market does in the background, on a schedule."""

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from ads import invitations, leases, proof, replaying, rollups, sweep
from ads.selection import bids_seen, fitting, learning, live, publishing

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
def learn_from_clicks() -> None:
    """Teach the click model what became of our offers; the next publication rates ads by it."""
    learning.learn_clicks()


@shared_task
def learn_reserves() -> None:
    """Learn from recent bids the least that a click costs; the next publication asks for it."""
    bids_seen.learn_reserves(floor_micros=bids_seen.floor_of(settings.ADS_FLOOR_WON))


@shared_task
def publish_live_bits() -> None:
    """Publish pauses and exhausted budgets."""
    live.publish_live(at=timezone.now())


@shared_task
def settle_told_clicks() -> None:
    """Settle what browsers told this machine while the database was away."""
    replaying.settle_spool()


@shared_task
def close_days() -> None:
    """Give back what yesterday's campaigns did not spend."""
    leases.close_days(before=leases.korean_day(timezone.now()))


@shared_task
def forget_invitations() -> None:
    """Delete addresses whose invitation is over."""
    invitations.forget_invitations()


@shared_task
def roll_up_figures() -> None:
    """Add up what was seen, clicked and paid since the last time."""
    rollups.roll_up()


@shared_task
def sweep_clicks() -> None:
    """Give back what was paid for clicks that no person made."""
    sweep.sweep_clicks()


@shared_task
def prove_books() -> None:
    """Prove books, clicks and rollups; a fault freezes the market and wakes somebody."""
    proof.prove_market()
