"""What turns tell whoever runs the house: spans of their stages, and whose every log line is; never a word.

Spans cost next to nothing until `config.telemetry` has somewhere to send them.
"""

import functools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from opentelemetry import trace

P = ParamSpec("P")
T = TypeVar("T")
TURN: ContextVar[str] = ContextVar("turn", default="")
_tracer = trace.get_tracer("jjamppong")


@contextmanager
def tell_turn(turn: str) -> Iterator[None]:
    """Tell whatever is logged and traced inside as this turn's."""
    token = TURN.set(turn)
    try:
        with span("turn"):
            yield
    finally:
        TURN.reset(token)


@contextmanager
def span(name: str) -> Iterator[trace.Span]:
    """Tell how long a stage takes, and by its kind what went wrong: an error's words may quote a prompt."""
    with _tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as told:
        if turn := TURN.get():
            told.set_attribute("turn", turn)
        try:
            yield told
        except BaseException as error:
            told.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise


def traced(name: str) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """Tell each run of a coroutine as a span; `span` itself decorates plain functions."""

    def decorate(stage: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        @functools.wraps(stage)
        async def run(*arguments: P.args, **options: P.kwargs) -> T:
            with span(name):
                return await stage(*arguments, **options)

        return run

    return decorate
