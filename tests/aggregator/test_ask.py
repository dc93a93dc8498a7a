"""`manage.py ask`: one prompt from a shell, answered in its own process or by a worker."""

import asyncio
import json
import re
import subprocess
import sys
from io import StringIO

import pytest
from celery.contrib.testing.worker import start_worker
from django.core.management import CommandError, call_command
from pytest_django import Settings

from aggregator import tasks
from aggregator.execution import runner
from aggregator.models import Turn
from config.celery import app
from config.data_dir import ROOT
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)

PROMPT = "한국의 수도는?"
ANSWER = "서울이에요. 대한민국의 수도예요."


def ask(*words: str) -> str:
    """Return what the command prints."""
    printed = StringIO()
    call_command("ask", PROMPT, *words, stdout=printed)
    return printed.getvalue()


def test_the_command_answers_a_prompt(provider: ProviderServer, offer_model: MakeModel) -> None:
    provider.add("wise", say(ANSWER))
    offer_model("wise")
    observed = json.loads(ask("--json"))
    assert (observed["status"], observed["answer"]["model"], observed["answer"]["text"]) == (
        "done",
        "wise",
        ANSWER,
    )
    assert observed["no_ad_reason"] == "no_match"
    output = ask().replace(ANSWER, "")
    assert re.search(r"Wise · .* · [\d.]+ won", output) and re.search(r"[\d.]+ s · [\d.]+ won\n", output)
    assert output.endswith("(no ad: no_match)\n")
    assert re.findall(r"[가-힣]", output) == []


def test_a_failed_turn_fails_the_command(provider: ProviderServer, offer_model: MakeModel) -> None:
    provider.add("shaky", Script(status=401, error="invalid_api_key"))
    offer_model("shaky")
    with pytest.raises(CommandError, match="None of the models could answer"):
        ask()


def test_a_refused_prompt_says_why() -> None:
    with pytest.raises(CommandError, match="No model can answer right now"):
        ask()


@pytest.mark.usefixtures("valkey")
def test_with_a_worker_the_command_only_follows_the_turn(
    provider: ProviderServer, offer_model: MakeModel, settings: Settings
) -> None:
    settings.TURN_RUNNER = "worker"
    provider.add("wise", say(ANSWER))
    offer_model("wise")
    with start_worker(app, perform_ping_check=False, pool="solo", shutdown_timeout=30):
        observed = json.loads(ask("--json"))
    asyncio.run_coroutine_threadsafe(runner.close_loop_resources(), tasks._loops[0]).result(10)
    assert (observed["status"], observed["answer"]["text"]) == ("done", ANSWER)
    assert observed["no_ad_reason"] == "no_match"


@pytest.mark.usefixtures("valkey")
def test_without_a_worker_the_command_gives_up_and_stops_the_turn(
    offer_model: MakeModel, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TURN_RUNNER, settings.TURN_DEADLINE_MS = "worker", 1
    monkeypatch.setattr("aggregator.management.commands.ask.DEADLINE_MARGIN_SECONDS", 0.5)
    offer_model("wise")
    with pytest.raises(CommandError, match="Something went wrong on our side"):
        ask()
    assert Turn.objects.get().stop_asked_at


def test_the_command_loads_nothing_that_only_answers_or_serves_pages() -> None:
    words = (
        "import sys; sys.argv = ['manage.py', 'ask']; import django; django.setup(); "
        "import aggregator.management.commands.ask, stack.ephemeral_stack;"
        "print(*sorted({'litellm', 'openai', 'stack.up', 'aiohttp', 'numpy', 'aggregator.execution.turn', "
        "'aggregator.admin', 'aggregator.pipeline.ranking.rank'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", words]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603
    assert done.stdout.split() == []
