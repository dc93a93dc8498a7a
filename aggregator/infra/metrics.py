"""Prometheus metrics of turns: counts and durations, no text of a conversation."""

from functools import cache
from typing import Any

from prometheus_client import Counter, Gauge, Histogram, generate_latest, start_http_server

from aggregator.domain.turn_state import CandidateState, TurnState

DURATION_BUCKETS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 180)
LAG_BUCKETS = (0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 5)
RATE_BUCKETS = (2, 5, 10, 20, 40, 60, 80, 120, 200)

TURNS = Counter("jjamppong_turns", "Turns that ended.", ["status"])
TURN_SECONDS = Histogram(
    "jjamppong_turn_seconds", "From a turn's opening to its end.", buckets=DURATION_BUCKETS
)
FIRST_TEXT = Histogram(
    "jjamppong_first_text_seconds",
    "From asking a model to its first text.",
    ["model"],
    buckets=DURATION_BUCKETS,
)
TOKENS_A_SECOND = Histogram(
    "jjamppong_tokens_per_second",
    "How fast a model wrote after its first text.",
    ["model"],
    buckets=RATE_BUCKETS,
)
CANDIDATES = Counter("jjamppong_candidates", "Candidates that ended.", ["model", "status", "error"])
TOKENS = Counter("jjamppong_output_tokens", "Tokens that models wrote.", ["model"])
RUNNING = Gauge("jjamppong_turns_running", "Turns that run now.")
WAITING = Gauge("jjamppong_turns_waiting", "Turns that wait for a place.")
FRAMES = Counter("jjamppong_frames", "Frames sent to pages.")
FRAME_LAG = Histogram(
    "jjamppong_frame_lag_seconds", "From an event to its frame being sent.", buckets=LAG_BUCKETS
)
LAGGED_PAGES = Counter(
    "jjamppong_pages_lagged", "Times that a slow page was sent a whole turn in place of frames."
)


@cache
def _with_labels(metric: Any, *labels: str) -> Any:
    # Looking up a label takes a lock, and longer than counting.
    return metric.labels(*labels)


def record_candidate(candidate: CandidateState) -> None:
    """Record a candidate that has ended."""
    _with_labels(CANDIDATES, candidate.model, candidate.status, candidate.error).inc()
    _with_labels(TOKENS, candidate.model).inc(candidate.output_tokens)
    if candidate.ttft_ms is not None:
        _with_labels(FIRST_TEXT, candidate.model).observe(candidate.ttft_ms / 1000)
    if candidate.tokens_per_second is not None:
        _with_labels(TOKENS_A_SECOND, candidate.model).observe(candidate.tokens_per_second)


def record_turn(state: TurnState) -> None:
    """Record a turn that has ended."""
    TURNS.labels(state.status).inc()
    TURN_SECONDS.observe(state.duration_ms / 1000)


def render_metrics() -> bytes:
    """Return the metrics of this process in the Prometheus text format."""
    return generate_latest()


def serve_metrics(port: int, host: str) -> None:
    """Serve the metrics of a process without a web server."""
    start_http_server(port, addr=host)
