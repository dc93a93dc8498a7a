"""A turn that is deleted while it runs stops, its log is deleted, and its calls stay stored."""

import asyncio
import threading
import time
import uuid
from collections.abc import Callable

import pytest
import redis
from django.conf import settings as site_settings
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.services import delete_account
from aggregator.domain.events import PlacementMade
from aggregator.execution import runner
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Ballot, Candidate, Conversation, Turn, Usage
from aggregator.selectors.usage import spent_today
from aggregator.services import deletion, turns
from aggregator.storage import checkpoint
from aggregator.streaming.turn_feed import stream_key
from testing.provider.server import ProviderServer, count_up, say
from testing.turns import wait_for_turns
from tests.aggregator.conftest import MakeModel
from tests.aggregator.page import leave, open_page
from tests.aggregator.test_checkpoint import call, done, ended

pytestmark = pytest.mark.django_db(transaction=True)

SOON_SECONDS = 3


@pytest.fixture
def talkers(provider: ProviderServer, offer_model: MakeModel) -> None:
    """One model that has answered at once, and one that would go on for half a minute."""
    provider.add("quick", say("서울"))
    provider.add("talker", say(count_up("한 마디씩", 300), delay_s=0.05))
    offer_model("quick")
    offer_model("talker")


@pytest.fixture
def turn(ada: User) -> Turn:
    """A running turn of Ada's that no process has begun."""
    return turns.open_turn(owner=ada, request=turns.TurnRequest("수도는?", panel=("quick", "talker")))


