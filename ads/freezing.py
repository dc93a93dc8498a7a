"""Stops the whole market when its books disagree: no ad, no new lease, no refund, until a person lifts it."""

from collections.abc import Sequence
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from ads.alarm import raise_alarm
from ads.ledger import Fault
from ads.models import Freeze

MOST_FAULTS = 50


class NotFrozenError(Exception):
    """There is no freeze to lift, or no reason was given for lifting it."""


def freeze_market(faults: Sequence[Fault]) -> Freeze:
    """Stop the market over these faults and wake somebody; one freeze stands for all found meanwhile."""
    lines = [
        f"{fault.rule} at {fault.where}: found {fault.found}, expected {fault.expected}" for fault in faults
    ]
    with transaction.atomic():
        standing = Freeze.objects.select_for_update(no_key=True).filter(lifted_at=None).first()
        freeze = standing or Freeze()
        freeze.reason = f"{len(faults)} × {', '.join(sorted({fault.rule for fault in faults}))}"[:200]
        freeze.faults = [asdict(fault) for fault in faults[:MOST_FAULTS]]
        freeze.save()
    subject = "The ad market is frozen" if standing is None else "The ad market is still frozen"
    raise_alarm(subject, "\n".join(lines[:MOST_FAULTS]))
    return freeze


@transaction.atomic
def lift_freeze(*, freeze: Freeze, note: str, admin_id: int) -> None:
    """Let the market go on; who lifts a freeze says why, and stays on record with it."""
    standing = Freeze.objects.select_for_update(no_key=True).get(pk=freeze.pk)
    if standing.lifted_at is not None or not note.strip():
        raise NotFrozenError(f"{standing}: nothing to lift, or no note")
    standing.lifted_at = timezone.now()
    standing.lifted_by_id = admin_id
    standing.note = note.strip()
    standing.save(update_fields=["lifted_at", "lifted_by", "note"])
