"""Votes, and signals: what people do with an answer without voting, which counts less."""

import uuid

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from aggregator.domain.sanitize import sanitize_text
from aggregator.models import AnswerRating, Candidate, Signal, Turn, Vote
from aggregator.selectors.turns import find_candidate, find_turn
from aggregator.services.refusal import Refusal


def get_own_candidate(*, owner: AbstractBaseUser, public_id: uuid.UUID) -> Candidate:
    """Return the owner's candidate with its turn and conversation; raises Refusal."""
    candidate = find_candidate(owner, public_id)
    if candidate is None:
        raise Refusal("candidate_not_found")
    return candidate


def cast_own_vote(*, voter: AbstractBaseUser, public_id: uuid.UUID) -> Candidate:
    """Store a person's vote for a candidate of their own turns and return it; raises Refusal."""
    candidate = get_own_candidate(owner=voter, public_id=public_id)
    cast_vote(voter=voter, candidate=candidate)
    return candidate


@transaction.atomic
def cast_vote(*, voter: AbstractBaseUser, candidate: Candidate) -> None:
    """Store a person's vote in a turn; a later vote replaces it."""
    Vote.objects.update_or_create(turn=candidate.turn, voter_id=voter.pk, defaults={"candidate": candidate})


def record_own_signal(*, person: AbstractBaseUser, public_id: uuid.UUID, kind: str) -> Candidate:
    """Store a signal about a candidate of a person's own turns and return it; raises Refusal."""
    candidate = get_own_candidate(owner=person, public_id=public_id)
    # Regenerating is a command of its own, which records its signal.
    if kind not in {Signal.Kind.COPY, Signal.Kind.CONTINUE}:
        raise Refusal("malformed")
    record_signal(person=person, candidate=candidate, kind=kind)
    return candidate


@transaction.atomic
def record_signal(*, person: AbstractBaseUser, candidate: Candidate, kind: str) -> None:
    """Store a signal once a person and candidate; the candidate continued with counts as the answer."""
    Signal.objects.get_or_create(candidate=candidate, person_id=person.pk, kind=kind)
    if kind == Signal.Kind.CONTINUE:
        Turn.objects.filter(pk=candidate.turn_id).update(continued_with=candidate)


def record_regenerate(*, person: AbstractBaseUser, turn: Turn) -> None:
    """Store a signal against the candidate that was the turn's answer, if there was one."""
    if turn.answer_candidate_id:
        Signal.objects.get_or_create(
            candidate_id=turn.answer_candidate_id, person_id=person.pk, kind=Signal.Kind.REGENERATE
        )


@transaction.atomic
def rate_answer(
    *, person: AbstractBaseUser, turn: uuid.UUID, verdict: str, reason: str = "", comment: str = ""
) -> Turn:
    """Store a person's verdict on an answer of their own; an empty one takes it back. Raises Refusal."""
    own = get_own_turn(owner=person, public_id=turn)
    if not verdict:
        AnswerRating.objects.filter(turn=own, person_id=person.pk).delete()
        return own
    is_bad = verdict == AnswerRating.Verdict.BAD
    known = reason in AnswerRating.Reason.values or not reason
    if verdict not in AnswerRating.Verdict.values or not known or ((reason or comment) and not is_bad):
        raise Refusal("malformed")
    text = sanitize_text(comment).strip()[: AnswerRating.MAX_COMMENT]
    values = {"verdict": verdict, "reason": reason, "comment": text}
    AnswerRating.objects.update_or_create(turn=own, person_id=person.pk, defaults=values)
    return own


@transaction.atomic
def follow_answer(*, person: AbstractBaseUser, turn: uuid.UUID, candidate: uuid.UUID | None) -> Turn:
    """Let a candidate stand as its turn's answer, or the turn's own answer again; raises Refusal."""
    own = get_own_turn(owner=person, public_id=turn)
    if candidate is None:
        Turn.objects.filter(pk=own.pk).update(continued_with=None)
        return own
    row = Candidate.objects.filter(turn=own, public_id=candidate).exclude(text="").first()
    if row is None:
        raise Refusal("candidate_not_found")
    record_signal(person=person, candidate=row, kind=Signal.Kind.CONTINUE)
    return own


def get_own_turn(*, owner: AbstractBaseUser, public_id: uuid.UUID) -> Turn:
    """Return the owner's turn; raises Refusal."""
    turn = find_turn(owner, public_id)
    if turn is None:
        raise Refusal("turn_not_found")
    return turn
