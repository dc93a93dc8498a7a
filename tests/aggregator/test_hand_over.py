"""New turns reach a worker's event loop through a stream: once, with their rows, and none is lost."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
import redis
from django.conf import settings as site_settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from aggregator.execution import runner
from aggregator.execution.processes import hand_over
from aggregator.execution.processes.hand_over import ReceivedTurn, TurnReader, offer_turn
from aggregator.execution.setup import find_person
from aggregator.infra.redis_client import PipelinedClient, open_client
from aggregator.models import Turn
from aggregator.services import turns as services
from aggregator.storage.turn_row import MAX_ROW_BYTES, decode_turn, encode_turn
from testing.provider.server import ProviderServer, say
from tests.aggregator.conftest import MakeModel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@dataclass
class Worker:
    """An event loop that reads turns, and those that it has begun."""

    client: PipelinedClient
    reader: TurnReader
    begun: list[ReceivedTurn] = field(default_factory=list)

    async def wait_for(self, count: int) -> None:
        await wait_until(lambda: _is(len(self.begun) >= count))


async def wait_until(check: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(30):
        while True:
            if await check():
                return
            await asyncio.sleep(0.01)


async def _is(value: bool) -> bool:
    return value


@contextlib.asynccontextmanager
async def open_worker() -> AsyncIterator[Worker]:
    """Run a reader that has announced itself."""
    client = open_client(site_settings.REDIS_URL)
    begun: list[ReceivedTurn] = []
    reader = TurnReader(client, begun.append)
    try:
        await wait_until(lambda: client.zcard(hand_over.READERS))
        yield Worker(client, reader, begun)
    finally:
        await reader.stop()
        await client.aclose()


def open_turn(owner: User, prompt: str = "이사 견적은 어떻게 비교해요?") -> Turn:
    return services.open_turn(owner=owner, request=services.TurnRequest(prompt, panel=("wise",)))


def test_a_new_turn_comes_with_its_row_and_leaves_no_prompt_behind(
    ada: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    turn = open_turn(ada)

    async def run() -> ReceivedTurn:
        async with open_worker() as worker:
            assert await offer_turn(worker.client, turn, is_new=True, trace="")
            await worker.wait_for(1)
        async with contextlib.aclosing(open_client(site_settings.REDIS_URL)) as client:
            assert await client.xlen(hand_over.STREAM) == 0
        return worker.begun[0]

    received = asyncio.run(run())
    stored = Turn.objects.select_related("conversation__owner").get(pk=turn.pk)
    assert received.turn_id == turn.public_id
    assert received.new is not None
    for row, expected in ((received.new, stored), (received.new.conversation, stored.conversation)):
        names = [each.attname for each in expected._meta.concrete_fields]
        assert [getattr(row, name) for name in names] == [getattr(expected, name) for name in names]
        assert not row._state.adding
    with django_assert_num_queries(0):
        assert find_person(received.new.conversation) == find_person(stored.conversation)


def test_without_a_worker_that_reads_it_a_turn_takes_another_way(ada: User) -> None:
    turn = open_turn(ada)

    async def run() -> list[bool]:
        found = []
        async with contextlib.aclosing(open_client(site_settings.REDIS_URL)) as client:
            found.append(await offer_turn(client, turn, is_new=True, trace=""))
            async with open_worker():
                found.append(await offer_turn(client, turn, is_new=True, trace=""))
            found.append(await offer_turn(client, turn, is_new=True, trace=""))
        return found

    assert asyncio.run(run()) == [False, True, False]


def test_each_turn_is_begun_by_one_of_two_workers(ada: User) -> None:
    turns = [open_turn(ada) for _ in range(8)]

    async def run() -> list[ReceivedTurn]:
        async with open_worker() as first, open_worker() as second:
            for turn in turns:
                assert await offer_turn(first.client, turn, is_new=True, trace="")
            await wait_until(lambda: _is(len(first.begun) + len(second.begun) == len(turns)))
        return [*first.begun, *second.begun]

    assert sorted(each.turn_id for each in asyncio.run(run())) == sorted(turn.public_id for turn in turns)


def test_a_reader_goes_on_after_valkey_lost_its_data(ada: User) -> None:
    turn = open_turn(ada)

    async def run() -> None:
        async with open_worker() as worker:
            await worker.client.delete(hand_over.STREAM, hand_over.READERS)
            await wait_until(lambda: offer_turn(worker.client, turn, is_new=True, trace=""))
            await worker.wait_for(1)

    asyncio.run(run())


def test_the_row_of_a_turn_that_waited_long_or_ran_before_is_read_anew(ada: User, settings: Settings) -> None:
    settings.TURN_LEASE_SECONDS = 10
    old, reopened = open_turn(ada), open_turn(ada)
    old.opened_at = timezone.now() - dt.timedelta(seconds=9)

    async def run() -> list[ReceivedTurn]:
        async with open_worker() as worker:
            assert await offer_turn(worker.client, old, is_new=True, trace="")
            assert await offer_turn(worker.client, reopened, is_new=False, trace="")
            await worker.wait_for(2)
        return worker.begun

    assert [each.new for each in asyncio.run(run())] == [None, None]


def test_a_row_is_read_by_another_release_and_a_long_one_is_not_sent(ada: User) -> None:
    turn = open_turn(ada)
    encoded = encode_turn(turn).replace(b'"device":"",', b'"colour":"red",')
    assert decode_turn(encoded).device == ""
    turn.conversation.given_history = [["?", "x" * MAX_ROW_BYTES]]
    assert encode_turn(turn) == b""


def test_a_turn_is_answered_by_a_worker_past_the_broker(
    provider: ProviderServer, offer_model: MakeModel, ada: User, settings: Settings
) -> None:
    settings.TURN_RUNNER = "worker"
    provider.add("wise", say("네."))
    offer_model("wise")
    turn = open_turn(ada)

    async def run() -> None:
        reader = TurnReader(runner.get_main_log().client, runner.start_received_turn)
        await wait_until(lambda: runner.get_main_log().client.zcard(hand_over.READERS))
        await runner.start_turn(turn)
        await wait_until(lambda: _is(bool(runner.list_running_tasks())))
        await runner.drain(60)
        await reader.stop()
        await runner.close_loop_resources()

    with redis.Redis.from_url(site_settings.REDIS_URL) as client:
        client.delete("celery")
        asyncio.run(run())
        assert client.llen("celery") == 0
    turn.refresh_from_db()
    assert (turn.status, turn.answer_text or turn.answer_kind) == (Turn.Status.DONE, "single")
