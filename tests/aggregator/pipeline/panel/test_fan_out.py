"""Every slot ends with an outcome, also when events coincide."""

import asyncio
from dataclasses import replace

from aggregator.domain.events import CandidateFinished, Event
from aggregator.domain.turn_state import CandidateState, TurnState
from aggregator.pipeline.chat_messages import count_usage
from aggregator.pipeline.fusion.fusion_inputs import FusionInputs
from aggregator.pipeline.fusion.judge import judge
from aggregator.pipeline.panel.fan_out import fan_out
from aggregator.pipeline.ranking.format_checks import find_faults
from aggregator.pipeline.types import PanelSlot, Question, Route
from aggregator.providers import close_providers
from aggregator.resilience.permits import NOBODY, close_permits, hold_permit
from aggregator.resilience.reading_speed import find_reading_speed
from testing.provider.server import ProviderServer, say
from tests.aggregator.providers.completion_requests import make_model

QUESTION = Question("한국의 수도는?", "ko")
NAMES = ("wise", "quick", "calm")


def route_to(provider: ProviderServer) -> Route:
    """Return a route with three models of the provider."""
    slots = tuple(PanelSlot(f"candidate of {name}", make_model(provider, name)) for name in NAMES)
    return Route(slots, "council", (), quorum=3, grace_ms=1_000, deadline_ms=10_000)


async def close_calls() -> None:
    """Close the connections of this test's event loop."""
    await close_permits()
    await close_providers()


async def test_a_stop_at_the_end_of_an_answer_loses_no_outcome(provider: ProviderServer) -> None:
    for name in NAMES:
        provider.add(name, say("서울이에요."))
    stop, statuses = asyncio.Event(), []

    async def emit(event: Event) -> None:
        if isinstance(event, CandidateFinished):
            statuses.append(event.status)
            stop.set()

    async with asyncio.timeout(20):
        async with fan_out(route_to(provider), QUESTION, emit=emit, stop=stop) as panel:
            await panel.wait_until_complete()
    await close_calls()
    assert len(panel.outcomes) == len(statuses) == len(NAMES)


async def test_a_repeated_command_asks_a_model_once(provider: ProviderServer) -> None:
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
    await close_calls()
    assert len(panel.outcomes) == len(NAMES)
    assert [len(provider.requests_for(name)) for name in NAMES] == [2, 1, 1]


async def test_a_slot_without_a_free_call_in_time_finds_the_model_busy(
    provider: ProviderServer,
) -> None:
    provider.add("wise", say("서울이에요."))
    limited = replace(make_model(provider, "wise"), concurrency=1)
    slots = tuple(PanelSlot(f"candidate {number}", limited) for number in range(2))
    route = replace(route_to(provider), slots=slots, deadline_ms=200)
    ended = {}

    async def emit(event: Event) -> None:
        if isinstance(event, CandidateFinished):
            ended[event.candidate] = event.error

    async with (
        asyncio.timeout(20),
        hold_permit(limited, NOBODY, cost_seconds=1, within_s=1),
        fan_out(route, QUESTION, emit=emit, stop=asyncio.Event()) as panel,
    ):
        await panel.wait_until_complete()
    await close_calls()
    assert ended == {"candidate 0": "busy", "candidate 1": "busy"}
    assert not provider.requests_for("wise")


async def test_a_model_that_has_not_read_its_prompt_in_time_gets_less_of_a_history(
    provider: ProviderServer,
) -> None:
    provider.add("wise", say("서울이에요.", first_delay_s=30))
    slow = replace(make_model(provider, "wise"), first_token_ms=1_000, reading_tokens_per_second=900.0)
    route = replace(route_to(provider), slots=(PanelSlot("candidate", slow),))
    question = replace(QUESTION, prompt="가" * 300)

    async def emit(event: Event) -> None:
        pass

    async with asyncio.timeout(20):
        async with fan_out(route, question, emit=emit, stop=asyncio.Event()) as panel:
            await panel.wait_until_complete()
    await close_calls()
    assert panel.outcomes[0].error == "timed_out"
    assert 700 < (find_reading_speed(slow) or 0) < 900


async def test_a_judge_waits_for_a_free_call(provider: ProviderServer) -> None:
    provider.add("wise", say("{}"))
    limited = replace(make_model(provider, "wise"), concurrency=1)
    texts = {"A": "서울이에요.", "B": "부산이에요."}
    fusion_inputs = FusionInputs({"A": "a", "B": "b"}, texts, "marker")
    async with asyncio.timeout(20):
        async with hold_permit(limited, NOBODY, cost_seconds=1, within_s=1):
            judging = asyncio.ensure_future(judge(QUESTION, fusion_inputs, model=limited))
            await asyncio.sleep(0.3)
            assert not provider.requests_for("wise")
        await judging
    await close_calls()
    assert provider.requests_for("wise")


async def test_a_model_that_repeats_itself_ends_with_what_it_said_once(provider: ProviderServer) -> None:
    sentence = " 한강이 서울을 동서로 가로질러 흐르고 있어요."
    provider.add("wise", say("서울이에요." + sentence * 200, has_usage=False))
    route = route_to(provider)
    route = replace(route, slots=route.slots[:1])
    state = TurnState(candidates={"candidate of wise": CandidateState("candidate of wise", "wise", "", "")})

    async def emit(event: Event) -> None:
        state.apply(event)

    async with asyncio.timeout(20):
        async with fan_out(route, QUESTION, emit=emit, stop=asyncio.Event()) as panel:
            await panel.wait_until_complete()
    await close_calls()
    outcome = panel.outcomes[0]
    assert (outcome.status, outcome.finish_reason) == ("done", "loop")
    assert outcome.text == state.candidates["candidate of wise"].text == "서울이에요." + sentence
    # What was written is paid for, also what is not shown.
    assert outcome.usage.output_tokens > count_usage([], outcome.text).output_tokens
    assert find_faults(QUESTION, outcome.as_draft()) == ("loop", "cut_off")
