"""Log lines contain the turn id and never text of prompts or answers, whatever exception is logged."""

import asyncio
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from celery.app.trace import trace_task
from django.db import DatabaseError, connection, transaction

from aggregator.infra.telemetry import CURRENT_TURN
from aggregator.models import Candidate
from config.celery import app
from config.data_dir import ROOT
from config.monitoring.logs import JsonFormatter, PlainFormatter

PROMPT = "에이다의 비밀스러운 질문"
ANSWER = "모델의 비밀스러운 대답"
PLAIN = PlainFormatter("{levelname} {name}{turn}: {message}", style="{")
UVICORN = f"""
import logging, uvicorn
uvicorn.Config("config.asgi:application").load()
try:
    raise ValueError({ANSWER!r})
except ValueError as error:
    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=error)
"""


@pytest.fixture(params=[PLAIN, JsonFormatter()], ids=["plain", "json"])
def lines(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Everything logged during a test, inside a turn, in either format."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param)
    logging.getLogger().addHandler(handler)
    token = CURRENT_TURN.set("turn-1")
    yield stream
    CURRENT_TURN.reset(token)
    logging.getLogger().removeHandler(handler)


def log_fault(fault: Callable[[], object]) -> None:
    """Log the exception that a function raises."""
    try:
        fault()
    except Exception:
        logging.getLogger("tests.logs").exception("a command failed")


def quote() -> None:
    """Raise an exception that quotes a prompt."""
    raise ValueError(PROMPT)


def chain() -> None:
    """Raise a group of exceptions that quote, with a cause that quotes."""
    try:
        quote()
    except ValueError as error:
        raise ExceptionGroup(ANSWER, [KeyError(PROMPT), RuntimeError(ANSWER)]) from error


def store_half() -> None:
    """Insert a row that violates a constraint."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {Candidate._meta.db_table} (text) VALUES (%s)", [ANSWER])  # noqa: S608


def test_a_json_line_has_the_turn_and_the_exception_type() -> None:
    stream = io.StringIO()
    record = logging.LogRecord("tests.logs", logging.ERROR, "", 0, "a command failed", (), (None, None, None))
    assert "trace" not in json.loads(JsonFormatter().format(record))
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    token = CURRENT_TURN.set("turn-1")
    try:
        quote()
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)
        handler.emit(record)
    CURRENT_TURN.reset(token)
    line = json.loads(stream.getvalue())
    assert (line["turn"], line["level"], line["message"]) == ("turn-1", "ERROR", "a command failed")
    assert line["error"] == "ValueError"
    assert "in quote" in line["trace"]


def test_a_line_has_the_turn_and_the_type_and_place_of_each_exception(lines: io.StringIO) -> None:
    log_fault(chain)
    output = lines.getvalue()
    assert "turn-1" in output
    for kind in ("ExceptionGroup", "ValueError", "KeyError", "RuntimeError"):
        assert f"builtins.{kind}" in output
    assert "in quote" in output
    assert_silent(output)


@pytest.mark.django_db
def test_a_rejected_row_is_not_logged(lines: io.StringIO) -> None:
    with pytest.raises(DatabaseError, match=ANSWER):
        store_half()
    log_fault(store_half)
    assert "psycopg.errors.NotNullViolation" in lines.getvalue()
    assert_silent(lines.getvalue())


def test_the_text_that_another_formatter_cached_is_not_used(lines: io.StringIO) -> None:
    earlier = logging.StreamHandler(io.StringIO())
    logger = logging.getLogger("tests.logs")
    logger.addHandler(earlier)
    log_fault(quote)
    logger.removeHandler(earlier)
    assert PROMPT in earlier.stream.getvalue()
    assert_silent(lines.getvalue())


def test_celery_logs_no_exception_message(lines: io.StringIO) -> None:
    trace_task(app.task(name="tests.quote")(quote), "an-id", (), {}, {"id": "an-id"}, app=app)
    assert "Task tests.quote[an-id] raised unexpected: ValueError" in lines.getvalue()
    assert_silent(lines.getvalue())


async def test_asyncio_logs_no_message_of_an_unretrieved_exception(lines: io.StringIO) -> None:
    failed = asyncio.get_running_loop().create_future()
    failed.set_exception(ValueError(ANSWER))
    context = {"message": "never retrieved", "exception": failed.exception(), "future": failed}
    asyncio.get_running_loop().call_exception_handler(context)
    assert "never retrieved" in lines.getvalue()
    assert_silent(lines.getvalue())


@pytest.mark.parametrize("form", ["plain", "json"])
def test_uvicorn_uses_the_same_format(form: str) -> None:
    environment = {**os.environ, "LOG_FORMAT": form}
    output = subprocess.run(  # noqa: S603
        [sys.executable, "-c", UVICORN],
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=120,
        stderr=subprocess.PIPE,
    ).stderr.decode()
    assert "Exception in ASGI application" in output
    assert_silent(output)


def assert_silent(output: str) -> None:
    """Check that no prompt or answer is in the output, plain or JSON-escaped."""
    assert output
    for text in (PROMPT, ANSWER):
        assert text not in output
        assert json.dumps(text)[1:-1] not in output


def test_celery_keeps_the_logging_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("celery.app.log.Logging._setup", False)
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    app.log.setup(loglevel=logging.ERROR)
    assert (root.level, root.handlers) == before
