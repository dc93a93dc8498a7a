"""Log lines: for people, or as JSON for machines; both name the turn that they belong to, and quote no error.

An error's words may hold a prompt or an answer, as when the database shows the row that it did not take. So
its kind and place are told, and those of what led to it, and what libraries quote of it is left out.
"""

import logging
import textwrap
import traceback
from collections.abc import Mapping
from copy import copy
from datetime import UTC, datetime

import orjson

from aggregator.infra.telemetry import CURRENT_TURN

# Of a longer chain of errors the latest are told.
MAX_CHAINED_ERRORS = 20


class PlainFormatter(logging.Formatter):
    """A line for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the turn's id where there is a turn."""
        # What is set here is not for other formatters, nor is what they have made of the error for this one.
        line, turn = copy(record), CURRENT_TURN.get()
        line.msg, line.args, line.exc_text = redact_message(record), (), None
        line.turn = f" [{turn}]" if turn else ""
        if record.exc_info and record.exc_info[1]:
            line.exc_info, line.exc_text = None, format_traceback(record.exc_info[1]).rstrip()
        return super().format(line)


class JsonFormatter(logging.Formatter):
    """A line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact_message(record),
        }
        if turn := CURRENT_TURN.get():
            told["turn"] = turn
        if record.exc_info and record.exc_info[1]:
            told["error"] = type(record.exc_info[1]).__name__
            told["trace"] = format_traceback(record.exc_info[1])
        return orjson.dumps(told).decode()


def redact_message(record: logging.LogRecord) -> str:
    """Return a record's message without the words of errors that Celery and asyncio put into theirs."""
    if record.name.startswith("celery.") and isinstance(record.args, Mapping) and "exc" in record.args:
        kind = str(record.args["exc"]).partition("(")[0]
        return str(record.msg) % {**record.args, "exc": kind, "traceback": ""}
    message = record.getMessage()
    return message.partition("\n")[0] if record.name == "asyncio" else message


def format_traceback(error: BaseException, told: frozenset[int] = frozenset()) -> str:
    """Return where an error arose and of which kind it is, after what led to it; no word of any."""
    told |= {id(error)}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    is_told = cause is None or id(cause) in told or len(told) >= MAX_CHAINED_ERRORS
    lines = [] if cause is None or is_told else [format_traceback(cause, told), "which led to\n"]
    lines += traceback.format_tb(error.__traceback__)
    lines.append(f"{type(error).__module__}.{type(error).__qualname__}\n")
    if isinstance(error, BaseExceptionGroup) and len(told) < MAX_CHAINED_ERRORS:
        lines += (textwrap.indent(format_traceback(each, told), "  ") for each in error.exceptions)
    return "".join(lines)
