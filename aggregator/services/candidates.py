"""Writes of candidates: ask one again, add one to a turn."""

from django.db import transaction
from django.db.models import F

from aggregator.catalog.catalog import LanguageModel
from aggregator.models import Candidate, Turn
from aggregator.services.refusal import Refusal
from aggregator.services.turns import reopen_turn

PANEL_LIMIT = 8
# Above every position of a running panel; the process that runs the turn gives an added candidate its own.
ADDED_POSITION = 1_000
RETRYABLE_STATUSES = (Candidate.Status.FAILED, Candidate.Status.STOPPED)


@transaction.atomic
def retry_candidate(*, candidate: Candidate) -> Turn:
    """Reopen a turn to ask its failed or stopped candidate again; raises Refusal."""
    turn = reopen_turn(turn=candidate.turn)
    # Checked in the database, because another page can have asked it again before the turn was locked.
    retryable = Candidate.objects.filter(pk=candidate.pk, status__in=RETRYABLE_STATUSES)
    if not retryable.update(status=Candidate.Status.WAITING, attempt=F("attempt") + 1):
        raise Refusal("candidate_not_failed")
    return turn


@transaction.atomic
def add_candidate(*, turn: Turn, model: LanguageModel) -> Turn:
    """Reopen a turn with one more model in its panel; raises Refusal."""
    reopened = reopen_turn(turn=turn)
    existing = list(Candidate.objects.filter(turn=reopened))
    if any(row.model == model.slug for row in existing):
        raise Refusal("model_in_panel")
    if len(existing) >= PANEL_LIMIT:
        raise Refusal("panel_full")
    Candidate.objects.create(
        turn=reopened,
        position=max(
            (row.position + 1 for row in existing if row.position >= ADDED_POSITION), default=ADDED_POSITION
        ),
        model=model.slug,
        model_name=model.name,
        vendor=model.vendor,
    )
    return reopened
