"""The events of a turn with their times: from its log while that is kept, else estimated from its rows."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import redis
from django.conf import settings
from redis.exceptions import RedisError

from aggregator.models import Candidate, Turn, Usage
from aggregator.streaming.turn_feed import parse_entry, stream_key
from aggregator.streaming.turn_logs import choose_url

TIMEOUT_SECONDS = 2
# Texts that follow the first one of a candidate or an answer.
LATER_TEXTS = {"more", "candidate_delta", "answer_delta"}


@dataclass(frozen=True, slots=True)
class TimedEvent:
    """One event as JSON values; the events of one write to the log have its time."""

    at: dt.datetime
    kind: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Timeline:
    """A turn's events in order; `is_estimated` without the log, which knows more of them."""

    events: tuple[TimedEvent, ...]
    is_estimated: bool


def read_timeline(turn: Turn, candidates: Iterable[Candidate], usages: Iterable[Usage]) -> Timeline:
    """Return the timeline of a turn, without its texts."""
    logged = tuple(_read_log(str(turn.public_id)))
    if logged:
        return Timeline(logged, is_estimated=False)
    estimated = sorted(_estimate(turn, candidates, usages), key=lambda event: event.at)
    return Timeline(tuple(estimated), is_estimated=True)


def _read_log(public_id: str) -> Iterator[TimedEvent]:
    url = choose_url(settings.TURN_LOG_URLS or [settings.REDIS_URL], public_id)
    try:
        with redis.Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS) as client:
            rows = cast("list[Any]", client.xrange(stream_key(public_id)))
    except RedisError:
        # The page shows the rest of the turn without Valkey.
        return
    for entry in map(parse_entry, rows):
        # A snapshot, after a lost log, has no time of its own.
        if not entry.emitted_at:
            continue
        at = dt.datetime.fromtimestamp(entry.emitted_at, tz=dt.UTC)
        for document in entry.events:
            kind = str(document.get("type", ""))
            if kind in LATER_TEXTS and "ttft_ms" not in document and not document.get("first"):
                continue
            yield TimedEvent(at, kind, {name: value for name, value in document.items() if name != "text"})


def _estimate(turn: Turn, candidates: Iterable[Candidate], usages: Iterable[Usage]) -> Iterator[TimedEvent]:
    yield TimedEvent(turn.opened_at, "turn_opened")
    for row in candidates:
        name = {"candidate": str(row.public_id)}
        if row.ttft_ms is not None:
            yield TimedEvent(_after(turn, row.ttft_ms), "candidate_delta", name)
        if row.duration_ms:
            end = {"status": row.status, "error": row.error, "output_tokens": row.output_tokens}
            yield TimedEvent(_after(turn, row.duration_ms), "candidate_finished", name | end)
    for usage in usages:
        if usage.purpose != Usage.Purpose.CANDIDATE:
            yield TimedEvent(usage.created_at, usage.purpose, {"model": usage.model})
    if turn.closed_at is not None:
        yield TimedEvent(turn.closed_at, "turn_closed", {"status": turn.status, "error": turn.error})


def _after(turn: Turn, milliseconds: int) -> dt.datetime:
    return turn.opened_at + dt.timedelta(milliseconds=milliseconds)
