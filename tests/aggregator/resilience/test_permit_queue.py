"""Permits of a busy model go to people in turn, in the order that the script in Valkey keeps."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as run_settings
from hypothesis import strategies as st

from aggregator.infra.redis_client import PipelinedClient, open_client
from aggregator.resilience.permits.permit_queue import FULL, GRANTED, LEASE_SECONDS, QUEUED
from aggregator.resilience.permits.person import Person
from tests.aggregator.resilience.permit_scenario import WAKE_KEY, PermitScenario

pytestmark = pytest.mark.usefixtures("valkey")


@pytest.fixture
async def client() -> AsyncIterator[PipelinedClient]:
    """A client of this test's event loop."""
    opened = open_client(settings.REDIS_URL)
    yield opened
    await opened.aclose()


async def test_nobody_waits_while_a_permit_is_free(client: PipelinedClient) -> None:
    scenario = PermitScenario(client, permits=2)
    assert await scenario.enter("ada1", "ada2", "grace1") == [GRANTED, GRANTED, QUEUED]
    assert (scenario.queue.load.held, scenario.queue.load.waiting) == (2, 1)


async def test_a_newcomer_is_next_after_the_permit_that_frees_first(client: PipelinedClient) -> None:
    scenario = PermitScenario(client, permits=2)
    await scenario.enter(*(f"ada{number}" for number in range(12)), cost=40)
    await scenario.enter("grace1", cost=3)
    await scenario.leave("ada0", 40)
    assert scenario.served == ["ada0", "ada1", "grace1"]


async def test_people_with_the_same_weight_take_turns(client: PipelinedClient) -> None:
    scenario = PermitScenario(client, permits=1)
    await scenario.enter("ada1", "ada2", "ada3", "grace1", "grace2", "mallory1")
    assert await scenario.serve_all() == ["ada1", "grace1", "mallory1", "ada2", "grace2", "ada3"]


async def test_twice_the_weight_gets_twice_the_permits(client: PipelinedClient) -> None:
    scenario = PermitScenario(client, permits=1, weights={"grace": 2.0})
    await scenario.enter(*(f"ada{number}" for number in range(6)))
    await scenario.enter(*(f"grace{number}" for number in range(6)))
    first = (await scenario.serve_all())[1:7]
    assert sorted(call.rstrip("0123456789") for call in first) == ["ada"] * 2 + ["grace"] * 4


async def test_what_a_call_took_counts_instead_of_what_was_expected(client: PipelinedClient) -> None:
    scenario = PermitScenario(client, permits=1)
    await scenario.enter("ada1", "ada2", "ada3", "grace1", "grace2", "grace3")
    await scenario.leave("ada1", 10)
    # Grace's first call took as long as three of Ada's.
    await scenario.leave("grace1", 30)
    await scenario.leave("ada2", 10)
    await scenario.leave("ada3", 10)
    assert scenario.served == ["ada1", "grace1", "ada2", "ada3", "grace2"]


async def test_a_stream_of_newcomers_does_not_keep_a_heavy_user_out(client: PipelinedClient) -> None:
    scenario = PermitScenario(client, permits=1)
    await scenario.enter("ada1", "ada2")
    for number in range(6):
        await scenario.enter(f"guest{chr(97 + number)}", cost=5)
        await scenario.leave(scenario.served[-1], 5 if number else 10)
    assert "ada2" in scenario.served[:5]


async def test_a_caller_who_gives_up_leaves_the_queue(client: PipelinedClient) -> None:
    scenario = PermitScenario(client, permits=1)
    await scenario.enter("ada1", "grace1", "mallory1")
    await scenario.leave("grace1", 0)
    await scenario.leave("ada1")
    assert scenario.served == ["ada1", "mallory1"]
    await scenario.leave("mallory1")
    assert await scenario.is_forgotten()


