"""A call waits for a permit of its model in whichever process it runs, and learns its place."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pytest_django import Settings

from aggregator.catalog.catalog import LanguageModel
from aggregator.resilience.permits import (
    PermitTimeoutError,
    Person,
    QueueFullError,
    close_permits,
    hold_permit,
    identify_person,
)
from aggregator.resilience.permits.permits import PermitAllocator, PermitCall
from testing.provider.server import ProviderServer
from tests.aggregator.providers.completion_requests import make_model

pytestmark = pytest.mark.usefixtures("valkey")
ADA, GRACE = Person("ada"), Person("grace")


@pytest.fixture
async def model(provider: ProviderServer) -> AsyncIterator[LanguageModel]:
    """A model that serves one call at once."""
    yield replace(make_model(provider, "wise"), concurrency=1)
    await close_permits()


@contextlib.asynccontextmanager
async def hold_elsewhere(model: LanguageModel, person: Person) -> AsyncIterator[None]:
    """Hold a permit in another process: with connections and a memory of its own."""
    other = PermitAllocator()
    call = PermitCall(other.find_queue(model), person, 10)
    await other.enter(call, 5, None)
    yield
    other.leave(call)
    await other.close()


async def test_a_call_waits_for_a_permit_that_another_process_holds(model: LanguageModel) -> None:
    places: list[int] = []
    is_reported = asyncio.Event()

    async def report(place: int) -> None:
        places.append(place)
        is_reported.set()

    async with asyncio.timeout(10):
        async with hold_elsewhere(model, ADA):
            holding = hold_permit(model, GRACE, cost_seconds=1, within_s=9, report=report)
            entering = asyncio.ensure_future(holding.__aenter__())
            await is_reported.wait()
        await entering
        await holding.__aexit__(None, None, None)
    assert places == [1]


async def test_a_call_that_gets_no_permit_in_time_leaves_the_queue(model: LanguageModel) -> None:
    async with hold_elsewhere(model, ADA):
        with pytest.raises(PermitTimeoutError):
            async with hold_permit(model, GRACE, cost_seconds=1, within_s=0.05):
                pass
    async with hold_permit(model, GRACE, cost_seconds=1, within_s=5):
        pass


async def test_a_call_is_refused_when_the_queue_is_full(model: LanguageModel, settings: Settings) -> None:
    settings.MODEL_QUEUE_LIMIT = 0
    async with hold_elsewhere(model, ADA):
        with pytest.raises(QueueFullError):
            async with hold_permit(model, GRACE, cost_seconds=1, within_s=5):
                pass


async def test_a_call_goes_ahead_while_valkey_is_away(model: LanguageModel, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    async with asyncio.timeout(10), hold_permit(model, ADA, cost_seconds=1, within_s=5):
        pass


async def test_a_call_whose_data_valkey_lost_joins_again(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.resilience.permits.permits.PLACES_SECONDS", 0.02)
    async with asyncio.timeout(10), hold_permit(model, ADA, cost_seconds=1, within_s=5):
        waiting = hold_permit(model, GRACE, cost_seconds=1, within_s=9)
        entering = asyncio.ensure_future(waiting.__aenter__())
        await asyncio.sleep(0.1)
        other = PermitAllocator()
        await other._client.flushdb()
        queue = other.find_queue(model)
        while queue.load.held + queue.load.waiting < 2:
            await queue.renew([])
            await asyncio.sleep(0.01)
        await other.close()
    await entering
    await waiting.__aexit__(None, None, None)


def test_a_person_is_a_guest_an_account_or_its_programs(settings: Settings) -> None:
    settings.MODEL_SHARE_GUEST, settings.MODEL_SHARE_ACCOUNT, settings.MODEL_SHARE_KEY = 1, 3, 2
    kinds = [(True, False), (False, False), (False, True)]
    people = [identify_person(7, is_guest=guest, is_program=program) for guest, program in kinds]
    assert people == [Person("user:7", 1), Person("user:7", 3), Person("key:7", 2)]
