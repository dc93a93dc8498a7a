"""Turns go to workers through Celery: many at once in few messages, and none is lost on the way."""

import asyncio

import pytest
import redis
from celery.contrib.testing.worker import start_worker
from django.conf import settings as site_settings
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from aggregator import runner, services, tasks
from aggregator.models import Turn
from config.celery import app
from tests.aggregator.conftest import MakeModel
from tests.provider_server import ProviderServer, say

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

TURNS = 12
QUEUE = "celery"


def ask(number: int) -> services.Ask:
    """Return a prompt that goes to the one model there is."""
    return services.Ask(f"질문 {number}", panel=("wise",))


def test_turns_opened_together_travel_together_and_all_are_answered(
    provider: ProviderServer, offer_model: MakeModel, ada: User, settings: Settings
) -> None:
    settings.TURN_RUNNER = "worker"
    provider.add("wise", say("네."))
    offer_model("wise")
    turns = [services.open_turn(owner=ada, ask=ask(number)) for number in range(TURNS)]

    async def start() -> None:
        await asyncio.gather(*(runner.start_turn(turn) for turn in turns))

    with redis.Redis.from_url(site_settings.REDIS_URL) as client:
        client.delete(QUEUE)
        asyncio.run(start())
        messages = client.llen(QUEUE)
    assert 1 <= messages <= 3

    with start_worker(app, perform_ping_check=False, pool="solo", shutdown_timeout=30):
        assert provider.wait_until(lambda: not Turn.objects.exclude(status="done").exists(), within_s=40)
    asyncio.run_coroutine_threadsafe(runner.close_loop(), tasks._loops[0]).result(10)


def test_only_turns_that_nobody_has_begun_are_taken_as_new(ada: User) -> None:
    new, begun, stopped, ended = (services.open_turn(owner=ada, ask=ask(number)) for number in range(4))
    Turn.objects.filter(pk=begun.pk).update(last_seq=7)
    services.ask_stop(turn=stopped)
    Turn.objects.filter(pk=ended.pk).update(status=Turn.Status.DONE, closed_at=timezone.now())

    found = runner.find_new([turn.public_id for turn in (new, begun, stopped, ended)])

    assert list(found) == [new.public_id]
