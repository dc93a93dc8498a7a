"""Log formatters, plain and JSON, that add the turn id and never print the message of an exception.

The message may contain a prompt or an answer, as when PostgreSQL quotes the row that violates a constraint.
Only the types and tracebacks of an exception and its causes are logged, and libraries' messages are cut.
"""

import logging
import textwrap
import traceback
from collections.abc import Mapping
from copy import copy
from datetime import UTC, datetime

import orjson

from aggregator.infra.telemetry import CURRENT_TURN

MAX_CHAINED_ERRORS = 20


class PlainFormatter(logging.Formatter):
    """Lines for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the turn id inside a turn."""
        # A copy, as other formatters see the same record and its cached exc_text.
        line, turn = copy(record), CURRENT_TURN.get()
        line.msg, line.args, line.exc_text = redact_message(record), (), None
        line.turn = f" [{turn}]" if turn else ""
        if record.exc_info and record.exc_info[1]:
            line.exc_info, line.exc_text = None, format_traceback(record.exc_info[1]).rstrip()
        return super().format(line)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact_message(record),
        }
        if turn := CURRENT_TURN.get():
            fields["turn"] = turn
        if record.exc_info and record.exc_info[1]:
            fields["error"] = type(record.exc_info[1]).__name__
            fields["trace"] = format_traceback(record.exc_info[1])
        return orjson.dumps(fields).decode()


def redact_message(record: logging.LogRecord) -> str:
    """Return the message without the exception texts that Celery and asyncio put into it."""
    if record.name.startswith("celery.") and isinstance(record.args, Mapping) and "exc" in record.args:
        kind = str(record.args["exc"]).partition("(")[0]
        return str(record.msg) % {**record.args, "exc": kind, "traceback": ""}
    message = record.getMessage()
    return message.partition("\n")[0] if record.name == "asyncio" else message


def format_traceback(error: BaseException, visited: frozenset[int] = frozenset()) -> str:
    """Return the tracebacks and types of an exception and its causes, oldest first, without messages."""
    visited |= {id(error)}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    is_first = cause is None or id(cause) in visited or len(visited) >= MAX_CHAINED_ERRORS
    lines = [] if cause is None or is_first else [format_traceback(cause, visited), "which led to\n"]
    lines += traceback.format_tb(error.__traceback__)
    lines.append(f"{type(error).__module__}.{type(error).__qualname__}\n")
    if isinstance(error, BaseExceptionGroup) and len(visited) < MAX_CHAINED_ERRORS:
        lines += (textwrap.indent(format_traceback(each, visited), "  ") for each in error.exceptions)
    return "".join(lines)
