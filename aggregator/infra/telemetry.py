"""Tracing spans of a turn's stages, and the turn that a log record belongs to; no text of a conversation.

OpenTelemetry is not imported before `config.monitoring.telemetry` sets a tracer.
"""

import functools
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

P = ParamSpec("P")
T = TypeVar("T")
PARENT = "traceparent"
CURRENT_TURN: ContextVar[str] = ContextVar("turn", default="")
_tracers: "list[Tracer]" = []


class Span(Protocol):
    """A span that attributes can be added to."""

    def set_attributes(self, attributes: Mapping[str, str | int]) -> None:
        """Add attributes."""


class _NoopSpan:
    """A span without a tracer."""

    def set_attributes(self, attributes: Mapping[str, str | int]) -> None:
        """Do nothing."""


NOOP_SPAN = _NoopSpan()


def set_tracer(tracer: "Tracer") -> None:
    """Send spans to this tracer from now on."""
    _tracers[:] = [tracer]


@contextmanager
def bind_turn(turn: str) -> Iterator[None]:
    """Mark all log records and spans inside as this turn's."""
    token = CURRENT_TURN.set(turn)
    try:
        with span("turn"):
            yield
    finally:
        CURRENT_TURN.reset(token)


@contextmanager
def span(name: str) -> Iterator[Span]:
    """Trace a stage; of an error only the type is recorded, because its message may quote a prompt."""
    if not _tracers:
        yield NOOP_SPAN
        return
    from opentelemetry.trace import StatusCode

    with _tracers[0].start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    ) as current:
        if turn := CURRENT_TURN.get():
            current.set_attribute("turn", turn)
        try:
            yield current
        except BaseException as error:
            current.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def trace_parent(turn: str) -> str:
    """Return the W3C `traceparent` with which another process continues a turn's trace; empty without one."""
    if not _tracers:
        return ""
    from opentelemetry import propagate

    carrier: dict[str, str] = {}
    token = CURRENT_TURN.set(turn)
    with span("hand over"):
        propagate.inject(carrier)
    CURRENT_TURN.reset(token)
    return carrier.get(PARENT, "")


@contextmanager
def continue_trace(parent: str) -> Iterator[None]:
    """Continue the trace of another process inside."""
    if not (_tracers and parent):
        yield
        return
    from opentelemetry import context, propagate

    token = context.attach(propagate.extract({PARENT: parent}))
    try:
        yield
    finally:
        context.detach(token)


def traced(name: str) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """Decorate a coroutine function to trace each call; `span` itself decorates plain functions."""

    def decorate(stage: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        @functools.wraps(stage)
        async def run(*arguments: P.args, **options: P.kwargs) -> T:
            with span(name):
                return await stage(*arguments, **options)

        return run

    return decorate
