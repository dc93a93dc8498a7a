"""What a page tells of copies and going on, and what regenerating says about the answer it replaces."""

import asyncio
import uuid

import pytest

from accounts.models import User
from aggregator.execution import runner
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Signal, Turn
from aggregator.services.conversations import adopt_conversations
from testing.provider.server import ProviderServer, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.page import leave, open_page
from tests.aggregator.test_consumers import ask_of
from tests.aggregator.test_turns import RunAsk, run_ask, types_of

__all__ = ["run_ask"]
pytestmark = pytest.mark.django_db(transaction=True)


async def answered(offer_model: MakeModel, provider: ProviderServer, run_ask: RunAsk) -> Turn:
    """Return a turn that one model has answered."""
    provider.add("wise", say("서울이에요."))
    await asyncio.to_thread(offer_model, "wise")
    turn, _ = await run_ask()
    return turn


async def test_a_copy_is_stored_and_an_unknown_kind_is_refused(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk, ada: User, mallory: User
) -> None:
    turn = await answered(offer_model, provider, run_ask)
    candidate = str(turn.candidates.all()[0].public_id)
    page, other = await open_page(ada), await open_page(mallory)
    await page.send({"type": "signal", "candidate": candidate, "kind": "copy"})
    assert await page.receive() == {"type": "signalled", "candidate": candidate, "kind": "copy"}
    await page.send({"type": "signal", "candidate": candidate, "kind": "regenerate"})
    assert (await page.receive())["code"] == "malformed"
    await other.send({"type": "signal", "candidate": candidate, "kind": "copy"})
    assert (await other.receive())["code"] == "candidate_not_found"
    assert await run_in_db_thread(Signal.objects.count) == 1
    await leave(page)
    await leave(other)


async def test_regenerating_stores_a_signal_and_keeps_strategy_and_panel(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk, ada: User
) -> None:
    turn = await answered(offer_model, provider, run_ask)
    page = await open_page(ada)
    await page.send({"type": "regenerate", "client_id": str(uuid.uuid4()), "turn": str(turn.public_id)})
    await page.receive_turn()
    kinds = await run_in_db_thread(lambda: list(Signal.objects.values_list("kind", flat=True)))
    assert kinds == ["regenerate"]
    # One model was on offer, so the route was single; that was nobody's command.
    newest = await run_in_db_thread(lambda: Turn.objects.latest("number"))
    assert (turn.strategy, newest.asked_strategy) == ("single", "")
    await leave(page)


async def test_a_fused_answer_begins_at_quorum_and_what_stands_meanwhile_can_be_read(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk, settings: object
) -> None:
    settings.TURN_GRACE_MS, settings.TURN_QUORUM = 100, 2  # type: ignore[attr-defined]
    provider.add("slow", say("서울은 아주 큰 도시예요.", first_delay_s=3))
    quick = say("서울은 대한민국의 수도예요.")
    provider.find_script = lambda model, prompt: (
        say("서울은 대한민국의 수도이고 큰 도시예요.") if "<<<ANSWER" in prompt else quick
    )
    await asyncio.to_thread(offer_model, "wise", standing=0.8, can_fuse=True)
    await asyncio.to_thread(offer_model, "quick", standing=0.75)
    await asyncio.to_thread(offer_model, "slow", standing=0.7)

    turn, history = await run_ask("서울을 소개하는 글을 써 줘")

    kinds = types_of(history)
    assert turn.answer_kind == "fused"
    assert kinds.index("leader_changed") < kinds.index("answer_started")
    # The straggler ended after the answer had begun, and was ranked after all.
    last_candidate = len(kinds) - 1 - kinds[::-1].index("candidate_finished")
    assert kinds.index("answer_started") < last_candidate
    assert turn.ranking is not None and len(turn.ranking["standings"]) == 3
    assert [support["candidates"] for support in turn.supports] != []


async def test_a_guest_s_signals_become_those_of_the_account(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk, ada: User, grace: User
) -> None:
    turn = await answered(offer_model, provider, run_ask)
    candidate = turn.candidates.all()[0]
    await run_in_db_thread(lambda: Signal.objects.create(candidate=candidate, person=ada, kind="copy"))
    await run_in_db_thread(adopt_conversations, guest=ada, account=grace)
    assert await run_in_db_thread(lambda: Signal.objects.get().person_id) == grace.pk
    await runner.close_loop_resources()


async def test_a_requested_strategy_survives_the_route(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("서울이에요."))
    await asyncio.to_thread(offer_model, "wise")
    page = await open_page(ada)
    await page.send(ask_of("수도는?", strategy="vote"))
    await page.receive_turn()
    turn = await run_in_db_thread(Turn.objects.get)
    assert (turn.asked_strategy, turn.strategy) == ("vote", "single")
    await leave(page)
