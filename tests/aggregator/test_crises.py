"""What a crisis does to a turn and to what follows it: help lines first, and no ad from then on."""

import asyncio

import pytest

from aggregator.domain.turn_state import reduce_events
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Usage
from aggregator.selectors.turns import rebuild_events
from language.sensitivity import judge_sensitivity
from testing.provider.server import ProviderServer, count_up, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.test_turns import RunAsk, run_ask

__all__ = ["run_ask"]

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_crisis_is_answered_with_help_and_without_ads_or_models(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    await asyncio.to_thread(offer_model, "wise")

    turn, history = await run_ask("우울해서 죽고 싶어")

    assert "109" in turn.answer_text
    assert turn.answer_kind == "help"
    assert turn.placement == {"ad": None, "reason": "sensitive"}
    assert provider.seen == []
    assert reduce_events(history) == reduce_events(rebuild_events(turn))


async def test_an_implicit_crisis_stops_the_models_for_the_help_lines(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    await asyncio.to_thread(judge_sensitivity, "warm")
    provider.add("wise", say(count_up("Cheer up!", 200), delay_s=0.05))
    await asyncio.to_thread(offer_model, "wise")

    turn, history = await run_ask("i dont wanna be here anymore like at all")

    assert (turn.status, turn.answer_kind) == ("done", "help")
    assert turn.placement == {"ad": None, "reason": "sensitive"}
    assert not turn.candidates.all()
    assert await run_in_db_thread(Usage.objects.filter(turn=turn).count) == 1
    assert reduce_events(history) == reduce_events(rebuild_events(turn))


async def test_a_conversation_that_touched_a_crisis_gets_no_ads_from_then_on(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    prompt = "요즘 사는 게 힘들어"
    judged = await asyncio.to_thread(judge_sensitivity, prompt)
    assert "self_harm" in judged.classes and not judged.needs_help
    provider.add("wise", say("그렇군요."))
    await asyncio.to_thread(offer_model, "wise")

    touched, _ = await run_ask(prompt)
    then, _ = await run_ask("도쿄 여행 준비물 알려 줘", touched.conversation.public_id)

    assert (touched.status, then.status) == ("done", "done")
    assert touched.answer_kind != "help"
    assert then.placement == {"ad": None, "reason": "sensitive"}
