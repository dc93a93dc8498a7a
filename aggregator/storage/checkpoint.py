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

from aggregator.domain.events import PlacementMade, encode
from aggregator.domain.turn_state import CandidateState, TurnState
from aggregator.infra.async_database import Connection, Reply, in_transaction
from aggregator.infra.telemetry import traced
from aggregator.models import Ballot, Candidate, Turn
from aggregator.storage.turn_sql import (
    INCREMENT_ATTEMPT,
    INSERT_USAGES,
    LOCK_TURN,
    PENDING_COLUMNS,
    REOPENED_COLUMNS,
    SELECT_PENDING,
    SET_ANSWER_CANDIDATE,
    SET_COST,
    TOUCH_CONVERSATION,
    UPSERT_CANDIDATES,
    build_update,
)
from aggregator.storage.usage import ProviderCall


@dataclass(frozen=True, slots=True)
class PendingCommands:
    """What was asked of a turn since it began: to stop, or to ask these candidates (again).

    One that was deleted has to stop.
    """

    stop: bool
    candidates: tuple[Candidate, ...]
    is_deleted: bool = False


async def read_pending_commands(*, turn: Turn, state: TurnState) -> PendingCommands:
    """Return the stored commands that the turn's state does not fulfil yet."""
    return await in_transaction(partial(_query_pending, turn, state))


async def save_checkpoint(
    *, turn: Turn, state: TurnState, seq: int, calls: Sequence[ProviderCall] = ()
) -> PendingCommands:
    """Write what a running turn has so far, so that a lost log costs little; returns what was asked of it."""

    async def keep(connection: Connection) -> Reply[PendingCommands]:
        await _write_turn(connection, turn, state, calls, {"last_seq": seq})
        return await _query_pending(turn, state, connection)

    return await in_transaction(keep)


@traced("keep")
async def close_turn(*, turn: Turn, state: TurnState, seq: int, calls: Sequence[ProviderCall]) -> bool:
    """Write a turn's final state and what its calls cost, in one transaction, once.

    Returns whether the turn has to be checked again: it was deleted, or a command that came too late for
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
        await _write_turn(connection, turn, state, calls, ending, SET_COST)
        await connection.execute(TOUCH_CONVERSATION, {"conversation": turn.conversation_id, "now": now})
        read_pending_commands = await _query_pending(turn, state, connection)

        async def reopen() -> bool:
            asked = await read_pending_commands()
            if asked.is_deleted:
                return True
            if state.status == Turn.Status.STOPPED or not asked.candidates:
                return False
            await _update_turn(connection, turn, REOPENED_COLUMNS, INCREMENT_ATTEMPT)
            return True

        return reopen

    return await in_transaction(close)


async def save_calls(*, turn: Turn, calls: Sequence[ProviderCall]) -> None:
    """Write what calls cost and nothing else, for a turn whose own account of itself cannot be kept."""

    async def keep(connection: Connection) -> Reply[None]:
        await connection.execute(INSERT_USAGES, {"turn": turn.pk, "rows": _encode_rows(map(asdict, calls))})
        return _no_reply

    await in_transaction(keep)


async def _no_reply() -> None:
    """There is no reply to read."""


async def _write_turn(
    connection: Connection,
    turn: Turn,
    state: TurnState,
    calls: Sequence[ProviderCall],
    more: Mapping[str, Any],
    also: str = "",
) -> None:
    # Commands are stored under the same lock, so that none slips in between reading and closing.
    await connection.execute(LOCK_TURN, {"turn": turn.pk})
    if state.candidates:
        candidates = [
            _candidate_row(place, candidate) for place, candidate in enumerate(state.candidates.values())
        ]
        await connection.execute(UPSERT_CANDIDATES, {"turn": turn.pk, "rows": _encode_rows(candidates)})
    if calls:
        await connection.execute(INSERT_USAGES, {"turn": turn.pk, "rows": _encode_rows(map(asdict, calls))})
    answer = uuid.UUID(state.answer_candidate) if state.answer_candidate else None
    await _update_turn(
        connection, turn, {**_turn_columns(turn, state), **more}, SET_ANSWER_CANDIDATE + also, answer=answer
    )


async def _update_turn(
    connection: Connection,
    turn: Turn,
    columns: Mapping[str, Any],
    also: str = "",
    **given: object,
) -> None:
    values = {name: _adapt_json(value) for name, value in columns.items()}
    await connection.execute(build_update(tuple(columns), also), {"turn": turn.pk, **values, **given})


async def _query_pending(turn: Turn, state: TurnState, connection: Connection) -> Reply[PendingCommands]:
    cursor = await connection.execute(SELECT_PENDING, {"turn": turn.pk})

    async def read() -> PendingCommands:
        rows = await cursor.fetchall()
        attempts = {candidate.candidate: candidate.attempt for candidate in state.candidates.values()}
        waiting = [Candidate(**dict(zip(PENDING_COLUMNS, row[1:], strict=True))) for row in rows if row[1]]
        return PendingCommands(
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
        "route": _route_column(turn, state),
        "ranking": ranking,
        "claims": [asdict(claim) for claim in state.claims],
        "supports": [asdict(support) for support in state.supports],
        "leader": state.leader,
        "answer_kind": state.answer_kind,
        "answer_model": state.answer_model,
        "answer_text": state.answer_text,
        "answer_cost_micros": state.answer_cost_micros,
    }


def _route_column(turn: Turn, state: TurnState) -> dict[str, Any]:
    told = {"topic": state.topic, "quality": state.expected_quality, "cost_micros": state.expected_micros}
    return {**turn.route, **{name: value for name, value in told.items() if value is not None}}


def _candidate_row(place: int, candidate: CandidateState) -> dict[str, Any]:
    return {
        "public_id": candidate.candidate,
        "position": place,
        "model": candidate.model,
        "model_name": candidate.name,
        "vendor": candidate.vendor,
        "status": candidate.status,
        "attempt": candidate.attempt,
        "text": candidate.text,
        "finish_reason": candidate.finish_reason,
        "error": candidate.error,
        "ttft_ms": candidate.ttft_ms,
        "duration_ms": candidate.duration_ms,
        "input_tokens": candidate.input_tokens,
        "output_tokens": candidate.output_tokens,
        "cost_micros": candidate.cost_micros,
        "stands_in_for": candidate.stands_in_for or None,
    }


def _encode_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    return orjson.dumps(list(rows)).decode()


def _adapt_json(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict | list) else value


def save_ballot(*, turn: Turn, judge: str, order: tuple[str, ...]) -> None:
    """Store in which order a judge put a turn's candidates, best first; its latest word counts."""
    # Of a turn that was deleted meanwhile nothing is kept.
    with contextlib.suppress(IntegrityError):
        Ballot.objects.update_or_create(turn=turn, judge=judge, defaults={"order": list(order)})


async def save_placement(*, turn: Turn, placement: PlacementMade, seq: int) -> bool:
    """Store what the ad market replied, so that a reload shows the same card; True when the turn is gone."""
    shown = {"ad": placement.ad, "reason": placement.reason}

    async def keep(connection: Connection) -> Reply[bool]:
        held = await connection.execute(LOCK_TURN, {"turn": turn.pk})
        await _update_turn(connection, turn, {"placement": shown, "last_seq": seq})

        async def is_gone() -> bool:
            return await held.fetchone() is None

        return is_gone

    return await in_transaction(keep)
