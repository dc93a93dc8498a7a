"""What turns tell whoever runs the house: spans of their stages, and whose every log line is; never a word.

Until `config.monitoring.telemetry` has somewhere to send spans, nothing of OpenTelemetry is even loaded.
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
    """A span to which figures can be added."""

    def set_attributes(self, attributes: Mapping[str, str | int]) -> None:
        """Add figures."""


class _NoopSpan:
    """What nobody hears."""

    def set_attributes(self, attributes: Mapping[str, str | int]) -> None:
        """Forget them."""


NOOP_SPAN = _NoopSpan()


def set_tracer(tracer: "Tracer") -> None:
    """Tell spans from now on."""
    _tracers[:] = [tracer]


@contextmanager
def bind_turn(turn: str) -> Iterator[None]:
    """Tell whatever is logged and traced inside as this turn's."""
    token = CURRENT_TURN.set(turn)
    try:
        with span("turn"):
            yield
    finally:
        CURRENT_TURN.reset(token)


@contextmanager
def span(name: str) -> Iterator[Span]:
    """Tell how long a stage takes, and by its kind what went wrong: an error's words may quote a prompt."""
    if not _tracers:
        yield NOOP_SPAN
        return
    from opentelemetry.trace import StatusCode

    with _tracers[0].start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    ) as told:
        if turn := CURRENT_TURN.get():
            told.set_attribute("turn", turn)
        try:
            yield told
        except BaseException as error:
            told.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def trace_parent(turn: str) -> str:
    """Return the place in a trace from which another process goes on with a turn; empty without traces."""
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
    """Go on with the trace of another process, in all that begins inside."""
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
    """Tell each run of a coroutine as a span; `span` itself decorates plain functions."""

    def decorate(stage: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        @functools.wraps(stage)
        async def run(*arguments: P.args, **options: P.kwargs) -> T:
            with span(name):
                return await stage(*arguments, **options)

        return run

    return decorate
