"""Writes a turn's progress while it runs, its final state once, and the ad shown below it.

Every turn runs these statements, so they are worded here and sent past the ORM (ADR 0007).
"""

import contextlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import Any

import orjson
from django.db import IntegrityError
from django.utils import timezone
from psycopg.types.json import Jsonb

from aggregator.domain.events import PlacementMade, encode
from aggregator.domain.turn_state import ANSWER_COLUMNS, CANDIDATE_COLUMNS, CandidateState, TurnState
from aggregator.infra.async_database import Connection, Reply, in_transaction
from aggregator.infra.telemetry import traced
from aggregator.models import Ballot, Candidate, Conversation, ProviderKey, Turn, Usage
from aggregator.storage.provider_call import ProviderCall

TABLES = {
    "turns": Turn._meta.db_table,
    "conversations": Conversation._meta.db_table,
    "candidates": Candidate._meta.db_table,
    "usages": Usage._meta.db_table,
    "provider_keys": ProviderKey._meta.db_table,
}
# The columns of a turn that is reopened.
REOPENED_COLUMNS: dict[str, Any] = {
    "status": Turn.Status.RUNNING,
    "closed_at": None,
    "stop_asked_at": None,
    "error": "",
    "placement": None,
    "supports": [],
    "answer_candidate_id": None,
    "answer_cost_micros": 0,
    "answer_kind": "",
    "answer_model": "",
    "answer_text": "",
}
INSERTED_COLUMNS = ("position", *CANDIDATE_COLUMNS.values())
# Which model a candidate is never changes.
UPDATED_COLUMNS = tuple(
    column
    for column in INSERTED_COLUMNS
    if column not in {"public_id", "model", "model_name", "vendor", "stands_in_for"}
)
LOCK_TURN = "SELECT FROM {turns} WHERE id = %(turn)s FOR UPDATE".format(**TABLES)
# A candidate that was asked again meanwhile is not set back to its attempt before.
UPSERT_CANDIDATES = """
INSERT INTO {candidates} AS stored (turn_id, {columns})
SELECT %(turn)s, {incoming} FROM jsonb_populate_recordset(NULL::{candidates}, %(rows)s::jsonb) AS incoming
WHERE EXISTS (SELECT FROM {turns} WHERE id = %(turn)s)
ON CONFLICT (public_id) DO UPDATE SET {updates}
WHERE stored.attempt <= excluded.attempt""".format(
    columns=", ".join(INSERTED_COLUMNS),
    incoming=", ".join(f"incoming.{column}" for column in INSERTED_COLUMNS),
    updates=", ".join(f"{column} = excluded.{column}" for column in UPDATED_COLUMNS),
    **TABLES,
)
# A call is stored even if its turn was deleted while it ran.
INSERT_USAGES = """
INSERT INTO {usages} (
    turn_id, candidate_id, call_id, purpose, model, provider, input_tokens, output_tokens, source,
    cost_micros, provider_key_id, created_at
)
SELECT turn.id, candidate.id, call.call_id, call.purpose, call.model, call.provider, call.input_tokens,
    call.output_tokens, call.source, call.cost_micros, provider_key.id, now()
FROM jsonb_to_recordset(%(rows)s::jsonb) AS call (
    call_id uuid, purpose text, model text, provider text, input_tokens int, output_tokens int, source text,
    cost_micros bigint, candidate text, key_id bigint
)
LEFT JOIN {provider_keys} provider_key ON provider_key.id = call.key_id
LEFT JOIN {turns} turn ON turn.id = %(turn)s
LEFT JOIN {candidates} candidate
    ON candidate.turn_id = %(turn)s AND candidate.public_id::text = call.candidate
ON CONFLICT DO NOTHING""".format(**TABLES)
TOUCH_CONVERSATION = """
UPDATE {conversations} SET updated_at = %(now)s WHERE id = %(conversation)s""".format(**TABLES)
UPDATE_TURN = """
UPDATE {turns} SET {assignments}{computed} WHERE id = %(turn)s"""
SET_ANSWER_CANDIDATE = ", answer_candidate_id = (SELECT id FROM {candidates} WHERE public_id = %(answer)s)"
# Summed over stored calls, because a reopened turn has calls of earlier passes.
SET_COST = """,
    cost_micros = (SELECT coalesce(sum(cost_micros), 0) FROM {usages} WHERE turn_id = %(turn)s)"""
INCREMENT_ATTEMPT = ", attempt = attempt + 1"
PENDING_COLUMNS = ("public_id", "position", "model", "model_name", "vendor", "attempt")
SELECT_PENDING = """
SELECT turn.stop_asked_at IS NOT NULL, {columns}
FROM {turns} turn LEFT JOIN {candidates} pending
    ON pending.turn_id = turn.id AND pending.status = 'waiting'
WHERE turn.id = %(turn)s ORDER BY pending.position""".format(
    columns=", ".join(f"pending.{column}" for column in PENDING_COLUMNS), **TABLES
)


@dataclass(frozen=True, slots=True)
class PendingCommands:
    """Commands stored since a turn began: to stop, or to ask these candidates (again).

    A deleted turn has to stop.
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
    """Write a running turn's state, so that a lost log costs little, and return its pending commands."""

    async def send(connection: Connection) -> Reply[PendingCommands]:
        await _write_turn(connection, turn, state, calls, {"last_seq": seq})
        return await _query_pending(turn, state, connection)

    return await in_transaction(send)


