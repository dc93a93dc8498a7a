"""Writes what a turn has become: progress while it runs, its final state once, the ad shown under it."""

import contextlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import orjson
from django.db import IntegrityError
from django.utils import timezone
from psycopg.types.json import Jsonb

from aggregator import services
from aggregator.async_database import Connection, Reply, in_transaction
from aggregator.calls import CallMade
from aggregator.events import PlacementMade, encode
from aggregator.models import Ballot, Candidate, Turn
from aggregator.telemetry import traced
from aggregator.turn_rows import (
    ANSWER,
    ASKED_COLUMNS,
    COST,
    KEEP_CALLS,
    KEEP_SEATS,
    LOCK,
    ONCE_MORE,
    READ_ASKED,
    TOUCH,
    word_update,
)
from aggregator.turn_state import CandidateState, TurnState


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of a turn since it began: to stop, or to ask these candidates (again).

    One that was deleted has to stop.
    """

    stop: bool
    candidates: tuple[Candidate, ...]
    is_deleted: bool = False


async def read_asked(*, turn: Turn, state: TurnState) -> Asked:
    """Return the stored wishes that the turn's state does not fulfil yet."""
    return await in_transaction(partial(_ask, turn, state))


async def keep_progress(*, turn: Turn, state: TurnState, seq: int, calls: Sequence[CallMade] = ()) -> Asked:
    """Write what a running turn has so far, so that a lost log costs little; returns what was asked of it."""

    async def keep(connection: Connection) -> Reply[Asked]:
        await _keep(connection, turn, state, calls, {"last_seq": seq})
        return await _ask(turn, state, connection)

    return await in_transaction(keep)


@traced("keep")
async def close_turn(*, turn: Turn, state: TurnState, seq: int, calls: Sequence[CallMade]) -> bool:
    """Write a turn's final state and what its calls cost, in one transaction, once.

    Returns whether the turn has to be looked at once more: it was deleted, or a wish that came too late for
    this pass reopened it at once.
    """
    now = timezone.now()
    ending = {
        "last_seq": seq,
        "status": state.status,
        "error": state.error,
        "duration_ms": state.duration_ms,
        "closed_at": now,
    }

    async def close(connection: Connection) -> Reply[bool]:
        await _keep(connection, turn, state, calls, ending, COST)
        await connection.execute(TOUCH, {"conversation": turn.conversation_id, "now": now})
        read_asked = await _ask(turn, state, connection)

        async def reopen() -> bool:
            asked = await read_asked()
            if asked.is_deleted:
                return True
            if state.status == Turn.Status.STOPPED or not asked.candidates:
                return False
            await _set(connection, turn, services.REOPENED, ONCE_MORE)
            return True

        return reopen

    return await in_transaction(close)


async def keep_calls(*, turn: Turn, calls: Sequence[CallMade]) -> None:
    """Write what calls cost and nothing else, for a turn whose own account of itself cannot be kept."""

    async def keep(connection: Connection) -> Reply[None]:
        await connection.execute(KEEP_CALLS, {"turn": turn.pk, "rows": _rows(map(asdict, calls))})
        return _nothing

    await in_transaction(keep)


async def _nothing() -> None:
    """There is no reply to read."""


async def _keep(
    connection: Connection,
    turn: Turn,
    state: TurnState,
    calls: Sequence[CallMade],
    more: Mapping[str, Any],
    also: str = "",
) -> None:
    # Wishes are stored under the same lock, so that none slips in between reading and closing.
    await connection.execute(LOCK, {"turn": turn.pk})
    if state.candidates:
        seats = [_seat_row(place, seat) for place, seat in enumerate(state.candidates.values())]
        await connection.execute(KEEP_SEATS, {"turn": turn.pk, "rows": _rows(seats)})
    if calls:
        await connection.execute(KEEP_CALLS, {"turn": turn.pk, "rows": _rows(map(asdict, calls))})
    answer = uuid.UUID(state.answer_candidate) if state.answer_candidate else None
    await _set(connection, turn, {**_turn_columns(turn, state), **more}, ANSWER + also, answer=answer)


async def _set(
    connection: Connection,
    turn: Turn,
    columns: Mapping[str, Any],
    also: str = "",
    **given: object,
) -> None:
    values = {name: _as_json(value) for name, value in columns.items()}
    await connection.execute(word_update(tuple(columns), also), {"turn": turn.pk, **values, **given})


async def _ask(turn: Turn, state: TurnState, connection: Connection) -> Reply[Asked]:
    cursor = await connection.execute(READ_ASKED, {"turn": turn.pk})

    async def read() -> Asked:
        rows = await cursor.fetchall()
        attempts = {seat.candidate: seat.attempt for seat in state.candidates.values()}
        waiting = [Candidate(**dict(zip(ASKED_COLUMNS, row[1:], strict=True))) for row in rows if row[1]]
        return Asked(
            not rows or any(row[0] for row in rows),
            tuple(row for row in waiting if row.attempt > attempts.get(str(row.public_id), 0)),
            is_deleted=not rows,
        )

    return read


def _turn_columns(turn: Turn, state: TurnState) -> dict[str, Any]:
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
        "answer_model": state.answer_model,
        "answer_text": state.answer_text,
        "answer_cost_micros": state.answer_cost_micros,
    }


def _route_log(turn: Turn, state: TurnState) -> dict[str, Any]:
    told = {"topic": state.topic, "quality": state.expected_quality, "cost_micros": state.expected_micros}
    return {**turn.route, **{name: value for name, value in told.items() if value is not None}}


def _seat_row(place: int, seat: CandidateState) -> dict[str, Any]:
    return {
        "public_id": seat.candidate,
        "position": place,
        "model": seat.model,
        "model_name": seat.name,
        "vendor": seat.vendor,
        "status": seat.status,
        "attempt": seat.attempt,
        "text": seat.text,
        "finish_reason": seat.finish_reason,
        "error": seat.error,
        "ttft_ms": seat.ttft_ms,
        "duration_ms": seat.duration_ms,
        "input_tokens": seat.input_tokens,
        "output_tokens": seat.output_tokens,
        "cost_micros": seat.cost_micros,
        "stands_in_for": seat.stands_in_for or None,
    }


def _rows(rows: Iterable[Mapping[str, Any]]) -> str:
    return orjson.dumps(list(rows)).decode()


def _as_json(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict | list) else value


def keep_ballot(*, turn: Turn, judge: str, order: tuple[str, ...]) -> None:
    """Store in which order a judge put a turn's candidates, best first; its latest word counts."""
    # Of a turn that was deleted meanwhile nothing is kept.
    with contextlib.suppress(IntegrityError):
        Ballot.objects.update_or_create(turn=turn, judge=judge, defaults={"order": list(order)})


async def keep_placement(*, turn: Turn, placement: PlacementMade, seq: int) -> bool:
    """Store what the ad market replied, so that a reload shows the same card; True when the turn is gone."""
    shown = {"ad": placement.ad, "reason": placement.reason}

    async def keep(connection: Connection) -> Reply[bool]:
        held = await connection.execute(LOCK, {"turn": turn.pk})
        await _set(connection, turn, {"placement": shown, "last_seq": seq})

        async def is_gone() -> bool:
            return await held.fetchone() is None

        return is_gone

    return await in_transaction(keep)
