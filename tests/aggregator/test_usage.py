"""Every call of a turn is stored with its cost, however its models and processes fail."""

import asyncio
from collections import Counter

import pytest

from accounts.models import User
from aggregator.domain.turn_state import reduce_events
from aggregator.execution import runner
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn, Usage
from aggregator.services import turns
from aggregator.services.candidates import add_candidate
from aggregator.services.listings import list_offered_models
from aggregator.streaming.turn_log import decode_entries
from testing.provider.server import ProviderServer, Script, count_up, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.test_judge import answer
from tests.aggregator.test_turns import wait_for_event

pytestmark = pytest.mark.django_db(transaction=True)


LONG = say(count_up("대한민국의 수도는 서울이에요.", 400), delay_s=0.05)


async def finish(turn: Turn) -> Turn:
    """Run a stored turn to its end and return it as it is kept."""
    await runner.run_turn(turn.public_id)
    await runner.close_loop_resources()
    return await run_in_db_thread(Turn.objects.get, pk=turn.pk)


async def stored(turn: Turn) -> list[Usage]:
    """Return the stored calls of a turn."""
    return await run_in_db_thread(lambda: list(Usage.objects.filter(turn=turn).order_by("pk")))


@pytest.mark.parametrize("usage", [(-5, -7), (50, 3 * 10**9), (True, 5), (None, None)])
async def test_tokens_that_a_provider_miscounts_are_counted_by_us(
    provider: ProviderServer, offer_model: MakeModel, ada: User, usage: tuple[object, object]
) -> None:
    provider.add("wise", say("서울이에요.", usage=usage))
    await asyncio.to_thread(offer_model, "wise")
    turn = await finish(
        await run_in_db_thread(turns.open_turn, owner=ada, request=turns.TurnRequest("한국의 수도는?"))
    )
    (call,) = await stored(turn)
    assert turn.status == Turn.Status.DONE
    assert call.source == "counted"
    assert turn.cost_micros == call.cost_micros > 0


async def test_a_broken_call_is_stored_with_its_input_tokens(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", LONG)
    await asyncio.to_thread(offer_model, "wise")
    turn = await run_in_db_thread(
        turns.open_turn, owner=ada, request=turns.TurnRequest("한국의 수도는? " * 100)
    )
    runner.start_local_turn(turn.public_id)
    await wait_for_event(turn, "candidate_delta")
    await runner.drain(0)
    provider.add("wise", say("서울이에요."))
    turn = await finish(turn)
    broken, whole = await stored(turn)
    assert turn.status == Turn.Status.DONE
    assert broken.input_tokens > 200
    assert broken.output_tokens > 0
    assert turn.cost_micros == broken.cost_micros + whole.cost_micros


def slowly(model: str, prompt: str) -> Script:
    """Answer as in the tests of the judge, but write the fused answer for a long time."""
    return LONG if "Another reader" in prompt else answer(model, prompt)


async def open_council(offer_model: MakeModel, ada: User) -> Turn:
    """Let Ada ask two models for answers that are worth a judge."""
    await asyncio.to_thread(offer_model, "wise", can_fuse=True)
    await asyncio.to_thread(offer_model, "quick")
    return await run_in_db_thread(
        turns.open_turn, owner=ada, request=turns.TurnRequest("서울은 어떤 도시인가요?")
    )


@pytest.mark.parametrize("is_killed", [False, True])
async def test_the_calls_of_a_broken_fusion_and_its_judge_are_stored_once(
    provider: ProviderServer, offer_model: MakeModel, ada: User, is_killed: bool
) -> None:
    provider.find_script = slowly
    turn = await open_council(offer_model, ada)
    runner.start_local_turn(turn.public_id)
    await wait_for_event(turn, "answer_delta")
    await runner.drain(0)
    assert sorted(call.purpose for call in await stored(turn)) == ["fuse", "judge"]
    if is_killed:
        # A killed process stores no call: the calls are counted from what the log has of the answer.
        await run_in_db_thread(Usage.objects.filter(purpose="fuse").delete)
    provider.find_script = answer
    turn = await finish(turn)
    calls = await stored(turn)
    assert (turn.status, turn.answer_kind) == (Turn.Status.DONE, "fused")
    assert Counter(call.purpose for call in calls) == {"candidate": 2, "judge": 2, "fuse": 2}
    assert all(call.input_tokens and call.output_tokens for call in calls)
    assert turn.cost_micros == sum(call.cost_micros for call in calls)


async def test_a_reopened_turn_costs_what_all_its_calls_cost(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.find_script = answer
    turn = await open_council(offer_model, ada)
    await runner.run_turn(turn.public_id)
    first = await run_in_db_thread(Turn.objects.get, pk=turn.pk)
    await asyncio.to_thread(offer_model, "late")
    late = next(model for model in await run_in_db_thread(list_offered_models) if model.slug == "late")
    await run_in_db_thread(add_candidate, turn=first, model=late)
    await runner.run_turn(turn.public_id)
    history = decode_entries(await runner.get_turn_log(str(turn.public_id)).read(str(turn.public_id)))
    await runner.close_loop_resources()
    kept, calls = await run_in_db_thread(Turn.objects.get, pk=turn.pk), await stored(turn)
    assert len(calls) > 5
    assert kept.cost_micros == sum(call.cost_micros for call in calls) > first.cost_micros
    assert reduce_events(history).cost_micros == kept.cost_micros


async def test_reasoning_without_an_answer_is_stored_as_a_call(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", Script(finish="length", usage=(4_000, 4_096)))
    await asyncio.to_thread(offer_model, "wise")
    turn = await finish(
        await run_in_db_thread(turns.open_turn, owner=ada, request=turns.TurnRequest("한국의 수도는?"))
    )
    (call,) = await stored(turn)
    assert turn.status == Turn.Status.FAILED
    assert (call.input_tokens, call.output_tokens, call.source) == (4_000, 4_096, "provider")
    assert turn.cost_micros == call.cost_micros == 4_000 * 100 + 4_096 * 400


async def test_reasoning_of_a_judge_and_a_fuser_is_stored_as_calls(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    thinks = Script(finish="length", usage=(900, 800))
    provider.find_script = lambda model, prompt: thinks if "<<<ANSWER" in prompt else answer(model, prompt)
    turn = await finish(await open_council(offer_model, ada))
    took = {call.purpose: (call.input_tokens, call.output_tokens) for call in await stored(turn)}
    assert (turn.status, turn.answer_kind) == (Turn.Status.DONE, "best")
    assert took["judge"] == took["fuse"] == (900, 800)
