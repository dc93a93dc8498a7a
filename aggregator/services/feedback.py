"""What people do with answers without picking one: kept once a person and answer, worth less than a pick."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from aggregator.models import Candidate, Signal, Turn


@transaction.atomic
def record_signal(*, person: AbstractBaseUser, candidate: Candidate, kind: str) -> None:
    """Remember a signal; whoever goes on with an answer has it taken as what was said."""
    Signal.objects.get_or_create(candidate=candidate, person_id=person.pk, kind=kind)
    if kind == Signal.Kind.CONTINUE:
        Turn.objects.filter(pk=candidate.turn_id).update(continued_with=candidate)


def record_regenerate(*, person: AbstractBaseUser, turn: Turn) -> None:
    """Remember that the answer of a turn was not good enough, if one model's answer stood."""
    if turn.answer_candidate_id:
        Signal.objects.get_or_create(
            candidate_id=turn.answer_candidate_id, person_id=person.pk, kind=Signal.Kind.REGENERATE
        )
