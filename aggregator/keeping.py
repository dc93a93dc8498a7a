"""Writes what a turn has become: progress while it runs, its final state once, the ad shown under it."""

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from aggregator import services
from aggregator.catalog import LanguageModel
from aggregator.events import PlacementMade, encode
from aggregator.models import Ballot, Candidate, Conversation, Turn, Usage
from aggregator.pipeline.fan_out import Outcome
from aggregator.pipeline.fuse import Fusion
from aggregator.providers import TokenUsage
from aggregator.telemetry import span
from aggregator.turn_state import CandidateState, TurnState


@dataclass(frozen=True, slots=True)
class CallMade:
    """One call to a provider, to be kept once under its id."""

    call_id: uuid.UUID
    purpose: str
    model: str
    provider: str
    input_tokens: int
    output_tokens: int
    source: str
    cost_micros: int
    candidate: str = ""


def call_made(
    purpose: str,
    model: LanguageModel,
    call_id: uuid.UUID,
    usage: TokenUsage,
    cost_micros: int,
    candidate: str = "",
) -> CallMade:
    """Return the record of one call."""
    return CallMade(
        call_id=call_id,
        purpose=purpose,
        model=model.slug,
        provider=model.provider,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        source=usage.source,
        cost_micros=cost_micros,
        candidate=candidate,
    )


def call_of(outcome: Outcome) -> CallMade:
    """Return the record of a candidate's call."""
    seat = outcome.seat
    return call_made(
        "candidate", seat.model, outcome.call_id, outcome.usage, outcome.cost_micros, seat.candidate
    )


def calls_of_fusion(fusion: Fusion) -> dict[uuid.UUID, CallMade]:
    """Return what judging and writing took, by call."""
    made = (("judge", fusion.judgement), ("fuse", fusion))
    return {
        call.call_id: call_made(purpose, fusion.model, call.call_id, call.usage, call.cost_micros)
        for purpose, call in made
        if call is not None
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of a turn since it began: to stop, or to ask these candidates (again)."""

    stop: bool
    candidates: tuple[Candidate, ...]


def read_asked(*, turn: Turn, state: TurnState) -> Asked:
    """Return the stored wishes that the turn's state does not fulfil yet."""
    stop = Turn.objects.filter(pk=turn.pk).values_list("stop_asked_at", flat=True).first() is not None
    return Asked(stop, _asked_candidates(turn, state))


def _asked_candidates(turn: Turn, state: TurnState) -> tuple[Candidate, ...]:
    waiting = Candidate.objects.filter(turn=turn, status=Candidate.Status.WAITING).order_by("position")
    attempts = {seat.candidate: seat.attempt for seat in state.candidates.values()}
    return tuple(row for row in waiting if row.attempt > attempts.get(str(row.public_id), 0))


@transaction.atomic
def keep_progress(*, turn: Turn, state: TurnState, seq: int, calls: tuple[CallMade, ...] = ()) -> Asked:
    """Write what a running turn has so far, so that a lost log costs little; returns what was asked of it."""
    _lock(turn)
    rows = _keep_candidates(turn, state)
    _keep_calls(turn, calls, rows)
    Turn.objects.filter(pk=turn.pk).update(last_seq=seq, **_turn_fields(turn, state, rows))
    return read_asked(turn=turn, state=state)


@span("keep")
@transaction.atomic
def close_turn(*, turn: Turn, state: TurnState, seq: int, calls: tuple[CallMade, ...]) -> None:
    """Write a turn's final state and what its calls cost, in one transaction, once.

    A wish that came too late for this pass reopens the turn at once.
    """
    _lock(turn)
    rows = _keep_candidates(turn, state)
    _keep_calls(turn, calls, rows)
    now = timezone.now()
    Turn.objects.filter(pk=turn.pk).update(
        last_seq=seq,
        status=state.status,
        error=state.error,
        duration_ms=state.duration_ms,
        cost_micros=state.cost_micros,
        closed_at=now,
        **_turn_fields(turn, state, rows),
    )
    Conversation.objects.filter(pk=turn.conversation_id).update(updated_at=now)
    if state.status != Turn.Status.STOPPED and _asked_candidates(turn, state):
        services.reopen_turn(turn=turn)


def _lock(turn: Turn) -> None:
    # Wishes are stored under the same lock, so that none slips in between reading and closing.
    Turn.objects.select_for_update().only("pk").get(pk=turn.pk)


def _turn_fields(turn: Turn, state: TurnState, rows: dict[str, Candidate]) -> dict[str, Any]:
    ranking = None
    if state.ranking:
        ranking = encode(state.ranking)
        del ranking["type"]
    return {
        "strategy": state.strategy or Turn.Strategy.COUNCIL,
        "route_reasons": list(state.reasons),
        "route": _route_log(turn, state),
        "ranking": ranking,
        "claims": [asdict(claim) for claim in state.claims],
        "supports": [asdict(support) for support in state.supports],
        "leader": state.leader,
        "answer_kind": state.answer_kind,
        "answer_candidate": rows.get(state.answer_candidate),
        "answer_model": state.answer_model,
        "answer_text": state.answer_text,
        "answer_cost_micros": state.answer_cost_micros,
    }


def _route_log(turn: Turn, state: TurnState) -> dict[str, Any]:
    told = {"topic": state.topic, "quality": state.expected_quality, "cost_micros": state.expected_micros}
    return {**turn.route, **{name: value for name, value in told.items() if value is not None}}


def _keep_candidates(turn: Turn, state: TurnState) -> dict[str, Candidate]:
    known = {row.public_id: row for row in Candidate.objects.filter(turn=turn).only("public_id", "attempt")}
    rows = [
        _candidate_row(turn, place, seat)
        for place, seat in enumerate(state.candidates.values())
        # What is asked again already is not put back to what it was.
        if (row := known.get(uuid.UUID(seat.candidate))) is None or seat.attempt >= row.attempt
    ]
    kept = Candidate.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["public_id"],
        update_fields=[
            "status", "attempt", "text", "finish_reason", "error", "ttft_ms", "duration_ms",
            "input_tokens", "output_tokens", "cost_micros",
        ],
    )  # fmt: skip
    return {str(row.public_id): row for row in (*known.values(), *kept)}