async def test_the_permits_of_a_killed_process_come_back_after_the_lease(client: PipelinedClient) -> None:
    scenario = PermitScenario(client, permits=1)
    await scenario.enter("ada1", "grace1", "mallory1")
    scenario.queue.now_ms += round(LEASE_SECONDS * 500)
    assert await scenario.queue.renew(["mallory1"]) == [2]
    scenario.queue.now_ms += round(LEASE_SECONDS * 501)
    # Ada's process held the permit and Grace's waited; neither has renewed.
    assert await scenario.queue.renew(["mallory1"]) == [0]
    assert await scenario.queue.renew(["ada1", "grace1"]) == [-1, -1]


async def test_places_count_the_calls_that_are_served_before(client: PipelinedClient) -> None:
    scenario = PermitScenario(client, permits=1)
    calls = ["ada1", "ada2", "ada3", "ada4", "grace1", "mallory1"]
    await scenario.enter(*calls)
    assert await scenario.queue.renew(calls) == [0, 3, 4, 5, 1, 2]
    await scenario.leave("ada1")
    assert await scenario.queue.renew(calls[1:]) == [2, 3, 4, 0, 1]


async def test_a_full_queue_refuses_another_call(client: PipelinedClient) -> None:
    scenario = PermitScenario(client, permits=1)
    assert await scenario.enter("ada1", "ada2", "grace1", limit=1) == [GRANTED, QUEUED, FULL]
    await scenario.leave("ada1")
    assert scenario.served == ["ada1", "ada2"]


async def test_free_permits_are_taken_without_waiting_for_valkey(client: PipelinedClient) -> None:
    scenario = PermitScenario(client, permits=6)
    queue = scenario.queue
    known = [queue.is_uncontended]
    await scenario.enter("ada1")
    known.append(queue.is_uncontended)
    for number in range(2, 4):
        await queue.take(f"ada{number}", Person("ada"), 10, WAKE_KEY)
    # Half of the permits are held: another process may take the others.
    assert [*known, queue.is_uncontended] == [False, True, False]
    await scenario.leave("ada1")
    assert queue.load.held == 2


async def test_a_permit_that_was_taken_unasked_counts(client: PipelinedClient) -> None:
    scenario = PermitScenario(client, permits=1)
    await scenario.enter("ada1")
    await scenario.queue.take("grace1", Person("grace"), 10, WAKE_KEY)
    await scenario.enter("mallory1")
    await scenario.leave("ada1")
    assert scenario.served == ["ada1"]
    await scenario.leave("grace1")
    assert scenario.served == ["ada1", "mallory1"]


async def test_the_script_is_sent_again_when_valkey_has_lost_it(client: PipelinedClient) -> None:
    scenario = PermitScenario(client, permits=1)
    await client.script_flush()
    assert await scenario.enter("ada1") == [GRANTED]


STEPS = st.lists(
    st.tuples(st.sampled_from(["enter", "end", "give up"]), st.sampled_from(["ada", "grace", "mallory"])),
    max_size=25,
)


@run_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(permits=st.integers(1, 3), steps=STEPS)
def test_permits_are_never_exceeded_nor_free_while_anyone_waits(
    permits: int, steps: list[tuple[str, str]]
) -> None:
    asyncio.run(_check_permits(permits, steps))


async def _check_permits(permits: int, steps: list[tuple[str, str]]) -> None:
    client = open_client(settings.REDIS_URL)
    scenario = PermitScenario(client, permits)
    entered: list[str] = []
    ended: set[str] = set()
    for number, (step, name) in enumerate(steps):
        held = [call for call in scenario.served if call not in ended]
        waiting = [call for call in entered if call not in scenario.served and call not in ended]
        chosen = held if step == "end" else waiting
        if step == "enter":
            entered.append(f"{name}{number}")
            await scenario.enter(entered[-1])
        elif chosen:
            ended.add(chosen[0])
            await scenario.leave(chosen[0])
        open_calls = len(entered) - len(ended)
        held = [call for call in scenario.served if call not in ended]
        assert len(held) == min(permits, open_calls)
        # Of one person's calls, the earlier one is served first.
        for person in {call.rstrip("0123456789") for call in entered}:
            mine = [call for call in scenario.served if call.startswith(person)]
            assert mine == [call for call in entered if call in mine]
    for call in entered:
        if call not in ended:
            await scenario.leave(call)
    assert await scenario.is_forgotten()
    await client.aclose()
