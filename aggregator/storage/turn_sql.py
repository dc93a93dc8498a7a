"""The statements that keep a turn, several times each: worded here, as the ORM would word them each time."""

from functools import cache
from typing import Any

from aggregator.models import Candidate, Conversation, Turn, Usage

TABLES = {
    "turns": Turn._meta.db_table,
    "conversations": Conversation._meta.db_table,
    "candidates": Candidate._meta.db_table,
    "usages": Usage._meta.db_table,
}
# The columns of a turn that is put back to work.
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
LOCK_TURN = "SELECT FROM {turns} WHERE id = %(turn)s FOR UPDATE".format(**TABLES)
# What is asked again already is not put back to what it was.
UPSERT_CANDIDATES = """
INSERT INTO {candidates} AS kept (
    turn_id, public_id, position, model, model_name, vendor, status, attempt, text, finish_reason, error,
    ttft_ms, duration_ms, input_tokens, output_tokens, cost_micros, stands_in_for
)
SELECT %(turn)s, incoming.* FROM jsonb_to_recordset(%(rows)s::jsonb) AS incoming (
    public_id uuid, position int, model text, model_name text, vendor text, status text, attempt int,
    text text, finish_reason text, error text, ttft_ms int, duration_ms int, input_tokens int,
    output_tokens int, cost_micros bigint, stands_in_for uuid
)
WHERE EXISTS (SELECT FROM {turns} WHERE id = %(turn)s)
ON CONFLICT (public_id) DO UPDATE SET
    position = excluded.position, status = excluded.status, attempt = excluded.attempt, text = excluded.text,
    finish_reason = excluded.finish_reason, error = excluded.error, ttft_ms = excluded.ttft_ms,
    duration_ms = excluded.duration_ms, input_tokens = excluded.input_tokens,
    output_tokens = excluded.output_tokens, cost_micros = excluded.cost_micros
WHERE kept.attempt <= excluded.attempt""".format(**TABLES)
# A call is counted though its turn was deleted while it ran.
INSERT_USAGES = """
INSERT INTO {usages} (
    turn_id, candidate_id, call_id, purpose, model, provider, input_tokens, output_tokens, source,
    cost_micros, created_at
)
SELECT held.id, asked.id, call.call_id, call.purpose, call.model, call.provider, call.input_tokens,
    call.output_tokens, call.source, call.cost_micros, now()
FROM jsonb_to_recordset(%(rows)s::jsonb) AS call (
    call_id uuid, purpose text, model text, provider text, input_tokens int, output_tokens int, source text,
    cost_micros bigint, candidate text
)
LEFT JOIN {turns} held ON held.id = %(turn)s
LEFT JOIN {candidates} asked ON asked.turn_id = %(turn)s AND asked.public_id::text = call.candidate
ON CONFLICT DO NOTHING""".format(**TABLES)
TOUCH_CONVERSATION = """
UPDATE {conversations} SET updated_at = %(now)s WHERE id = %(conversation)s""".format(**TABLES)
UPDATE_TURN = """
UPDATE {turns} SET {places}{also} WHERE id = %(turn)s"""
SET_ANSWER_CANDIDATE = ", answer_candidate_id = (SELECT id FROM {candidates} WHERE public_id = %(answer)s)"
# What the books say, not what a pass remembers: a turn that was reopened has calls of earlier passes.
SET_COST = """,
    cost_micros = (SELECT coalesce(sum(cost_micros), 0) FROM {usages} WHERE turn_id = %(turn)s)"""
INCREMENT_ATTEMPT = ", attempt = attempt + 1"
PENDING_COLUMNS = ("public_id", "position", "model", "model_name", "vendor", "attempt")
SELECT_PENDING = """
SELECT turn.stop_asked_at IS NOT NULL, {columns}
FROM {turns} turn LEFT JOIN {candidates} asked ON asked.turn_id = turn.id AND asked.status = 'waiting'
WHERE turn.id = %(turn)s ORDER BY asked.position""".format(
    columns=", ".join(f"asked.{column}" for column in PENDING_COLUMNS), **TABLES
)


@cache
def build_update(columns: tuple[str, ...], also: str) -> str:
    """Return the statement that sets columns of a turn, `also` those that are worked out."""
    places = ", ".join(f"{column} = %({column})s" for column in columns)
    return UPDATE_TURN.format(places=places, also=also.format(**TABLES), **TABLES)
