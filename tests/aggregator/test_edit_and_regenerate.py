"""Asking anew stops what runs on the branch that it leaves, and nothing when it is refused."""

import asyncio
import uuid

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from aggregator.execution.commands import stop_turn
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Signal, Turn
from aggregator.services import turns
from aggregator.services.refusal import Refusal
from testing.provider.server import ProviderServer, count_up, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.page import Frame, Page, leave, open_page

pytestmark = pytest.mark.django_db(transaction=True)
# It takes a minute, so it runs for as long as a test looks at it.
LONG = say(count_up("길게 말해요", 600), delay_s=0.1)


def command(kind: str, **more: object) -> Frame:
    """Return a command that opens a turn."""
    return {"type": kind, "client_id": str(uuid.uuid4()), **more}


async def receive_one(page: Page, kind: str) -> Frame:
    """Return the next message of a kind."""
    while (frame := await page.receive())["type"] != kind:
        pass
    return frame


async def open_running(page: Page, prompt: str, conversation: str | None = None) -> Frame:
    """Open a turn, wait until its answer is being written, and return what opened it."""
    await page.send(command("open_turn", prompt=prompt, conversation=conversation))
    opened = await receive_one(page, "opened")
    await page.receive_turn("candidate_delta")
    return opened


async def ends(name: str) -> str:
    """Wait until a turn has ended and return how."""
    for _ in range(1_000):
        turn = await run_in_db_thread(Turn.objects.get, public_id=name)
        if turn.status != Turn.Status.RUNNING:
            return str(turn.status)
        await asyncio.sleep(0.02)
    raise AssertionError("it did not end in time")


async def stop_all(*pages: Page) -> None:
    """Stop whatever runs still, then leave."""
    for turn in await run_in_db_thread(list, Turn.objects.filter(status=Turn.Status.RUNNING)):
        await stop_turn(turn)
    await leave(*pages)


@pytest.mark.parametrize(
    ("change", "code"),
    [({}, "quota_reached"), ({"prompt": "  "}, "prompt_empty"), ({"prompt": "가" * 100}, "prompt_too_long")],
)
async def test_a_refused_edit_stops_nothing(
    provider: ProviderServer,
    offer_model: MakeModel,
    ada: User,
    settings: Settings,
    change: Frame,
    code: str,
) -> None:
    settings.ACCOUNT_TURNS_PER_DAY = 1
    settings.PROMPT_LIMIT = 99
    provider.add("wise", LONG)
    await asyncio.to_thread(offer_model, "wise")
    page = await open_page(ada)
    opened = await open_running(page, "수도는?")

    await page.send(command("edit" if change else "regenerate", turn=opened["turn"], **change))
    assert (await receive_one(page, "refused"))["code"] == code
    turn = await run_in_db_thread(Turn.objects.get)
    assert (turn.status, turn.stop_asked_at) == ("running", None)
    assert not await run_in_db_thread(Signal.objects.exists)
    await stop_all(page)


async def test_an_edit_stops_all_that_followed_at_once_and_none_counts_against_it(
    provider: ProviderServer, offer_model: MakeModel, ada: User, settings: Settings
) -> None:
    settings.TURNS_OPEN_EACH = 2
    provider.add("wise", LONG)
    await asyncio.to_thread(offer_model, "wise")
    page = await open_page(ada)
    first = await open_running(page, "하나")
    second = await open_running(page, "둘", first["conversation"])
    await page.send(command("open_turn", prompt="셋", conversation=first["conversation"]))
    assert (await receive_one(page, "refused"))["code"] == "too_many_running"

    await page.send(command("edit", turn=first["turn"], prompt="하나 고침"))
    third = await receive_one(page, "opened")
    assert (third["number"], third["replaces"]) == (3, first["turn"])
    assert [await ends(first["turn"]), await ends(second["turn"])] == ["stopped", "stopped"]
    successor = await run_in_db_thread(Turn.objects.get, number=3)
    assert (successor.status, successor.stop_asked_at) == ("running", None)
    await stop_all(page)


def test_what_runs_in_another_conversation_counts_against_a_successor(ada: User, settings: Settings) -> None:
    settings.TURNS_OPEN_EACH = 2
    turns.open_turn(owner=ada, request=turns.TurnRequest("다른 대화"))
    old = turns.open_turn(owner=ada, request=turns.TurnRequest("수도는?"))
    new = turns.replace_turn(turn=old, request=turns.TurnRequest("수도는?"))
    assert new.number == 2
    other = turns.TurnRequest("또 다른 대화")
    with pytest.raises(Refusal, match="too_many_running"):
        turns.open_turn(owner=ada, request=other)
    end = {"status": Turn.Status.STOPPED, "closed_at": timezone.now()}
    Turn.objects.filter(pk=old.pk).update(**end)
    with pytest.raises(Refusal, match="too_many_running"):
        turns.open_turn(owner=ada, request=other)
    Turn.objects.filter(pk=new.pk).update(**end)
    turns.open_turn(owner=ada, request=other)