def _candidate_row(turn: Turn, place: int, seat: CandidateState) -> Candidate:
    return Candidate(
        public_id=uuid.UUID(seat.candidate),
        turn=turn,
        position=place,
        model=seat.model,
        model_name=seat.name,
        vendor=seat.vendor,
        status=seat.status,
        attempt=seat.attempt,
        text=seat.text.replace("\x00", ""),
        finish_reason=seat.finish_reason,
        error=seat.error,
        ttft_ms=seat.ttft_ms,
        duration_ms=seat.duration_ms,
        input_tokens=seat.input_tokens,
        output_tokens=seat.output_tokens,
        cost_micros=seat.cost_micros,
        stands_in_for=uuid.UUID(seat.stands_in_for) if seat.stands_in_for else None,
    )


def _keep_calls(turn: Turn, calls: tuple[CallMade, ...], rows: dict[str, Candidate]) -> None:
    Usage.objects.bulk_create(
        [
            Usage(
                call_id=call.call_id,
                turn=turn,
                candidate=rows.get(call.candidate),
                purpose=call.purpose,
                model=call.model,
                provider=call.provider,
                input_tokens=call.input_tokens,
                output_tokens=call.output_tokens,
                source=call.source,
                cost_micros=call.cost_micros,
            )
            for call in calls
        ],
        ignore_conflicts=True,
    )


def keep_ballot(*, turn: Turn, judge: str, order: tuple[str, ...]) -> None:
    """Store in which order a judge put a turn's candidates, best first; its latest word counts."""
    Ballot.objects.update_or_create(turn=turn, judge=judge, defaults={"order": list(order)})


def keep_placement(*, turn: Turn, placement: PlacementMade, seq: int) -> None:
    """Store what the ad market replied, so that a reload shows the same card."""
    Turn.objects.filter(pk=turn.pk).update(
        placement={"ad": placement.ad, "reason": placement.reason}, last_seq=seq
    )
