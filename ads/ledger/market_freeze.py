"""Stops the whole market when its books disagree: no ad, no new lease, no refund, until a person lifts it."""

from collections.abc import Sequence
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from ads.infra.alerts import send_alert
from ads.ledger.entries import Discrepancy
from ads.models import Freeze

MAX_STORED_DISCREPANCIES = 50


class NotFrozenError(Exception):
    """There is no freeze to lift, or no reason was given for lifting it."""


def freeze_market(faults: Sequence[Discrepancy]) -> Freeze:
    """Stop the market over these faults and wake somebody; one freeze stands for all found meanwhile."""
    lines = [
        f"{fault.rule} at {fault.where}: found {fault.found}, expected {fault.expected}" for fault in faults
    ]
    with transaction.atomic():
        current = Freeze.objects.select_for_update(no_key=True).filter(lifted_at=None).first()
        freeze = current or Freeze()
        freeze.reason = f"{len(faults)} × {', '.join(sorted({fault.rule for fault in faults}))}"[:200]
        freeze.faults = [asdict(fault) for fault in faults[:MAX_STORED_DISCREPANCIES]]
        freeze.save()
    subject = "The ad market is frozen" if current is None else "The ad market is still frozen"
    send_alert(subject, "\n".join(lines[:MAX_STORED_DISCREPANCIES]))
    return freeze


@transaction.atomic
def lift_freeze(*, freeze: Freeze, note: str, admin_id: int) -> None:
    """Let the market go on; who lifts a freeze says why, and stays on record with it."""
    current = Freeze.objects.select_for_update(no_key=True).get(pk=freeze.pk)
    if current.lifted_at is not None or not note.strip():
        raise NotFrozenError(f"{current}: nothing to lift, or no note")
    current.lifted_at = timezone.now()
    current.lifted_by_id = admin_id
    current.note = note.strip()
    current.save(update_fields=["lifted_at", "lifted_by", "note"])
