"""Log lines name the turn that they belong to and hold no word of it, whatever went wrong."""

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
    """All that is logged meanwhile, inside a turn, in either form."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param)
    logging.getLogger().addHandler(handler)
    token = CURRENT_TURN.set("turn-1")
    yield stream
    CURRENT_TURN.reset(token)
    logging.getLogger().removeHandler(handler)


def log_fault(fault: Callable[[], object]) -> None:
    """Log what goes wrong."""
    try:
        fault()
    except Exception:
        logging.getLogger("tests.logs").exception("a wish failed")


def quote() -> None:
    """Fail with words of a person."""
    raise ValueError(PROMPT)


def chain() -> None:
    """Fail because of what the words of a person had done, several at once."""
    try:
        quote()
    except ValueError as error:
        raise ExceptionGroup(ANSWER, [KeyError(PROMPT), RuntimeError(ANSWER)]) from error


def store_half() -> None:
    """Fail as a row does that the database does not take."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {Candidate._meta.db_table} (text) VALUES (%s)", [ANSWER])  # noqa: S608


def test_a_line_for_machines_names_the_turn_and_the_kind_of_an_error() -> None:
    stream = io.StringIO()
    record = logging.LogRecord("tests.logs", logging.ERROR, "", 0, "a wish failed", (), (None, None, None))
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
    told = json.loads(stream.getvalue())
    assert (told["turn"], told["level"], told["message"]) == ("turn-1", "ERROR", "a wish failed")
    assert told["error"] == "ValueError"
    assert "in quote" in told["trace"]


def test_a_line_for_people_names_the_turn_and_each_error_s_kind_and_place(lines: io.StringIO) -> None:
    log_fault(chain)
    told = lines.getvalue()
    assert "turn-1" in told
    for kind in ("ExceptionGroup", "ValueError", "KeyError", "RuntimeError"):
        assert f"builtins.{kind}" in told
    assert "in quote" in told
    assert_silent(told)


@pytest.mark.django_db
def test_the_row_that_a_database_did_not_take_is_not_shown(lines: io.StringIO) -> None:
    with pytest.raises(DatabaseError, match=ANSWER):
        store_half()
    log_fault(store_half)
    assert "psycopg.errors.NotNullViolation" in lines.getvalue()
    assert_silent(lines.getvalue())


def test_what_another_formatter_has_made_of_an_error_is_not_taken_over(lines: io.StringIO) -> None:
    earlier = logging.StreamHandler(io.StringIO())
    logger = logging.getLogger("tests.logs")
    logger.addHandler(earlier)
    log_fault(quote)
    logger.removeHandler(earlier)
    assert PROMPT in earlier.stream.getvalue()
    assert_silent(lines.getvalue())


def test_celery_quotes_no_error_of_a_task(lines: io.StringIO) -> None:
    trace_task(app.task(name="tests.quote")(quote), "an-id", (), {}, {"id": "an-id"}, app=app)
    assert "Task tests.quote[an-id] raised unexpected: ValueError" in lines.getvalue()
    assert_silent(lines.getvalue())


async def test_asyncio_quotes_no_error_that_nobody_awaited(lines: io.StringIO) -> None:
    failed = asyncio.get_running_loop().create_future()
    failed.set_exception(ValueError(ANSWER))
    told = {"message": "never retrieved", "exception": failed.exception(), "future": failed}
    asyncio.get_running_loop().call_exception_handler(told)
    assert "never retrieved" in lines.getvalue()
    assert_silent(lines.getvalue())


@pytest.mark.parametrize("form", ["plain", "json"])
def test_the_web_server_s_own_lines_take_the_same_form(form: str) -> None:
    environment = {**os.environ, "LOG_FORMAT": form}
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", UVICORN],
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=120,
        stderr=subprocess.PIPE,
    ).stderr.decode()
    assert "Exception in ASGI application" in told
    assert_silent(told)


def assert_silent(told: str) -> None:
    """See that nobody's words are told, as they are or as JSON would have them."""
    assert told
    for words in (PROMPT, ANSWER):
        assert words not in told
        assert json.dumps(words)[1:-1] not in told


def test_a_worker_logs_as_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("celery.app.log.Logging._setup", False)
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    app.log.setup(loglevel=logging.ERROR)
    assert (root.level, root.handlers) == before
