"""Inserts a new turn, and its conversation if that is new too, in one statement that also checks admission.

The statement is sent past the ORM (ADR 0007); it counts what runs and what was opened today, deals the turn's
number, and inserts nothing when a limit is reached or the same prompt was sent before.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, models, transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from accounts.models import User
from aggregator.infra.async_database import Connection, Reply, in_transaction
from aggregator.models import Conversation, DayCount, Turn
from aggregator.storage.quota import COUNT_TURN

# For how long a prompt that is sent again is recognised.
RESEND_WINDOW = dt.timedelta(days=1)

# A conversation is updated with each turn, so `updated_at`, which is in the owner's index, bounds the search.
ADMISSION = """
own AS (
    SELECT turn.id, turn.public_id, turn.client_id, turn.conversation_id, turn.status
    FROM {turns} turn JOIN {conversations} conversation ON conversation.id = turn.conversation_id
    WHERE conversation.owner_id = %(owner)s AND conversation.updated_at >= %(since)s
),
admission AS (
    SELECT
        (SELECT id FROM own WHERE (client_id = %(client)s AND {same_place}) OR public_id = %(draft)s
            LIMIT 1) AS duplicate_id,
        coalesce(
            (SELECT opened FROM {days} WHERE person_id = %(owner)s AND day = %(today)s), 0
        ) AS opened_today,
        EXISTS (
            SELECT FROM {people} WHERE id = %(owner)s AND is_active AND sign_outs = %(sign_outs)s
        ) AS is_signed_in,
        (SELECT count(*) FROM own WHERE status = 'running' AND id <> ALL (%(stops)s::bigint[])) AS running,
        (SELECT count(*) FROM {turns} WHERE status = 'running') AS all_running
),
admitted AS (
    SELECT FROM admission
    WHERE duplicate_id IS NULL AND is_signed_in
        AND opened_today < %(a_day)s AND running < %(each)s AND all_running < %(all)s
)"""
# Two that count at the same moment wait for each other here, and the second may find the day used up.
COUNT_STEP = f"counted AS ({COUNT_TURN} RETURNING opened)"
# Rows are locked in one order everywhere: an existing conversation before its owner's count.
BEFORE_NEW_CONVERSATION, BEFORE_EXISTING_CONVERSATION = "admitted", "conversation"
INSERT_CONVERSATION = """conversation AS (
    INSERT INTO {conversations} ({columns}) SELECT {values} FROM counted RETURNING id
)"""
TOUCH_CONVERSATION = """conversation AS (
    UPDATE {conversations} SET updated_at = %(now)s FROM admitted
    WHERE id = %(conversation)s AND owner_id = %(owner)s RETURNING id
)"""
# A page that sends its first prompt twice does not know yet which conversation it has begun.
ANY_CONVERSATION, SAME_CONVERSATION = "true", "conversation_id = %(conversation)s"
FIRST_NUMBER, NEXT_NUMBER = (
    "1",
    "(SELECT coalesce(max(number), 0) + 1 FROM {turns} WHERE conversation_id = %(conversation)s)",
)
INSERT_TURN = """
WITH {admission},
{steps},
turn AS (
    INSERT INTO {turns} (conversation_id, number, {columns})
    SELECT conversation.id, {number}, {values} FROM conversation, counted RETURNING id, number
)
SELECT
    duplicate_id, is_signed_in,
    CASE WHEN EXISTS (SELECT FROM {before}) AND NOT EXISTS (SELECT FROM counted) THEN %(a_day)s
        ELSE opened_today END,
    running, all_running, conversation.id, turn.id, turn.number
FROM admission LEFT JOIN conversation ON true LEFT JOIN turn ON true"""

GENERATED_COLUMNS = ("id", "conversation_id", "number")


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """The limits of one person: turns a day, and the session that the prompt was sent in.

    The turns with the keys `stops` are being stopped, so they do not count as running.
    """

    turns_a_day: int
    sign_outs: int
    stops: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class InsertOutcome:
    """What the statement found and inserted; `turn` is None if the turn was not admitted.

    `duplicate_id` is the row of the same prompt sent before.
    """

    duplicate_id: int | None
    is_signed_in: bool
    opened_today: int
    running: int
    all_running: int
    conversation: int | None
    turn: int | None
    number: int | None


def insert_turn(turn: Turn, *, limits: AdmissionLimits) -> InsertOutcome:
    """Insert a draft at the end of its conversation, if it is admitted and was not sent before.

    Raises IntegrityError if another turn got the same number at the same moment.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_build_statement(turn.conversation.pk is not None), _build_parameters(turn, limits))
        outcome = InsertOutcome(*cursor.fetchone())
    return _record_outcome(turn, outcome)