@traced("keep")
async def close_turn(*, turn: Turn, state: TurnState, seq: int, calls: Sequence[ProviderCall]) -> bool:
    """Write a turn's final state and its calls in one transaction.

    Returns whether the turn has to be checked again: it was deleted, or a command that came too late for
    this pass reopened it at once.
    """
    now = timezone.now()
    final_columns = {
        "last_seq": seq,
        "status": state.status,
        "error": state.error,
        "duration_ms": state.duration_ms,
        "closed_at": now,
    }

    async def send(connection: Connection) -> Reply[bool]:
        await _write_turn(connection, turn, state, calls, final_columns, SET_COST)
        await connection.execute(TOUCH_CONVERSATION, {"conversation": turn.conversation_id, "now": now})
        read_pending = await _query_pending(turn, state, connection)

        async def reopen_if_pending() -> bool:
            pending = await read_pending()
            if pending.is_deleted:
                return True
            if state.status == Turn.Status.STOPPED or not pending.candidates:
                return False
            await _update_turn(connection, turn, REOPENED_COLUMNS, INCREMENT_ATTEMPT)
            return True

        return reopen_if_pending

    return await in_transaction(send)


async def save_calls(*, turn: Turn, calls: Sequence[ProviderCall]) -> None:
    """Write provider calls and nothing else, for a turn whose state cannot be written."""

    async def send(connection: Connection) -> Reply[None]:
        await connection.execute(INSERT_USAGES, {"turn": turn.pk, "rows": _encode_rows(map(asdict, calls))})
        return _no_reply

    await in_transaction(send)


async def save_placement(*, turn: Turn, placement: PlacementMade, seq: int) -> bool:
    """Write the ad market's reply, so that a reload shows the same ad; returns whether the turn is gone."""
    columns = {"placement": {"ad": placement.ad, "reason": placement.reason}, "last_seq": seq}

    async def send(connection: Connection) -> Reply[bool]:
        locked = await connection.execute(LOCK_TURN, {"turn": turn.pk})
        await _update_turn(connection, turn, columns)

        async def is_gone() -> bool:
            return await locked.fetchone() is None

        return is_gone

    return await in_transaction(send)


def save_ballot(*, turn: Turn, judge: str, order: tuple[str, ...]) -> None:
    """Store a judge's order of a turn's candidates, best first; a later one replaces it."""
    # The turn may have been deleted meanwhile.
    with contextlib.suppress(IntegrityError):
        Ballot.objects.update_or_create(turn=turn, judge=judge, defaults={"order": list(order)})


async def _no_reply() -> None:
    """Read nothing: the statement has no result."""


async def _write_turn(
    connection: Connection,
    turn: Turn,
    state: TurnState,
    calls: Sequence[ProviderCall],
    more_columns: Mapping[str, Any],
    computed: str = "",
) -> None:
    # Commands are stored under the same lock, so none can come in between reading them and closing.
    await connection.execute(LOCK_TURN, {"turn": turn.pk})
    if state.candidates:
        rows = _encode_rows(map(_candidate_row, range(len(state.candidates)), state.candidates.values()))
        await connection.execute(UPSERT_CANDIDATES, {"turn": turn.pk, "rows": rows})
    if calls:
        await connection.execute(INSERT_USAGES, {"turn": turn.pk, "rows": _encode_rows(map(asdict, calls))})
    answer = uuid.UUID(state.answer_candidate) if state.answer_candidate else None
    columns = {**_turn_columns(turn, state), **more_columns}
    await _update_turn(connection, turn, columns, SET_ANSWER_CANDIDATE + computed, answer=answer)


async def _update_turn(
    connection: Connection,
    turn: Turn,
    columns: Mapping[str, Any],
    computed: str = "",
    **parameters: object,
) -> None:
    values = {name: _adapt_json(value) for name, value in columns.items()}
    statement = _build_update(tuple(columns), computed)
    await connection.execute(statement, {"turn": turn.pk, **values, **parameters})


@cache
def _build_update(columns: tuple[str, ...], computed: str) -> str:
    """Return the statement that sets columns of a turn and, by `computed`, those that SQL works out."""
    assignments = ", ".join(f"{column} = %({column})s" for column in columns)
    return UPDATE_TURN.format(assignments=assignments, computed=computed.format(**TABLES), **TABLES)


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
    ranking = encode(state.ranking) if state.ranking else None
    if ranking:
        del ranking["type"]
    plan = {
        "topic": state.topic,
        "quality": state.expected_quality,
        "cost_micros": state.expected_micros,
        "expected_ms": state.expected_ms,
        "requested": state.requested,
        "change": state.change,
    }
    return {
        "strategy": state.strategy or Turn.Strategy.COUNCIL,
        "route_reasons": list(state.reasons),
        "route": {**turn.route, **{name: value for name, value in plan.items() if value is not None}},
        "ranking": ranking,
        "claims": [asdict(claim) for claim in state.claims],
        "supports": [asdict(support) for support in state.supports],
        **{name: getattr(state, name) for name in ANSWER_COLUMNS},
    }


def _candidate_row(position: int, candidate: CandidateState) -> dict[str, Any]:
    row = {column: getattr(candidate, name) for name, column in CANDIDATE_COLUMNS.items()}
    return {**row, "position": position, "stands_in_for": candidate.stands_in_for or None}


def _encode_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    return orjson.dumps(list(rows)).decode()


def _adapt_json(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict | list) else value
