"""Stores a new turn, with its conversation where that is new too, in one statement that checks who may."""

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

# How long a page that was away may still send a prompt that had arrived.
RESEND_WINDOW = dt.timedelta(days=1)

# A conversation is never older than its turns, and its age is in the index of its owner's.
ADMISSION = """
own AS (
    SELECT turn.id, turn.public_id, turn.client_id, turn.conversation_id, turn.number, turn.status
    FROM {turns} turn JOIN {conversations} held ON held.id = turn.conversation_id
    WHERE held.owner_id = %(owner)s AND held.updated_at >= %(since)s
),
admission AS (
    SELECT
        (SELECT id FROM own WHERE (client_id = %(client)s AND {same_place}) OR public_id = %(draft)s
            LIMIT 1) AS sent,
        coalesce(
            (SELECT opened FROM {days} WHERE person_id = %(owner)s AND day = %(today)s), 0
        ) AS opened_today,
        EXISTS (
            SELECT FROM {people} WHERE id = %(owner)s AND is_active AND sign_outs = %(sign_outs)s
        ) AS is_signed_in,
        (SELECT count(*) FROM own WHERE status = 'running'
            AND (conversation_id = %(held)s AND number >= %(replaces)s) IS NOT TRUE) AS running,
        (SELECT count(*) FROM {turns} WHERE status = 'running') AS all_running
),
room AS (
    SELECT FROM admission
    WHERE sent IS NULL AND is_signed_in
        AND opened_today < %(a_day)s AND running < %(each)s AND all_running < %(all)s
)"""
# Who comes second at the same moment waits here, and may find the day used up.
COUNT_TURN = """counted AS (
    INSERT INTO {days} AS day (person_id, day, opened) SELECT %(owner)s, %(today)s, 1 FROM {before}
    ON CONFLICT (person_id, day) DO UPDATE SET opened = day.opened + 1 WHERE day.opened < %(a_day)s
    RETURNING opened
)"""
# Rows are locked in one order everywhere: a conversation that is there already before its owner's count.
BEFORE_NEW_CONVERSATION, BEFORE_EXISTING_CONVERSATION = "room", "conversation"
INSERT_CONVERSATION = """conversation AS (
    INSERT INTO {conversations} ({columns}) SELECT {values} FROM counted RETURNING id
)"""
TOUCH_CONVERSATION = """conversation AS (
    UPDATE {conversations} SET updated_at = %(now)s FROM room
    WHERE id = %(held)s AND owner_id = %(owner)s RETURNING id
)"""
# A page that sends its first prompt twice does not know the id of the conversation which that began.
ANY_CONVERSATION, SAME_CONVERSATION = "true", "conversation_id = %(held)s"
FIRST_NUMBER, NEXT_NUMBER = (
    "1",
    "(SELECT coalesce(max(number), 0) + 1 FROM {turns} WHERE conversation_id = %(held)s)",
)
INSERT_TURN = """
WITH {admission},
{steps},
turn AS (
    INSERT INTO {turns} (conversation_id, number, {columns})
    SELECT conversation.id, {number}, {values} FROM conversation, counted RETURNING id, number
)
SELECT
    sent, is_signed_in,
    CASE WHEN EXISTS (SELECT FROM {before}) AND NOT EXISTS (SELECT FROM counted) THEN %(a_day)s
        ELSE opened_today END,
    running, all_running, conversation.id, turn.id, turn.number
FROM admission LEFT JOIN conversation ON true LEFT JOIN turn ON true"""

GENERATED_COLUMNS = ("id", "conversation_id", "number")


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """Within which limits a person opens turns: how many a day, and not after having left.

    Turns of its conversation from the number `replaces` on make room for it.
    """

    turns_a_day: int
    sign_outs: int
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class InsertOutcome:
    """Where a new turn was to stand: the row sent before as the same, what is against it, what was stored."""

    sent: int | None
    is_signed_in: bool
    opened_today: int
    running: int
    all_running: int
    conversation: int | None
    turn: int | None
    number: int | None


