"""Log lines: for people, or as JSON for machines; both name the turn that they belong to."""

import logging
import traceback
from datetime import UTC, datetime

import orjson

from aggregator.telemetry import TURN


class PlainFormatter(logging.Formatter):
    """A line for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the turn's id where there is a turn."""
        turn = TURN.get()
        record.turn = f" [{turn}]" if turn else ""
        return super().format(record)


class JsonFormatter(logging.Formatter):
    """A line of JSON; of an error its kind and place are told, not its words, which may quote a prompt."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if turn := TURN.get():
            told["turn"] = turn
        if record.exc_info and record.exc_info[0]:
            told["error"] = record.exc_info[0].__name__
            told["trace"] = "".join(traceback.format_tb(record.exc_info[2]))
        return orjson.dumps(told).decode()
