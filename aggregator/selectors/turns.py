"""Reads of turns, and a turn's state and events rebuilt from its rows."""

import datetime as dt
import uuid
from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from aggregator.domain import events
from aggregator.domain.snapshot import build_snapshot_events
from aggregator.domain.turn_state import ANSWER_COLUMNS, CANDIDATE_COLUMNS, CandidateState, TurnState
from aggregator.models import AnswerRating, Candidate, Turn

MAX_RECOVERED_TURNS = 2_000


def find_turn(owner: AbstractBaseUser | None, public_id: uuid.UUID) -> Turn | None:
    """Return the owner's turn with its conversation, or None."""
    if owner is None:
        return None
    return (
        Turn.objects.select_related("conversation")
        .filter(public_id=public_id, conversation__owner_id=owner.pk)
        .first()
    )


def find_running_turn(public_id: uuid.UUID) -> Turn | None:
    """Return a turn with its conversation if it is running, or None."""
    running = Turn.objects.filter(public_id=public_id, status=Turn.Status.RUNNING)
    return running.select_related("conversation__owner").first()


def find_turn_status(public_id: uuid.UUID) -> str | None:
    """Return a turn's stored status, or None if the turn was deleted."""
    return Turn.objects.filter(public_id=public_id).values_list("status", flat=True).first()


def is_answer_pending(pk: int) -> bool:
    """Return whether a turn runs and no answer of it is stored yet."""
    return Turn.objects.filter(pk=pk, status=Turn.Status.RUNNING, answer_kind="").exists()


def is_wanted(turn: Turn) -> bool:
    """Return whether a turn still exists and nobody has asked to stop it."""
    return Turn.objects.filter(pk=turn.pk, stop_asked_at=None).exists()


def find_unstarted_turns(public_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Turn]:
    """Return those of the turns that no process can have begun, with their conversations."""
    untouched = Turn.objects.filter(status=Turn.Status.RUNNING, attempt=1, last_seq=0, stop_asked_at=None)
    rows = untouched.filter(public_id__in=public_ids).select_related("conversation__owner")
    return {turn.public_id: turn for turn in rows}


def list_running_turns() -> list[tuple[uuid.UUID, dt.datetime]]:
    """Return the ids and opening times of running turns, the oldest first."""
    running = Turn.objects.filter(status=Turn.Status.RUNNING).order_by("opened_at")
    return list(running.values_list("public_id", "opened_at")[:MAX_RECOVERED_TURNS])


def list_stopping(conversation: int) -> list[Turn]:
    """Return the turns of a conversation that still run although they were asked to stop."""
    running = Turn.objects.filter(conversation_id=conversation, status=Turn.Status.RUNNING)
    return list(running.exclude(stop_asked_at=None))


def find_candidate(owner: AbstractBaseUser | None, public_id: uuid.UUID) -> Candidate | None:
    """Return the owner's candidate with its turn and conversation, or None."""
    if owner is None:
        return None
    return (
        Candidate.objects.select_related("turn__conversation")
        .filter(public_id=public_id, turn__conversation__owner_id=owner.pk)
        .first()
    )


def with_related(turns: "QuerySet[Turn]") -> "QuerySet[Turn]":
    """Return turns with what `build_turn_state` reads, votes, and the answer's verdict as `rated`."""
    verdict = AnswerRating.objects.filter(turn=OuterRef("pk")).values("verdict")[:1]
    rows = turns.select_related("conversation", "answer_candidate").annotate(rated=Subquery(verdict))
    return rows.prefetch_related(Prefetch("candidates", Candidate.objects.order_by("position")), "votes")


def get_turn_with_related(turn: Turn) -> Turn:
    """Return a turn read anew, with all rows that `build_turn_state` reads."""
    return with_related(Turn.objects.filter(pk=turn.pk)).get()


def answer_text_of(turn: Turn) -> str:
    """Return the text that stands as the turn's answer."""
    if turn.answer_text or turn.answer_candidate is None:
        return turn.answer_text
    return turn.answer_candidate.text


def rebuild_events(turn: Turn) -> list[events.Event]:
    """Return events that leave the same state as those the turn emitted; needs a turn of `with_related`."""
    return build_snapshot_events(build_turn_state(turn))


def build_turn_state(turn: Turn) -> TurnState:
    """Return the state that a turn's rows hold; needs a turn of `with_related`."""
    is_running = turn.status == Turn.Status.RUNNING
    placement = turn.placement
    return TurnState(
        turn=str(turn.public_id),
        conversation=str(turn.conversation.public_id),
        prompt=turn.prompt,
        attempt=turn.attempt,
        strategy=turn.strategy if turn.route_reasons else "",
        reasons=tuple(turn.route_reasons),
        topic=turn.route.get("topic", ""),
        expected_quality=turn.route.get("quality"),
        expected_micros=turn.route.get("cost_micros"),
        expected_ms=turn.route.get("expected_ms"),
        requested=turn.route.get("requested", ""),
        change=turn.route.get("change", ""),
        candidates={} if turn.answer_kind == "help" else _candidates_of(turn),
        supports=tuple(events.read_support(row) for row in turn.supports),
        ranking=_ranking_of(turn),
        claims=tuple(events.read_claim(row) for row in turn.claims),
        answer_candidate=str(turn.answer_candidate.public_id) if turn.answer_candidate else "",
        **{name: getattr(turn, name) for name in ANSWER_COLUMNS},
        answers_begun=int(is_running and turn.answer_kind == "fused"),
        answer_is_finished=bool(turn.answer_kind) and not (is_running and turn.answer_kind == "fused"),
        status=turn.status,
        error=turn.error,
        title="" if is_running else turn.conversation.title,
        duration_ms=turn.duration_ms,
        cost_micros=turn.cost_micros,
        placement=None
        if placement is None
        else events.PlacementMade(placement.get("ad"), placement.get("reason", "")),
    )


def _candidates_of(turn: Turn) -> dict[str, CandidateState]:
    return {str(row.public_id): _candidate_state(row) for row in turn.candidates.all()}


def _candidate_state(row: Candidate) -> CandidateState:
    values = {name: getattr(row, column) for name, column in CANDIDATE_COLUMNS.items()}
    values |= {"candidate": str(row.public_id), "stands_in_for": str(row.stands_in_for or "")}
    return CandidateState(**values)


def _ranking_of(turn: Turn) -> events.RankingMade | None:
    if not turn.ranking:
        return None
    ranking = events.decode({"type": events.RankingMade.type, **turn.ranking})
    return ranking if isinstance(ranking, events.RankingMade) else None