def insert_turn(turn: Turn, *, limits: AdmissionLimits) -> InsertOutcome:
    """Store a draft at the end of its conversation unless it was sent before or somebody has too many.

    Two that arrive at once may be dealt the same number, or begin the same draft: IntegrityError.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_build_statement(turn.conversation.pk is not None), _build_parameters(turn, limits))
        outcome = InsertOutcome(*cursor.fetchone())
    return _record_outcome(turn, outcome)


async def ainsert_turn(
    turn: Turn, *, limits: AdmissionLimits, on_admitted: Callable[[], None]
) -> InsertOutcome:
    """Insert a turn on the event loop; `on_admitted` is called once it is admitted, before the commit."""
    store = partial(_send_insert, turn, limits, on_admitted)
    return _record_outcome(turn, await in_transaction(store, order=turn.conversation.owner_id))


async def _send_insert(
    turn: Turn, limits: AdmissionLimits, on_admitted: Callable[[], None], connection: Connection
) -> Reply[InsertOutcome]:
    is_held = turn.conversation.pk is not None
    cursor = await connection.execute(_build_statement(is_held), _build_parameters(turn, limits))

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
def _build_statement(is_held: bool) -> str:
    """Return the statement that stores a draft, at the end of a held conversation or with a new one."""
    tables = {"turns": Turn, "conversations": Conversation, "days": DayCount, "people": User}
    names = {name: model._meta.db_table for name, model in tables.items()}
    steps = (TOUCH_CONVERSATION, COUNT_TURN) if is_held else (COUNT_TURN, INSERT_CONVERSATION)
    before = BEFORE_EXISTING_CONVERSATION if is_held else BEFORE_NEW_CONVERSATION
    return INSERT_TURN.format(
        admission=ADMISSION.format(**names, same_place=SAME_CONVERSATION if is_held else ANY_CONVERSATION),
        steps=",\n".join(
            step.format(**names, **_build_placeholders(Conversation), before=before) for step in steps
        ),
        before=before,
        number=NEXT_NUMBER.format(**names) if is_held else FIRST_NUMBER,
        **names,
        **_build_placeholders(Turn),
    )


def _build_parameters(turn: Turn, limits: AdmissionLimits) -> dict[str, Any]:
    """Return what the statement is given."""
    conversation, now = turn.conversation, timezone.now()
    is_held = conversation.pk is not None
    values = _values(turn) | ({} if is_held else _values(conversation))
    return values | {
        "owner": conversation.owner_id,
        "held": conversation.pk,
        "client": turn.client_id,
        "draft": turn.public_id,
        "now": now,
        "since": now - RESEND_WINDOW,
        "today": timezone.localdate(now),
        "a_day": limits.turns_a_day,
        "sign_outs": limits.sign_outs,
        "replaces": limits.replaces,
        "each": settings.TURNS_OPEN_EACH,
        "all": settings.TURNS_OPEN,
    }


def assign_keys(turn: Turn, conversation: int, key: int, number: int) -> None:
    """Let a draft know its rows."""
    held = turn.conversation
    held.pk, turn.pk, turn.number = conversation, key, number
    # Assigned anew: a changed key alone would make the turn forget its conversation and read it again.
    turn.conversation = held
    for row in (turn, held):
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


@cache
def _columns(model: type[models.Model]) -> dict[str, Any]:
    """Return a model's fields by their columns, those left out that the statement itself fills."""
    fields = (field for field in model._meta.concrete_fields if field.column not in GENERATED_COLUMNS)
    return {str(field.column): field for field in fields}


def _build_placeholders(model: type[models.Model]) -> dict[str, str]:
    """Return the columns of a row and the places of their values."""
    values = ", ".join(f"%({model._meta.model_name}_{column})s" for column in _columns(model))
    return {"columns": ", ".join(_columns(model)), "values": values}


def _values(row: models.Model) -> dict[str, Any]:
    """Return a new row's values as the database takes them."""
    given = {}
    for column, field in _columns(type(row)).items():
        value = field.pre_save(row, add=True)
        is_json = value is not None and isinstance(field, models.JSONField)
        given[f"{row._meta.model_name}_{column}"] = Jsonb(value) if is_json else value
    return given
