"""Stores a new turn, with its conversation where that is new too, in one statement that checks who may."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from aggregator.clock import midnight
from aggregator.models import Conversation, Turn

# How long a page that was away may still send a prompt that had arrived.
SENT_AGAIN_WITHIN = dt.timedelta(days=1)

# A conversation is never older than its turns, and its age is in the index of its owner's.
STANDING = """
own AS (
    SELECT turn.id, turn.public_id, turn.client_id, turn.conversation_id, turn.status, turn.opened_at
    FROM {turns} turn JOIN {conversations} held ON held.id = turn.conversation_id
    WHERE held.owner_id = %(owner)s AND held.updated_at >= %(since)s
),
standing AS (
    SELECT
        (SELECT id FROM own WHERE (client_id = %(client)s AND {same_place}) OR public_id = %(draft)s
            LIMIT 1) AS sent,
        (SELECT count(*) FROM own WHERE opened_at >= %(midnight)s) AS opened_today,
        (SELECT count(*) FROM own WHERE status = 'running') AS running,
        (SELECT count(*) FROM {turns} WHERE status = 'running') AS all_running
),
room AS (
    SELECT FROM standing
    WHERE sent IS NULL AND opened_today < %(a_day)s AND running < %(each)s AND all_running < %(all)s
)"""
NEW_CONVERSATION = "INSERT INTO {conversations} ({columns}) SELECT {values} FROM room RETURNING id"
HELD_CONVERSATION = """
    UPDATE {conversations} SET updated_at = %(now)s FROM room
    WHERE id = %(held)s AND owner_id = %(owner)s RETURNING id"""
# A page that sends its first prompt twice does not know the id of the conversation which that began.
ANYWHERE, IN_THE_HELD = "true", "conversation_id = %(held)s"
FIRST, NEXT = "1", "(SELECT coalesce(max(number), 0) + 1 FROM {turns} WHERE conversation_id = %(held)s)"
STORE = """
WITH {standing},
conversation AS ({conversation}),
turn AS (
    INSERT INTO {turns} (conversation_id, number, {columns})
    SELECT conversation.id, {number}, {values} FROM conversation RETURNING id, number
)
SELECT sent, opened_today, running, all_running, conversation.id, turn.id, turn.number
FROM standing LEFT JOIN conversation ON true LEFT JOIN turn ON true"""


@dataclass(frozen=True, slots=True)
class Ledge:
    """Where a new turn was to stand: the row sent before under its id, who runs how many, what was stored."""

    sent: int | None
    opened_today: int
    running: int
    all_running: int
    conversation: int | None
    turn: int | None
    number: int | None


def store_turn(turn: Turn, *, turns_a_day: int, on_room: Callable[[], None]) -> Ledge:
    """Store a draft at the end of its conversation unless it was sent before or somebody has too many.

    `on_room` is called when there is room for it, before it is on disk. Two that arrive at once may be dealt
    the same number, or begin the same draft: IntegrityError.
    """
    statement, given = _word(turn)
    given |= {"a_day": turns_a_day, "each": settings.TURNS_OPEN_EACH, "all": settings.TURNS_OPEN}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement, given)
            ledge = Ledge(*cursor.fetchone())
        if ledge.turn:
            on_room()
    if ledge.conversation and ledge.turn and ledge.number:
        mark_stored(turn, ledge.conversation, ledge.turn, ledge.number)
    return ledge


def _word(turn: Turn) -> tuple[str, dict[str, Any]]:
    """Return the statement that stores a draft, and what it is given."""
    conversation, now = turn.conversation, timezone.now()
    is_held = conversation.pk is not None
    names = {"turns": Turn._meta.db_table, "conversations": Conversation._meta.db_table}
    own, given = _lay_out(turn, "t", {"id", "conversation", "number"})
    opening = HELD_CONVERSATION.format(**names)
    if not is_held:
        theirs, conversation_given = _lay_out(conversation, "c", {"id"})
        opening, given = NEW_CONVERSATION.format(**names, **theirs), given | conversation_given
    statement = STORE.format(
        standing=STANDING.format(**names, same_place=IN_THE_HELD if is_held else ANYWHERE),
        conversation=opening,
        number=NEXT.format(**names) if is_held else FIRST,
        **names,
        **own,
    )
    return statement, given | {
        "owner": conversation.owner_id,
        "held": conversation.pk,
        "client": turn.client_id,
        "draft": turn.public_id,
        "now": now,
        "since": now - SENT_AGAIN_WITHIN,
        "midnight": midnight(now),
    }


def mark_stored(turn: Turn, conversation: int, key: int, number: int) -> None:
    """Let a draft know its rows."""
    held = turn.conversation
    held.pk, turn.pk, turn.number = conversation, key, number
    # Assigned anew: a changed key alone would make the turn forget its conversation and read it again.
    turn.conversation = held
    for row in (turn, held):
        row._state.adding, row._state.db = False, connection.alias


def _lay_out(row: models.Model, prefix: str, without: set[str]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the columns of a row, the places of their values, and the values as the database takes them."""
    fields = [field for field in row._meta.concrete_fields if field.name not in without]
    given = {
        f"{prefix}_{field.column}": field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for field in fields
    }
    places = {"columns": ", ".join(str(field.column) for field in fields)}
    return places | {"values": ", ".join(f"%({name})s" for name in given)}, given
