"""A stored turn with its conversation as bytes, so that the process that answers it need not read its row."""

from typing import Any

import orjson
from django.db import DEFAULT_DB_ALIAS, models

from accounts.models import User
from aggregator.models import Conversation, Turn

# A conversation that a program began may hold a long history: then the row is read.
MAX_ROW_BYTES = 64_000
# What a turn reads of its owner; nothing else of a person leaves the database.
OWNER_COLUMNS = ("id", "is_guest")


def encode_turn(turn: Turn) -> bytes:
    """Return a stored turn's row and its conversation's, or b"" if they are too long."""
    conversation = turn.conversation
    rows = {"turn": _encode_row(turn), "conversation": _encode_row(conversation)}
    if Conversation.owner.is_cached(conversation):
        rows["owner"] = {name: getattr(conversation.owner, name) for name in OWNER_COLUMNS}
    encoded = orjson.dumps(rows)
    return encoded if len(encoded) <= MAX_ROW_BYTES else b""


def decode_turn(encoded: bytes) -> Turn:
    """Return the turn of encoded rows, as if it had been read; raises ValueError or ValidationError.

    A column that only another release knows is left out.
    """
    rows = orjson.loads(encoded)
    turn: Turn = _decode_row(Turn, rows["turn"])
    turn.conversation = _decode_row(Conversation, rows["conversation"])
    if owner := rows.get("owner"):
        # Its other columns are deferred: reading one of them would query.
        values = [owner[name] for name in OWNER_COLUMNS]
        turn.conversation.owner = User.from_db(DEFAULT_DB_ALIAS, OWNER_COLUMNS, values)
    return turn


def _encode_row(row: models.Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def _decode_row(model: "type[Any]", values: dict[str, Any]) -> Any:
    known = {
        field.attname: field.to_python(values[field.attname])
        for field in model._meta.concrete_fields
        if field.attname in values
    }
    row = model(**known)
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row
