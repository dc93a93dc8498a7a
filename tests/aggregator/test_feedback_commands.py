"""What a page tells of copies and going on, and what regenerating says about the answer it replaces."""

import asyncio
import uuid

import pytest

from accounts.models import User
from aggregator.execution import runner
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import AnswerRating, Signal, Turn
from aggregator.services import feedback, turns
from aggregator.services.conversations import adopt_conversations
from testing.factories import GuestFactory
from testing.provider.server import ProviderServer, count_up, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.page import Frame, Page, leave, open_page
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
        say("대한민국의 수도는 서울이에요. 큰 도시이기도 해요.") if "<<<ANSWER" in prompt else quick
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


async def test_a_rating_is_stored_once_changed_and_taken_back(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk, ada: User, mallory: User
) -> None:
    turn = str((await answered(offer_model, provider, run_ask)).public_id)
    page, other = await open_page(ada), await open_page(mallory)

    async def rate(at: Page, verdict: str, **more: str) -> Frame:
        await at.send({"type": "rate", "turn": turn, "verdict": verdict, **more})
        return await at.receive()

    assert await rate(page, "good") == {"type": "rated", "turn": turn, "verdict": "good"}
    assert (await rate(page, "bad", reason="wrong", comment=" 부산이 아니에요\x00 "))["verdict"] == "bad"
    columns = ("verdict", "reason", "comment")
    rows = await run_in_db_thread(lambda: list(AnswerRating.objects.values_list(*columns)))
    assert rows == [("bad", "wrong", "부산이 아니에요")]
    refused = [("superb", ""), ("bad", "x"), ("good", "wrong")]
    for verdict, reason in refused:
        assert (await rate(page, verdict, reason=reason))["code"] == "malformed"
    assert (await rate(other, "good"))["code"] == "turn_not_found"
    assert (await rate(page, ""))["verdict"] == ""
    assert not await run_in_db_thread(AnswerRating.objects.exists)
    await leave(page, other)


async def test_the_next_prompt_follows_a_candidate_and_then_the_answer_again(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk, ada: User
) -> None:
    turn = await answered(offer_model, provider, run_ask)
    page, candidate = await open_page(ada), str(turn.candidates.all()[0].public_id)
    for followed in (candidate, ""):
        await page.send({"type": "follow", "turn": str(turn.public_id), "candidate": followed or None})
        reply = await page.receive()
        assert reply == {"type": "followed", "turn": str(turn.public_id), "candidate": followed}
        stored = await run_in_db_thread(Turn.objects.get, pk=turn.pk)
        assert bool(stored.continued_with_id) == bool(followed)
    await page.send({"type": "follow", "turn": str(turn.public_id), "candidate": str(uuid.uuid4())})
    assert (await page.receive())["code"] == "candidate_not_found"
    await leave(page)


async def test_a_turn_ends_with_the_candidate_that_is_enough(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("서울이에요."))
    provider.add("slow", say(count_up("음", 600), delay_s=0.1))
    for slug in ("wise", "slow"):
        await asyncio.to_thread(offer_model, slug)
    page = await open_page(ada)
    await page.send(ask_of("수도는?", panel=["wise", "slow"]))
    opened = await page.receive()
    finished: list[str] = []
    while not finished:
        seen = (await page.receive()).get("events", [])
        finished = [event["candidate"] for event in seen if event["type"] == "candidate_finished"]
    await page.send({"type": "stop", "turn": opened["turn"], "candidate": finished[0]})
    while (await page.receive())["type"] != "followed":
        pass
    turn = await run_in_db_thread(lambda: Turn.objects.select_related("continued_with").get())
    assert turn.continued_with is not None
    assert turn.continued_with.text == "서울이에요."
    await leave(page)


def test_a_guest_s_ratings_move_to_the_account(ada: User) -> None:
    guest = GuestFactory.create()
    turn = turns.open_turn(owner=guest, request=turns.TurnRequest("수도는?"))
    feedback.rate_answer(person=guest, turn=turn.public_id, verdict="good")
    adopt_conversations(guest=guest, account=ada)
    assert AnswerRating.objects.get().person_id == ada.pk