async def ainsert_turn(
    turn: Turn, *, limits: AdmissionLimits, on_admitted: Callable[[], None]
) -> InsertOutcome:
    """Insert a draft on the event loop; `on_admitted` is called once it is admitted, before the commit."""
    send = partial(_send_insert, turn, limits, on_admitted)
    return _record_outcome(turn, await in_transaction(send, order=turn.conversation.owner_id))


async def _send_insert(
    turn: Turn, limits: AdmissionLimits, on_admitted: Callable[[], None], connection: Connection
) -> Reply[InsertOutcome]:
    is_stored = turn.conversation.pk is not None
    cursor = await connection.execute(_build_statement(is_stored), _build_parameters(turn, limits))

    async def read() -> InsertOutcome:
        outcome = InsertOutcome(*await cursor.fetchone() or ())
        if outcome.turn:
            on_admitted()
        return outcome

    return read


def _record_outcome(turn: Turn, outcome: InsertOutcome) -> InsertOutcome:
    if outcome.conversation and outcome.turn and outcome.number:
        assign_keys(turn, outcome.conversation, outcome.turn, outcome.number)
    return outcome


@cache
def _build_statement(conversation_is_stored: bool) -> str:
    """Return the statement that inserts a draft into a stored conversation, or together with a new one."""
    tables = {"turns": Turn, "conversations": Conversation, "days": DayCount, "people": User}
    names = {name: model._meta.db_table for name, model in tables.items()}
    steps = (TOUCH_CONVERSATION, COUNT_STEP) if conversation_is_stored else (COUNT_STEP, INSERT_CONVERSATION)
    before = BEFORE_EXISTING_CONVERSATION if conversation_is_stored else BEFORE_NEW_CONVERSATION
    same_place = SAME_CONVERSATION if conversation_is_stored else ANY_CONVERSATION
    return INSERT_TURN.format(
        admission=ADMISSION.format(**names, same_place=same_place),
        steps=",\n".join(
            step.format(**names, **_build_placeholders(Conversation), source=f"FROM {before}")
            for step in steps
        ),
        before=before,
        number=NEXT_NUMBER.format(**names) if conversation_is_stored else FIRST_NUMBER,
        **names,
        **_build_placeholders(Turn),
    )


def _build_parameters(turn: Turn, limits: AdmissionLimits) -> dict[str, Any]:
    conversation, now = turn.conversation, timezone.now()
    is_stored = conversation.pk is not None
    values = _values(turn) | ({} if is_stored else _values(conversation))
    return values | {
        "owner": conversation.owner_id,
        "conversation": conversation.pk,
        "client": turn.client_id,
        "draft": turn.public_id,
        "now": now,
        "since": now - RESEND_WINDOW,
        "today": timezone.localdate(now),
        "a_day": limits.turns_a_day,
        "sign_outs": limits.sign_outs,
        "stops": list(limits.stops),
        "each": settings.TURNS_OPEN_EACH,
        "all": settings.TURNS_OPEN,
    }


def assign_keys(turn: Turn, conversation: int, key: int, number: int) -> None:
    """Set the keys of a draft, and of its conversation, that was inserted."""
    stored = turn.conversation
    stored.pk, turn.pk, turn.number = conversation, key, number
    # Assigned anew: after a changed key alone, Django would fetch the conversation again.
    turn.conversation = stored
    for row in (turn, stored):
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


@cache
def _columns(model: type[models.Model]) -> dict[str, Any]:
    """Return a model's fields by column, without those that the statement itself fills."""
    fields = (field for field in model._meta.concrete_fields if field.column not in GENERATED_COLUMNS)
    return {str(field.column): field for field in fields}


def _build_placeholders(model: type[models.Model]) -> dict[str, str]:
    """Return the columns of a row and the placeholders of their values."""
    values = ", ".join(f"%({model._meta.model_name}_{column})s" for column in _columns(model))
    return {"columns": ", ".join(_columns(model)), "values": values}


def _values(row: models.Model) -> dict[str, Any]:
    """Return a new row's values by placeholder."""
    values = {}
    for column, field in _columns(type(row)).items():
        value = field.pre_save(row, add=True)
        is_json = value is not None and isinstance(field, models.JSONField)
        values[f"{row._meta.model_name}_{column}"] = Jsonb(value) if is_json else value
    return values
