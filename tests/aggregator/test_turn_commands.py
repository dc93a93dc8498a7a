"""Commands to a turn while it runs, after it has ended, and while its process is ending."""

import asyncio
import uuid
from collections.abc import Callable

import pytest
from pytest_django import Settings

from accounts.models import User
from aggregator.domain.snapshot import build_snapshot_events
from aggregator.domain.turn_state import TurnState, reduce_events
from aggregator.execution import close, runner
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Candidate, Turn
from aggregator.selectors.turns import rebuild_events, with_related
from aggregator.services import deletion, turns
from aggregator.services.candidates import add_candidate
from aggregator.services.listings import list_offered_models
from aggregator.services.refusal import Refusal
from aggregator.streaming.turn_log import decode_entries
from testing.provider.server import ProviderServer, Script, count_up, say
from testing.turns import wait_for_turns
from tests.aggregator.conftest import MakeModel
from tests.aggregator.page import Page, leave, open_page

pytestmark = pytest.mark.django_db(transaction=True)


async def ask(page: Page, *panel: str) -> str:
    """Ask something and return the turn's id once it is open."""
    command = {"type": "open_turn", "client_id": str(uuid.uuid4()), "conversation": None, "prompt": "수도는?"}
    await page.send({**command, "panel": list(panel), "strategy": "best"})
    while (opened := await page.receive())["type"] != "opened":
        pass
    return str(opened["turn"])


def load(turn: str) -> Turn:
    """Return a turn with its related rows."""
    return with_related(Turn.objects.filter(public_id=turn)).get()