def has_log(turn: str) -> bool:
    """Whether a turn has a log."""
    with redis.Redis.from_url(site_settings.REDIS_URL) as store:
        return bool(store.exists(stream_key(turn)))


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until a condition on stored rows holds."""
    for _ in range(500):
        if await run_in_db_thread(is_so):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about in time")


async def ends_soon(provider: ProviderServer) -> None:
    """Wait until no turn runs any more, and assert that no model went on for long."""
    began = time.monotonic()
    await asyncio.wait_for(wait_for_turns(), SOON_SECONDS)
    assert await asyncio.to_thread(
        provider.wait_until, lambda: provider.requests_for("talker")[0].is_cancelled
    )
    assert time.monotonic() - began < SOON_SECONDS


def check_calls(turn: str) -> None:
    """Assert that only the two calls of a turn are left."""
    assert not Conversation.objects.exists()
    assert {(row.model, row.turn_id) for row in Usage.objects.all()} == {("quick", None), ("talker", None)}
    assert all(row.cost_micros > 0 for row in Usage.objects.all())
    assert spent_today() == sum(row.cost_micros for row in Usage.objects.all())
    assert not has_log(turn)


@pytest.mark.usefixtures("talkers")
async def test_deleting_a_conversation_stops_its_turn_and_stores_its_calls(
    provider: ProviderServer, ada: User, client: Client
) -> None:
    page = await open_page(ada)
    command = {"type": "open_turn", "client_id": str(uuid.uuid4()), "conversation": None, "prompt": "수도는?"}
    await page.send({**command, "panel": ["quick", "talker"]})
    opened = await page.receive()
    await page.receive_turn(until="candidate_finished")
    assert await run_in_db_thread(has_log, opened["turn"])

    await asyncio.to_thread(client.force_login, ada)
    gone = await asyncio.to_thread(client.post, f"/c/{opened['conversation']}/delete/")
    await ends_soon(provider)
    # An open page still gets the end.
    await page.receive_turn(until="turn_closed")
    await leave(page)

    assert gone.status_code == 302
    await run_in_db_thread(check_calls, opened["turn"])


@pytest.mark.usefixtures("talkers")
async def test_closing_an_account_stops_its_running_turns(
    provider: ProviderServer, settings: Settings, ada: User, turn: Turn
) -> None:
    # As on a worker: only Valkey connects the process that deletes with the one that runs the turn.
    settings.TURN_RUNNER = "worker"
    name, running = str(turn.public_id), asyncio.create_task(runner.run_turn(turn.public_id))
    await until(lambda: Candidate.objects.filter(model="quick", status="done").exists())

    await run_in_db_thread(delete_account, account=ada)
    await asyncio.wait_for(running, SOON_SECONDS)
    await ends_soon(provider)
    await runner.close_loop_resources()

    await run_in_db_thread(check_calls, name)


@pytest.mark.usefixtures("talkers")
async def test_a_deleted_turn_whose_wakeup_is_lost_stops_at_the_next_checkpoint(
    provider: ProviderServer, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.execution.checkpoint_loop.CHECKPOINT_SECONDS", 0.3)
    running = asyncio.create_task(runner.run_turn(turn.public_id))
    await until(lambda: Candidate.objects.filter(model="quick", status="done").exists())

    # A row that is deleted without a wakeup, as by the database's own shell.
    await run_in_db_thread(turn.conversation.delete)
    await asyncio.wait_for(running, SOON_SECONDS)
    await ends_soon(provider)
    await runner.close_loop_resources()

    await run_in_db_thread(check_calls, str(turn.public_id))


@pytest.mark.usefixtures("provider")
async def test_a_deleted_turn_that_was_not_begun_asks_no_model(provider: ProviderServer, turn: Turn) -> None:
    await run_in_db_thread(deletion.delete_conversation, conversation=turn.conversation)
    await runner.run_turn(turn.public_id)
    await runner.close_loop_resources()
    assert not provider.seen
    assert not has_log(str(turn.public_id))


def test_deleting_removes_the_log_of_an_ended_turn(turn: Turn) -> None:
    with redis.Redis.from_url(site_settings.REDIS_URL) as store:
        store.xadd(stream_key(str(turn.public_id)), {"e": "[]"}, id="0-1")
    deletion.delete_conversation(conversation=turn.conversation)
    assert not has_log(str(turn.public_id))


def test_deleting_works_without_valkey(turn: Turn, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    deletion.delete_conversation(conversation=turn.conversation)
    assert not Turn.objects.exists()


def test_of_a_turn_deleted_while_it_runs_only_the_calls_are_stored(turn: Turn) -> None:
    candidate = str(uuid.uuid4())
    state = ended(candidate)
    deletion.delete_conversation(conversation=Conversation.objects.get())

    pending = done(checkpoint.save_checkpoint(turn=turn, state=state, seq=5, calls=(call(candidate),)))
    assert (pending.stop, pending.is_deleted) == (True, True)
    assert done(checkpoint.close_turn(turn=turn, state=state, seq=9, calls=(call(candidate),)))
    checkpoint.save_ballot(turn=turn, judge="judge", order=(candidate,))
    assert done(checkpoint.save_placement(turn=turn, placement=PlacementMade(None, "none"), seq=10))

    kept = Usage.objects.get()
    assert (kept.turn_id, kept.candidate_id, kept.cost_micros) == (None, None, 700)
    assert not Candidate.objects.exists()
    assert not Ballot.objects.exists()


def test_a_turn_that_exists_is_stored_as_before(turn: Turn) -> None:
    candidate = str(uuid.uuid4())
    state = ended(candidate)
    assert not done(checkpoint.close_turn(turn=turn, state=state, seq=9, calls=(call(candidate),)))
    assert not done(checkpoint.save_placement(turn=turn, placement=PlacementMade(None, "none"), seq=10))
    assert Usage.objects.get().turn_id == turn.pk


def test_deleting_waits_for_a_checkpoint_of_the_turn(turn: Turn) -> None:
    is_held = threading.Event()

    def keep() -> None:
        with transaction.atomic():
            Turn.objects.select_for_update().get(pk=turn.pk)
            is_held.set()
            time.sleep(0.5)
            Candidate.objects.create(turn=turn, position=0, model="wise", model_name="Wise", vendor="vendor")
            Conversation.objects.filter(pk=turn.conversation_id).update(title="kept")
        connection.close()

    keeper = threading.Thread(target=keep)
    keeper.start()
    is_held.wait(5)
    deletion.delete_conversation(conversation=turn.conversation)
    keeper.join(5)
    assert not Candidate.objects.exists()
