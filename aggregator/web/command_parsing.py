"""Reads the fields of a command that a page sends over its socket; raises Refusal, KeyError or ValueError."""

import uuid
from typing import Any

from aggregator.models import Turn
from aggregator.services.candidates import PANEL_LIMIT
from aggregator.services.refusal import Refusal
from aggregator.services.turns import TurnRequest
from aggregator.streaming.turn_feed import MAX_SEQ

# No model's slug is longer.
SLUG_LIMIT = 80
Command = dict[str, Any]


def parse_id(command: Command, field: str) -> uuid.UUID:
    """Return an id that a command names."""
    return uuid.UUID(str(command[field]))


def parse_turn_request(command: Command, *, device: str, replaced: Turn | None = None) -> TurnRequest:
    """Return the turn that a command asks for; what it leaves out is as in the turn that it replaces."""
    keeps_prompt = replaced is not None and command["type"] != "edit"
    prompt = replaced.prompt if replaced and keeps_prompt else str(command["prompt"])
    strategy, panel = _parse_strategy(command), _parse_panel(command)
    if replaced:
        strategy, panel = strategy or replaced.asked_strategy, panel or tuple(replaced.asked_panel)
    is_follow_up = replaced is None and command.get("conversation")
    return TurnRequest(
        prompt=prompt,
        client_id=parse_id(command, "client_id"),
        conversation=parse_id(command, "conversation") if is_follow_up else None,
        strategy=strategy,
        panel=panel,
        device=device,
    )


def parse_after_seq(command: Command) -> int:
    """Return the number of the last event that a page has of a turn."""
    seq = int(command.get("after_seq", 0))
    if seq > MAX_SEQ:
        raise Refusal("malformed")
    return max(0, seq)


def _parse_strategy(command: Command) -> str:
    strategy = command.get("strategy") or ""
    if strategy and strategy not in Turn.Strategy.values:
        raise Refusal("malformed")
    return str(strategy)


def _parse_panel(command: Command) -> tuple[str, ...]:
    panel = command.get("panel") or []
    slugs = tuple(map(str, panel)) if isinstance(panel, list) else ()
    if len(slugs) != len(panel) or len(slugs) > PANEL_LIMIT or not all(map(_is_slug, slugs)):
        raise Refusal("malformed")
    return slugs


def _is_slug(text: str) -> bool:
    return text.isprintable() and len(text) <= SLUG_LIMIT
