"""Every slot ends, however the moments fall."""

import asyncio
from dataclasses import replace

from aggregator.domain.events import CandidateFinished, Event
from aggregator.pipeline.fusion.fusion_inputs import FusionInputs
from aggregator.pipeline.fusion.judge import judge
from aggregator.pipeline.panel.fan_out import fan_out
from aggregator.pipeline.panel.model_calls import limit_model_concurrency
from aggregator.pipeline.types import PanelSlot, Question, Route
from aggregator.providers import close_providers
from testing.provider.server import ProviderServer, say
from tests.aggregator.providers.completion_requests import make_model

QUESTION = Question("한국의 수도는?", "ko")
NAMES = ("wise", "quick", "calm")


def route_to(provider: ProviderServer) -> Route:
    """Return a panel of three that the provider serves."""
    slots = tuple(PanelSlot(f"candidate of {name}", make_model(provider, name)) for name in NAMES)
    return Route(slots, "council", (), quorum=3, grace_ms=1_000, deadline_ms=10_000)


async def test_a_stop_in_the_moment_in_which_an_answer_ends_loses_no_seat(provider: ProviderServer) -> None:
    for name in NAMES:
        provider.add(name, say("서울이에요."))
    stop, told = asyncio.Event(), []

    async def emit(event: Event) -> None:
        if isinstance(event, CandidateFinished):
            told.append(event.status)
            stop.set()

    async with asyncio.timeout(20):
        async with fan_out(route_to(provider), QUESTION, emit=emit, stop=stop) as panel:
            await panel.wait_until_complete()
    await close_providers()
    assert len(panel.outcomes) == len(told) == len(NAMES)


async def test_a_wish_that_is_heard_twice_asks_a_model_once(provider: ProviderServer) -> None:
    for name in NAMES:
        provider.add(name, say("서울이에요."))

    async def emit(event: Event) -> None:
        pass

    async with asyncio.timeout(20):
        async with fan_out(route_to(provider), QUESTION, emit=emit, stop=asyncio.Event()) as panel:
            panel.add_slot(panel.route.slots[0])
            await panel.wait_until_complete()
            panel.add_slot(panel.route.slots[0])
            await panel.wait_until_complete()
            panel.add_slot(replace(panel.route.slots[0], attempt=2))
            await panel.wait_until_complete()
    await close_providers()
    assert len(panel.outcomes) == len(NAMES)
    assert [len(provider.asked(name)) for name in NAMES] == [2, 1, 1]


async def test_who_gets_no_place_at_a_model_in_time_is_not_waited_for(provider: ProviderServer) -> None:
    provider.add("wise", say("서울이에요."))
    lone = replace(make_model(provider, "wise"), concurrency=1)
    slots = tuple(PanelSlot(f"candidate {number}", lone) for number in range(2))
    route = replace(route_to(provider), slots=slots, deadline_ms=200)
    ended = {}

    async def emit(event: Event) -> None:
        if isinstance(event, CandidateFinished):
            ended[event.candidate] = event.error

    async with (
        asyncio.timeout(20),
        limit_model_concurrency(lone, 1),
        fan_out(route, QUESTION, emit=emit, stop=asyncio.Event()) as panel,
    ):
        await panel.wait_until_complete()
    await close_providers()
    assert ended == {"candidate 0": "timed_out", "candidate 1": "timed_out"}
    assert not provider.asked("wise")


async def test_a_judge_waits_for_its_place_like_everybody(provider: ProviderServer) -> None:
    provider.add("wise", say("{}"))
    lone = replace(make_model(provider, "wise"), concurrency=1)
    texts = {"A": "서울이에요.", "B": "부산이에요."}
    fusion_inputs = FusionInputs({"A": "a", "B": "b"}, texts, "marker")
    async with asyncio.timeout(20):
        async with limit_model_concurrency(lone, 1):
            judging = asyncio.ensure_future(judge(QUESTION, fusion_inputs, model=lone))
            await asyncio.sleep(0.3)
            assert not provider.asked("wise")
        await judging
    await close_providers()
    assert provider.asked("wise")
