"""A settled answer stands while other candidates are still written, and nothing of them is lost."""

import asyncio

import pytest

from accounts.models import User
from aggregator.domain.turn_state import reduce_events
from aggregator.execution import runner
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Candidate, Turn
from aggregator.selectors.conversations import list_exchanges
from aggregator.selectors.turns import rebuild_events
from aggregator.services import turns
from testing.provider.server import ProviderServer, count_up, say
from testing.turns import wait_for_turns
from tests.aggregator.conftest import MakeModel
from tests.aggregator.page import leave, open_page
from tests.aggregator.test_turn_commands import ask, ends, load, until

pytestmark = pytest.mark.django_db(transaction=True)
SLOW = say(count_up("천천히", 300), delay_s=0.08)


def is_answered(turn: str) -> bool:
    """Whether the answer of a running turn is stored with its ad's placement."""
    stored = Turn.objects.filter(public_id=turn, status="running").exclude(answer_kind="")
    return stored.exclude(placement=None).exists()


async def offer_three(provider: ProviderServer, offer_model: MakeModel) -> None:
    """Offer two models that agree at once, and one that writes for long."""
    provider.add("wise", say("서울이에요."))
    provider.add("quick", say("서울입니다."))
    provider.add("slow", SLOW)
    for name in ("wise", "quick", "slow"):
        await asyncio.to_thread(offer_model, name)


async def test_an_answer_is_settled_stored_and_followed_while_another_candidate_is_written(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    await offer_three(provider, offer_model)
    page = await open_page(ada)
    turn = await ask(page, "wise", "quick", "slow")
    await until(lambda: is_answered(turn))
    running = await run_in_db_thread(load, turn)
    answer = running.answer_candidate
    assert answer and answer.text in {"서울이에요.", "서울입니다."}
    assert {row.model: row.status for row in running.candidates.all()}["slow"] == "streaming"

    request = turns.TurnRequest("인구는?", conversation=running.conversation.public_id)
    following = await run_in_db_thread(lambda: turns.open_turn(owner=ada, request=request))
    exchanges = await run_in_db_thread(list_exchanges, following)
    assert [(each.prompt, each.answer) for each in exchanges] == [("수도는?", answer.text)]
    await run_in_db_thread(lambda: turns.request_stop(turn=following))

    # A stop ends what is written beside the answer, and takes nothing away from it.
    await page.send({"type": "stop", "turn": turn})
    ended = await ends(turn)
    await leave(page)
    slow = next(row for row in ended.candidates.all() if row.model == "slow")
    assert (ended.status, ended.answer_candidate) == ("done", answer)
    assert (slow.status, await run_in_db_thread(ended.usages.count)) == ("stopped", 3)
    assert slow.text.startswith("천천히 1")


async def test_candidates_of_a_settled_answer_are_asked_again_after_a_crash(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    await offer_three(provider, offer_model)
    page = await open_page(ada)
    turn = await ask(page, "wise", "quick", "slow")
    await until(lambda: is_answered(turn))
    before = await run_in_db_thread(load, turn)
    provider.add("slow", say("서울이라고 생각해요."))
    for task in runner.list_running_tasks():
        task.cancel()
    await asyncio.gather(*runner.list_running_tasks(), return_exceptions=True)

    runner.start_local_turn(before.public_id)
    ended = await ends(turn)
    await leave(page)
    rows = {row.model: (row.status, row.attempt) for row in ended.candidates.all()}
    assert rows == {"wise": ("done", 1), "quick": ("done", 1), "slow": ("done", 2)}
    assert (ended.status, ended.answer_candidate) == ("done", before.answer_candidate)
    assert ended.placement == before.placement
    # Both calls of the slow model are paid for, each once.
    assert await run_in_db_thread(ended.usages.count) == 4
    assert reduce_events(rebuild_events(ended)).answer_is_finished


async def test_a_stop_keeps_the_text_that_is_being_read(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("quick", say("서울이에요.", first_delay_s=1.0))
    provider.add("talker", SLOW)
    await asyncio.to_thread(offer_model, "quick", standing=0.3)
    await asyncio.to_thread(offer_model, "talker", standing=0.9)
    page = await open_page(ada)
    turn = await ask(page, "talker", "quick")
    done = Candidate.objects.filter(turn__public_id=turn, status="done")
    for _ in range(200):
        message = await page.receive()
        if any(event["type"] == "candidate_finished" for event in message.get("events", ())):
            break
    await page.send({"type": "stop", "turn": turn})
    ended = await ends(turn)
    await leave(page)
    assert await run_in_db_thread(done.count) == 1
    assert ended.status == "stopped"
    assert ended.answer_candidate and ended.answer_candidate.model == "talker"
    await asyncio.wait_for(wait_for_turns(), 5)
