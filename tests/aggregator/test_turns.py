"""Turns of every shape, against a real provider, database and log."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable

import pytest

from accounts.models import User
from aggregator.domain.events import Event
from aggregator.domain.turn_state import TurnState, reduce_events
from aggregator.execution import runner
from aggregator.execution.commands import stop_turn
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn, Usage
from aggregator.selectors.turns import answer_text_of, rebuild_events, with_related
from aggregator.services import turns
from aggregator.services.candidates import retry_candidate
from aggregator.streaming.turn_log import decode_entries
from testing.provider.server import ProviderServer, Script, count_up, say
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)

RunAsk = Callable[..., Awaitable[tuple[Turn, list[Event]]]]


@pytest.fixture
def run_ask(ada: User) -> RunAsk:
    """Let Ada ask something; returns the stored turn and the events of its log."""

    async def run(
        prompt: str = "한국의 수도는?", conversation: uuid.UUID | None = None
    ) -> tuple[Turn, list[Event]]:
        request = turns.TurnRequest(prompt, conversation=conversation)
        turn = await run_in_db_thread(turns.open_turn, owner=ada, request=request)
        return await finish(turn)

    return run


async def finish(turn: Turn) -> tuple[Turn, list[Event]]:
    """Run a stored turn to its end."""
    await runner.run_turn(turn.public_id)
    entries = await runner.get_turn_log(str(turn.public_id)).read(str(turn.public_id))
    await runner.close_loop_resources()
    return await run_in_db_thread(_load, turn.public_id), decode_entries(entries)


async def wait_for_event(turn: Turn, kind: str) -> None:
    """Wait until the log of a turn that runs has an event of a kind."""
    for _ in range(1_000):
        entries = await runner.get_turn_log(str(turn.public_id)).read(str(turn.public_id))
        if any(event.type == kind for event in decode_entries(entries)):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"no {kind} in time")


def _load(public_id: uuid.UUID) -> Turn:
    return with_related(Turn.objects.filter(public_id=public_id)).get()


def types_of(history: list[Event]) -> list[str]:
    """Return the kinds of events, without deltas, because how text is split depends on timing."""
    return [event.type for event in history if event.type not in {"candidate_delta", "more"}]


async def test_two_models_answer_and_the_better_one_stands(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    provider.add("wise", say("서울이에요. 대한민국의 수도예요."))
    provider.add("quick", say("서울"))
    await asyncio.to_thread(offer_model, "wise", standing=0.8)
    await asyncio.to_thread(offer_model, "quick", standing=0.3)

    turn, history = await run_ask()

    assert turn.status == "done"
    assert turn.answer_kind == "best"
    assert answer_text_of(turn) == "서울이에요. 대한민국의 수도예요."
    assert types_of(history)[0] == "turn_opened"
    assert types_of(history)[-2:] == ["turn_closed", "placement_made"]
    assert turn.cost_micros == sum(row.cost_micros for row in turn.candidates.all()) > 0


async def test_what_is_stored_replays_to_what_was_streamed(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    provider.add("wise", say("서울이에요."))
    provider.add("broken", Script(status=500))
    await asyncio.to_thread(offer_model, "wise")
    await asyncio.to_thread(offer_model, "broken")

    turn, history = await run_ask()

    assert _settled(reduce_events(history)) == _settled(reduce_events(rebuild_events(turn)))


def _settled(state: TurnState) -> TurnState:
    # `provisional` depends on timing.
    return state


async def test_a_failing_model_is_shown_as_failed_and_the_survivor_as_lone(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    provider.add("wise", say("서울이에요."))
    provider.add("broken", Script(status=500))
    await asyncio.to_thread(offer_model, "wise")
    await asyncio.to_thread(offer_model, "broken")

    turn, _ = await run_ask()

    assert turn.answer_kind == "lone"
    failed = next(row for row in turn.candidates.all() if row.model == "broken")
    assert (failed.status, failed.error) == ("failed", "server_failed")


async def test_when_every_model_fails_the_turn_says_so(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    provider.add("broken", Script(status=500))
    await asyncio.to_thread(offer_model, "broken")

    turn, history = await run_ask()

    assert (turn.status, turn.error) == ("failed", "all_failed")
    assert "placement_made" not in types_of(history)


async def test_a_failed_candidate_can_be_asked_again(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    provider.add("wise", say("서울이에요."))
    provider.add("shaky", Script(status=401, error="invalid_api_key"))
    await asyncio.to_thread(offer_model, "wise")
    await asyncio.to_thread(offer_model, "shaky")
    turn, _ = await run_ask()
    failed = next(row for row in turn.candidates.all() if row.status == "failed")
    provider.add("shaky", say("서울입니다."))

    reopened = await run_in_db_thread(retry_candidate, candidate=failed)
    turn, history = await finish(reopened)

    assert turn.status == "done"
    assert [row.status for row in turn.candidates.all()] == ["done", "done"]
    assert len(provider.requests_for("wise")) == 1
    assert reduce_events(history) == reduce_events(rebuild_events(turn))


async def test_a_stalled_model_does_not_hold_up_the_others(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk, settings: object
) -> None:
    settings.TURN_GRACE_MS = 100  # type: ignore[attr-defined]
    settings.TURN_DEADLINE_MS = 1_500  # type: ignore[attr-defined]
    settings.TURN_QUORUM = 1  # type: ignore[attr-defined]
    provider.add("wise", say("서울이에요."))
    provider.add("slow", say("서울", first_delay_s=30))
    await asyncio.to_thread(offer_model, "wise")
    await asyncio.to_thread(offer_model, "slow")

    turn, history = await run_ask()

    kinds = types_of(history)
    assert kinds.index("ranking_made") < len(kinds) - 1 - kinds[::-1].index("candidate_finished")
    slow = next(row for row in turn.candidates.all() if row.model == "slow")
    assert (slow.status, slow.error) == ("failed", "timed_out")
    assert turn.status == "done"


async def test_a_stop_keeps_what_was_written(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("talker", say(count_up("한 마디씩", 200), delay_s=0.02))
    await asyncio.to_thread(offer_model, "talker")
    turn = await run_in_db_thread(turns.open_turn, owner=ada, request=turns.TurnRequest("말해 줘"))
    running = asyncio.create_task(runner.run_turn(turn.public_id))
    await wait_for_event(turn, "more")
    await stop_turn(turn)
    await asyncio.wait_for(running, 5)
    await runner.close_loop_resources()

    kept = await run_in_db_thread(_load, turn.public_id)
    candidate = kept.candidates.all()[0]
    assert kept.status == "stopped"
    assert candidate.status == "stopped"
    assert candidate.text.startswith("한 마디씩")
    assert await asyncio.to_thread(
        provider.wait_until, lambda: provider.requests_for("talker")[0].is_cancelled
    )


async def test_an_able_model_fuses_one_answer_from_anonymous_candidates(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    provider.add("wise", say("서울이에요."))
    provider.add("quick", say("서울"))
    await asyncio.to_thread(offer_model, "wise", can_fuse=True)
    await asyncio.to_thread(offer_model, "quick")

    turn, history = await run_ask()

    assert turn.answer_kind == "fused"
    assert types_of(history).count("answer_started") == 1
    request = provider.requests_for("wise")[-1]
    sent = str(request.messages)
    assert "quick" not in sent
    assert "<<<ANSWER" in sent
    purposes = await run_in_db_thread(lambda: list(Usage.objects.values_list("purpose", flat=True)))
    assert sorted(purposes) == ["candidate", "candidate", "fuse"]


async def test_models_get_the_conversation_so_far(
    provider: ProviderServer, offer_model: MakeModel, ada: User, run_ask: RunAsk
) -> None:
    provider.add("wise", say("서울이에요."))
    await asyncio.to_thread(offer_model, "wise")
    first, _ = await run_ask()
    conversation = first.conversation.public_id

    await run_ask("거기 인구는?", conversation=conversation)

    observed = [message["content"] for message in provider.requests_for("wise")[-1].messages]
    assert observed[-3:] == ["한국의 수도는?", "서울이에요.", "거기 인구는?"]


async def test_a_turn_whose_process_died_is_finished_by_another_one(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("talker", say(count_up("천천히 말해요", 20), delay_s=0.02))
    await asyncio.to_thread(offer_model, "talker")
    turn = await run_in_db_thread(turns.open_turn, owner=ada, request=turns.TurnRequest("말해 줘"))
    dying = asyncio.create_task(runner.run_turn(turn.public_id))
    await wait_for_event(turn, "more")
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)

    turn, history = await finish(turn)

    assert turn.status == "done"
    assert answer_text_of(turn) == count_up("천천히 말해요", 20)
    assert reduce_events(history) == reduce_events(rebuild_events(turn))


async def test_a_turn_runs_once_however_often_it_is_started(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("서울이에요.", delay_s=0.05))
    await asyncio.to_thread(offer_model, "wise")
    turn = await run_in_db_thread(turns.open_turn, owner=ada, request=turns.TurnRequest("수도는?"))

    await asyncio.gather(*(runner.run_turn(turn.public_id) for _ in range(5)))
    await runner.close_loop_resources()

    assert len(provider.requests_for("wise")) == 1


async def test_a_model_that_repeats_itself_is_cut_short(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    provider.add("parrot", say("도쿄는 도시의 최고 관광지이며 특징과 문화를 보여줘요. " * 200, delay_s=0.005))
    await asyncio.to_thread(offer_model, "parrot")

    turn, _ = await run_ask()

    candidate = turn.candidates.all()[0]
    assert (candidate.status, candidate.finish_reason) == ("done", "loop")
    assert len(candidate.text) < 2_000


async def test_half_an_answer_stands_when_nothing_better_came(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    provider.add("cut", say("서울은 한강을 끼고 있는", fault="cut", fault_at=3))
    provider.add("broken", Script(status=500))
    await asyncio.to_thread(offer_model, "cut")
    await asyncio.to_thread(offer_model, "broken")

    turn, history = await run_ask()

    assert (turn.status, turn.answer_kind) == ("done", "lone")
    assert answer_text_of(turn).startswith("서울은")
    assert reduce_events(history) == reduce_events(rebuild_events(turn))


async def test_a_turn_costs_what_its_calls_cost(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("서울이에요.", delay_s=0.01))
    provider.add("slow", say(count_up("서울입니다", 20), delay_s=0.05))
    await asyncio.to_thread(offer_model, "wise", can_fuse=True)
    await asyncio.to_thread(offer_model, "slow")
    turn = await run_in_db_thread(turns.open_turn, owner=ada, request=turns.TurnRequest("수도는?"))
    dying = asyncio.create_task(runner.run_turn(turn.public_id))
    await wait_for_event(turn, "candidate_finished")
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)

    turn, _ = await finish(turn)

    costs = await run_in_db_thread(lambda: [usage.cost_micros for usage in turn.usages.all()])
    # Two answers, the broken one, and the fused one.
    assert len(costs) == 4
    assert turn.cost_micros == sum(costs)
    assert len(provider.requests_for("wise")) == 2


async def test_a_stop_also_ends_the_fusion(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    slow, quick = say(count_up("천천히", 300), delay_s=0.1), say("서울이에요.")
    provider.find_script = lambda _, prompt: slow if "<<<ANSWER" in prompt else quick
    await asyncio.to_thread(offer_model, "wise", can_fuse=True)
    await asyncio.to_thread(offer_model, "quick")
    turn = await run_in_db_thread(turns.open_turn, owner=ada, request=turns.TurnRequest("수도는?"))
    running = asyncio.create_task(runner.run_turn(turn.public_id))
    await wait_for_event(turn, "answer_delta")
    await stop_turn(turn)
    await asyncio.wait_for(running, 10)
    await runner.close_loop_resources()

    kept = await run_in_db_thread(_load, turn.public_id)
    # What was being read stays.
    assert (kept.status, kept.answer_kind) == ("stopped", "fused")
    assert kept.answer_text.startswith("천천히")
