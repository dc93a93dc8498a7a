"""Turns are sent to workers through Celery: many in few messages, and none is lost."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import pytest
import redis
from celery import Celery
from celery.contrib.testing.worker import start_worker
from django.conf import settings as site_settings
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_django import Settings

from accounts.models import User
from aggregator import tasks
from aggregator.execution import runner
from aggregator.execution.processes.dispatch import TurnTask
from aggregator.models import Turn
from aggregator.selectors.turns import find_unstarted_turns
from aggregator.services import turns as services
from config.celery import app
from testing.provider.server import ProviderServer, say
from tests.aggregator.conftest import MakeModel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

TURNS = 12
QUEUE = "celery"


def make_request(number: int) -> services.TurnRequest:
    """Return a request to the only model."""
    return services.TurnRequest(f"질문 {number}", panel=("wise",))


def test_turns_opened_together_share_a_message_and_all_are_answered(
    provider: ProviderServer, offer_model: MakeModel, ada: User, settings: Settings
) -> None:
    settings.TURN_RUNNER = "worker"
    provider.add("wise", say("네."))
    offer_model("wise")
    turns = [services.open_turn(owner=ada, request=make_request(number)) for number in range(TURNS)]

    async def start() -> None:
        await asyncio.gather(*(runner.start_turn(turn) for turn in turns))

    with redis.Redis.from_url(site_settings.REDIS_URL) as client:
        client.delete(QUEUE)
        asyncio.run(start())
        messages = client.llen(QUEUE)
    assert 1 <= messages <= 3

    with start_worker(app, perform_ping_check=False, pool="solo", shutdown_timeout=30):
        assert provider.wait_until(lambda: not Turn.objects.exclude(status="done").exists(), within_s=40)
    asyncio.run_coroutine_threadsafe(runner.close_loop_resources(), tasks._loops[0]).result(10)


def test_a_broker_that_accepts_nothing_delays_no_turn_for_long(
    ada: User, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.TURN_RUNNER = "worker"
    turns = [services.open_turn(owner=ada, request=make_request(number)) for number in range(3)]
    taken: list[TurnTask] = []
    is_back = threading.Event()

    def send_slowly(tasks_to_send: Sequence[TurnTask]) -> None:
        if not is_back.wait(0 if taken else 60):
            raise AssertionError("nobody let the broker go on")
        taken.extend(tasks_to_send)

    async def start() -> None:
        for turn in turns[:2]:
            await runner.start_turn(turn)
        assert not taken
        is_back.set()
        await runner.start_turn(turns[2])

    monkeypatch.setattr("aggregator.execution.processes.dispatch.send_turn_tasks", send_slowly)
    monkeypatch.setattr("aggregator.execution.processes.dispatch.DISPATCH_TIMEOUT_SECONDS", 0.2)
    began = time.monotonic()
    asyncio.run(start())
    assert time.monotonic() - began < 30
    assert caplog.text.count("could not be handed to a worker yet") >= 2
    assert str(turns[2].public_id) in {each["turn"] for each in taken}


class StallingProxy:
    """A proxy to a server that can stop forwarding on existing connections without closing them."""

    def __init__(self, url: str) -> None:
        self._there = urlsplit(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._generation = 0
        self.url = url.replace(f":{self._there.port}", f":{self._listener.getsockname()[1]}")
        threading.Thread(target=self._take, daemon=True).start()

    def stall(self) -> None:
        self._generation += 1

    def close(self) -> None:
        self._listener.close()

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection((self._there.hostname or "", self._there.port or 0))
                for source, goal in ((near, far), (far, near)):
                    pump = threading.Thread(
                        target=self._pump, args=(source, goal, self._generation), daemon=True
                    )
                    pump.start()

    def _pump(self, source: socket.socket, goal: socket.socket, generation: int) -> None:
        with contextlib.suppress(OSError), source, goal:
            while observed := source.recv(65_536):
                if generation == self._generation:
                    goal.sendall(observed)


def test_a_connection_to_the_broker_that_does_not_reply_is_replaced() -> None:
    proxy = StallingProxy(site_settings.REDIS_URL)
    sender = Celery("sender", broker=proxy.url, set_as_current=False)
    sender.config_from_object("django.conf:settings", namespace="CELERY")
    limits = site_settings.CELERY_BROKER_TRANSPORT_OPTIONS
    assert 0 < limits["socket_timeout"] <= 10 and 0 < limits["socket_connect_timeout"] <= 10
    # As in production, with a shorter interval.
    sender.conf.update({"broker_url": proxy.url, "broker_transport_options": limits | {"socket_timeout": 1}})
    failures: list[BaseException] = []

    def send() -> None:
        try:
            sender.send_task("nobody.s", queue="deaf", retry=False)
        except OperationalError as error:
            failures.append(error)

    with contextlib.closing(proxy), redis.Redis.from_url(site_settings.REDIS_URL) as client:
        send()
        proxy.stall()
        for _ in range(2):
            thread = threading.Thread(target=send, daemon=True)
            thread.start()
            thread.join(60)
            assert not thread.is_alive()
        # The first of both found out, and the other went by a new connection.
        assert (len(failures), client.llen("deaf")) == (1, 2)


def test_only_turns_that_no_process_has_begun_count_as_new(ada: User) -> None:
    new, begun, stopped, ended = (
        services.open_turn(owner=ada, request=make_request(number)) for number in range(4)
    )
    Turn.objects.filter(pk=begun.pk).update(last_seq=7)
    services.request_stop(turn=stopped)
    Turn.objects.filter(pk=ended.pk).update(status=Turn.Status.DONE, closed_at=timezone.now())

    found = find_unstarted_turns([turn.public_id for turn in (new, begun, stopped, ended)])

    assert list(found) == [new.public_id]