async def ends(turn: str) -> Turn:
    """Wait until a turn has ended for good and return it."""
    await asyncio.wait_for(wait_for_turns(), 20)
    return await run_in_db_thread(load, turn)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something about stored rows holds."""
    for _ in range(400):
        if await run_in_db_thread(is_so):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about in time")


def has_failed(turn: str) -> bool:
    """Whether a failed candidate of a turn is stored."""
    return Candidate.objects.filter(turn__public_id=turn, status="failed").exists()


async def test_a_failed_candidate_can_be_retried_while_the_others_stream(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("talker", say(count_up("천천히 말해요", 20), delay_s=0.08))
    provider.add("shaky", Script(status=401, error="invalid_api_key"))
    await asyncio.to_thread(offer_model, "talker")
    await asyncio.to_thread(offer_model, "shaky")
    page = await open_page(ada)
    turn = await ask(page, "talker", "shaky")
    await until(lambda: has_failed(turn))
    provider.add("shaky", say("서울입니다."))
    failed = await run_in_db_thread(lambda: Candidate.objects.get(turn__public_id=turn, status="failed"))

    await page.send({"type": "retry", "candidate": str(failed.public_id)})
    kept = await ends(turn)
    log = await runner.get_turn_log(turn).read(turn)
    await leave(page)

    assert [(row.status, row.attempt) for row in kept.candidates.all()] == [("done", 1), ("done", 2)]
    assert len(provider.requests_for("talker")) == 1
    assert kept.attempt == 1
    assert reduce_events(decode_entries(log)) == reduce_events(rebuild_events(kept))


async def test_a_model_can_be_added_to_a_turn_that_has_ended(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    for slug in ("wise", "quick"):
        provider.add(slug, say(f"서울이에요. {slug}"))
        await asyncio.to_thread(offer_model, slug)
    page = await open_page(ada)
    turn = await ask(page, "wise")
    await ends(turn)

    await page.send({"type": "add", "turn": turn, "model": "quick"})
    await until(lambda: Turn.objects.filter(public_id=turn, attempt=2).exists())
    kept = await ends(turn)
    log = await runner.get_turn_log(turn).read(turn)
    await leave(page)

    assert [row.model for row in kept.candidates.all()] == ["wise", "quick"]
    assert [row.status for row in kept.candidates.all()] == ["done", "done"]
    assert len(provider.requests_for("wise")) == 1
    assert reduce_events(decode_entries(log)) == reduce_events(rebuild_events(kept))


async def test_a_model_that_is_in_the_panel_cannot_be_added(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("서울이에요."))
    await asyncio.to_thread(offer_model, "wise")
    page = await open_page(ada)
    turn = await ask(page, "wise")
    await page.receive_turn()
    await ends(turn)

    await page.send({"type": "add", "turn": turn, "model": "wise"})
    refused = await page.receive()
    await leave(page)

    assert (refused["type"], refused["code"]) == ("refused", "model_in_panel")
    assert (await run_in_db_thread(load, turn)).status == "done"


async def test_a_page_that_resumes_after_the_log_expired_still_gets_the_end(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("서울이에요."))
    await asyncio.to_thread(offer_model, "wise")
    page = await open_page(ada)
    turn = await ask(page, "wise")
    kept = await ends(turn)
    await page.close()
    await runner.get_main_log().client.delete(f"turns:log:{turn}")

    late = await open_page(ada)
    await late.send({"type": "resume", "turn": turn, "after_seq": 2})
    frame = await late.receive()
    await leave(late)

    assert frame["whole"] is True
    assert frame["seq"] == kept.last_seq
    assert frame["events"][-1]["type"] in {"turn_closed", "placement_made"}


async def test_a_process_that_ends_releases_its_turns_at_once(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("talker", say(count_up("천천히 말해요", 30), delay_s=0.04))
    await asyncio.to_thread(offer_model, "talker")
    page = await open_page(ada)
    turn = await ask(page, "talker")
    await page.receive_turn(until="candidate_delta")

    left = await runner.drain(0.1)
    began = asyncio.get_running_loop().time()
    await runner.run_turn(left[0])
    took = asyncio.get_running_loop().time() - began
    kept = await run_in_db_thread(load, turn)
    log = await runner.get_turn_log(turn).read(turn)
    await leave(page)

    assert [str(name) for name in left] == [turn]
    assert took < 8
    assert (kept.status, kept.candidates.all()[0].attempt) == ("done", 2)
    assert reduce_events(decode_entries(log)) == reduce_events(rebuild_events(kept))


async def test_one_person_may_only_have_so_many_turns_open(
    provider: ProviderServer, offer_model: MakeModel, ada: User, settings: object
) -> None:
    settings.TURNS_OPEN_EACH = 1  # type: ignore[attr-defined]
    provider.add("talker", say(count_up("천천히 말해요", 10), delay_s=0.05))
    await asyncio.to_thread(offer_model, "talker")
    page = await open_page(ada)
    turn = await ask(page, "talker")
    with pytest.raises(Refusal, match="too_many_running"):
        await run_in_db_thread(turns.open_turn, owner=ada, request=turns.TurnRequest("또?"))

    await ends(turn)
    await leave(page)


def test_the_snapshot_events_of_a_state_leave_the_same_state() -> None:
    state = TurnState()
    assert reduce_events(build_snapshot_events(state)) == state


async def test_a_turn_that_meets_repeated_faults_of_ours_is_closed_as_failed(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("서울이에요."))
    # A listing that cannot be read: a fault of the installation, not of the prompt.
    await asyncio.to_thread(offer_model, "wise", languages=7)
    turn = await run_in_db_thread(turns.open_turn, owner=ada, request=turns.TurnRequest("수도는?"))
    for _ in range(close.MAX_FAULTS):
        await asyncio.gather(runner.run_turn(turn.public_id), return_exceptions=True)
    kept = await run_in_db_thread(load, str(turn.public_id))
    await runner.close_loop_resources()

    assert (kept.status, kept.error) == ("failed", "all_failed")


async def test_a_turn_that_is_refused_reaches_no_provider_and_leaves_nothing_behind(
    provider: ProviderServer, offer_model: MakeModel, ada: User, settings: object
) -> None:
    settings.ACCOUNT_TURNS_PER_DAY = 0  # type: ignore[attr-defined]
    provider.add("wise", say("서울이에요."))
    await asyncio.to_thread(offer_model, "wise")
    page = await open_page(ada)
    command = {"type": "open_turn", "client_id": str(uuid.uuid4()), "conversation": None, "prompt": "수도는?"}
    await page.send({**command, "panel": ["wise"], "strategy": "best"})
    refused = await page.receive()
    await asyncio.wait_for(wait_for_turns(), 20)
    left = [key async for key in runner.get_main_log().client.scan_iter("turns:l*")]
    await leave(page)

    assert (refused["type"], refused["code"]) == ("refused", "quota_reached")
    assert provider.requests_for("wise") == []
    assert left == []
    assert not await run_in_db_thread(Turn.objects.exists)


async def test_a_stopping_turn_accepts_no_model_and_accepts_all_once_it_has_ended(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    for slug in ("wise", "quick", "late"):
        provider.add(slug, say("서울이에요."))
        await asyncio.to_thread(offer_model, slug)
    request = turns.TurnRequest("수도는?", panel=("wise",))
    turn = await run_in_db_thread(lambda: turns.open_turn(owner=ada, request=request))
    offered = {model.slug: model for model in await run_in_db_thread(list_offered_models)}
    # One is added before the stop, while no process runs the turn yet, and one after it.
    await run_in_db_thread(lambda: add_candidate(turn=turn, model=offered["quick"]))
    assert await run_in_db_thread(lambda: turns.request_stop(turn=turn))
    with pytest.raises(Refusal, match="turn_running"):
        await run_in_db_thread(lambda: add_candidate(turn=turn, model=offered["late"]))
    await runner.run_turn(turn.public_id)
    stopped = await run_in_db_thread(load, str(turn.public_id))
    assert stopped.status == "stopped"
    assert {row.status for row in stopped.candidates.all()} == {"stopped"}
    assert not provider.requests_for("wise")

    page = await open_page(ada)
    added = next(row for row in stopped.candidates.all() if row.model == "quick")
    await page.send({"type": "retry", "candidate": str(added.public_id)})
    await page.receive_turn()
    again = await ends(str(turn.public_id))
    log = await runner.get_turn_log(str(turn.public_id)).read(str(turn.public_id))
    await leave(page)
    assert {row.model: row.status for row in again.candidates.all()} == {"wise": "stopped", "quick": "done"}
    assert (again.status, again.answer_candidate) == ("done", added)
    assert reduce_events(decode_entries(log)) == reduce_events(rebuild_events(again))


async def test_a_queued_turn_can_be_stopped_or_deleted(
    provider: ProviderServer, offer_model: MakeModel, ada: User, settings: Settings
) -> None:
    settings.TURNS_AT_ONCE = 1
    provider.add("talker", say(count_up("천천히 말해요", 600), delay_s=0.1))
    provider.add("quick", say("서울이에요."))
    for slug in ("talker", "quick"):
        await asyncio.to_thread(offer_model, slug)
    page = await open_page(ada)
    first, second, third = await ask(page, "talker"), *[await ask(page, "quick") for _ in range(2)]
    gone = await run_in_db_thread(lambda: Turn.objects.get(public_id=third).conversation)
    await page.send({"type": "stop", "turn": second})
    await run_in_db_thread(lambda: deletion.delete_conversation(conversation=gone))

    await until(lambda: Turn.objects.filter(public_id=second, status="stopped").exists())
    await until(lambda: set(runner._controls) == {first})
    assert not provider.requests_for("quick")
    assert await run_in_db_thread(lambda: Turn.objects.get(public_id=first).status) == "running"
    assert not await runner.get_turn_log(third).read(third)
    await page.send({"type": "stop", "turn": first})
    assert (await ends(first)).status == "stopped"
    await leave(page)
