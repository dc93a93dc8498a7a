"""What turns show of themselves to Prometheus: counts and times, never a word of anybody's."""

from functools import cache
from typing import Any

from prometheus_client import Counter, Gauge, Histogram, generate_latest, start_http_server

from aggregator.turn_state import CandidateState, TurnState

SECONDS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 180)
LAGS = (0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 5)
RATES = (2, 5, 10, 20, 40, 60, 80, 120, 200)

TURNS = Counter("jjamppong_turns", "Turns that ended.", ["status"])
TURN_SECONDS = Histogram("jjamppong_turn_seconds", "From a turn's opening to its end.", buckets=SECONDS)
FIRST_TEXT = Histogram(
    "jjamppong_first_text_seconds", "From asking a model to its first text.", ["model"], buckets=SECONDS
)
TOKENS_A_SECOND = Histogram(
    "jjamppong_tokens_per_second", "How fast a model wrote after its first text.", ["model"], buckets=RATES
)
ANSWERS = Counter("jjamppong_candidates", "Candidates that ended.", ["model", "status", "error"])
TOKENS = Counter("jjamppong_output_tokens", "Tokens that models wrote.", ["model"])
RUNNING = Gauge("jjamppong_turns_running", "Turns that run now.")
WAITING = Gauge("jjamppong_turns_waiting", "Turns that wait for a place.")
FRAMES = Counter("jjamppong_frames", "Frames sent to pages.")
FRAME_LAG = Histogram("jjamppong_frame_lag_seconds", "From an event to its frame being sent.", buckets=LAGS)
LAGGED = Counter("jjamppong_pages_lagged", "Times that a slow page was sent a whole turn in place of frames.")


@cache
def _labelled(metric: Any, *labels: str) -> Any:
    # Looking a label up takes a lock and longer than counting.
    return metric.labels(*labels)


def note_candidate(seat: CandidateState) -> None:
    """Count a candidate that has ended."""
    _labelled(ANSWERS, seat.model, seat.status, seat.error).inc()
    _labelled(TOKENS, seat.model).inc(seat.output_tokens)
    if seat.ttft_ms is not None:
        _labelled(FIRST_TEXT, seat.model).observe(seat.ttft_ms / 1000)
    if seat.tokens_per_second is not None:
        _labelled(TOKENS_A_SECOND, seat.model).observe(seat.tokens_per_second)


def note_turn(state: TurnState) -> None:
    """Count a turn that has ended."""
    TURNS.labels(state.status).inc()
    TURN_SECONDS.observe(state.duration_ms / 1000)


def read_metrics() -> bytes:
    """Return the figures of this process in Prometheus' own words."""
    return generate_latest()


def serve_metrics(port: int, host: str) -> None:
    """Serve the figures of a process that has no pages."""
    start_http_server(port, addr=host)
