"""Freezes the market when reconciliation fails: no ad, lease or refund until an administrator lifts it."""

from collections.abc import Sequence
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from ads.infra.notifications import send_alert
from ads.ledger.invariants import Discrepancy
from ads.models import Freeze

MAX_STORED_DISCREPANCIES = 50


class NotFrozenError(Exception):
    """There is no freeze to lift, or the note is empty."""


def freeze_market(discrepancies: Sequence[Discrepancy]) -> Freeze:
    """Freeze the market and send an alert; an existing freeze is updated with these discrepancies."""
    lines = [
        f"{each.rule} at {each.where}: found {each.found}, expected {each.expected}" for each in discrepancies
    ]
    with transaction.atomic():
        current = Freeze.objects.select_for_update(no_key=True).filter(lifted_at=None).first()
        freeze = current or Freeze()
        freeze.reason = f"{len(discrepancies)} × {', '.join(sorted({each.rule for each in discrepancies}))}"[
            :200
        ]
        freeze.faults = [asdict(each) for each in discrepancies[:MAX_STORED_DISCREPANCIES]]
        freeze.save()
    subject = "The ad market is frozen" if current is None else "The ad market is still frozen"
    send_alert(subject, "\n".join(lines[:MAX_STORED_DISCREPANCIES]))
    return freeze


def is_frozen() -> bool:
    """Return whether the market is frozen."""
    return Freeze.objects.filter(lifted_at=None).exists()


@transaction.atomic
def lift_freeze(*, freeze: Freeze, note: str, admin_id: int) -> None:
    """End a freeze and record who lifted it and why."""
    current = Freeze.objects.select_for_update(no_key=True).get(pk=freeze.pk)
    if current.lifted_at is not None or not note.strip():
        raise NotFrozenError(f"{current}: nothing to lift, or no note")
    current.lifted_at = timezone.now()
    current.lifted_by_id = admin_id
    current.note = note.strip()
    current.save(update_fields=["lifted_at", "lifted_by", "note"])
