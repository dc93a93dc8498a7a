"""A page of one guest too many gets a reason, and guests who left nothing are removed in time."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.guests import GUEST_COOKIE, sign_guest_key
from accounts.models import User
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Conversation, DayCount
from aggregator.tasks import clear_guests
from testing.factories import GuestFactory, UserFactory
from testing.provider.server import ProviderServer, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.page import Page, leave

pytestmark = pytest.mark.django_db(transaction=True)

COMMAND = {
    "type": "open_turn",
    "conversation": None,
    "prompt": "수도는?",
    "panel": ["wise"],
    "strategy": "best",
}


def newcomer() -> Page:
    """Return the page of a visitor who was never here, not opened yet."""
    cookie = f"{GUEST_COOKIE}={sign_guest_key(uuid.uuid4())}"
    return Page(None, cookie=cookie, address="93.184.216.34")


async def test_a_guest_too_many_is_refused_in_words_and_accepted_later(
    provider: ProviderServer, offer_model: MakeModel, settings: Settings
) -> None:
    provider.add("wise", say("서울이에요."))
    await run_in_db_thread(offer_model, "wise")
    settings.NEW_GUESTS_PER_HOUR = 1
    first, second = newcomer(), newcomer()
    assert (await first.open(), await second.open()) == (0, 0)
    await second.send({"type": "ping"})
    assert await second.receive() == {"type": "pong"}
    await second.send({**COMMAND, "client_id": str(uuid.uuid4())})
    refused = await second.receive()
    assert (refused["type"], refused["code"]) == ("refused", "too_many_guests")
    assert "로그인" in refused["message"]
    assert await run_in_db_thread(User.objects.count) == 1

    settings.NEW_GUESTS_PER_HOUR = 9
    await second.send({**COMMAND, "client_id": str(uuid.uuid4())})
    assert (await second.receive())["type"] == "opened"
    await second.receive_turn()
    await leave(first, second)
    assert await run_in_db_thread(User.objects.count) == 2


def test_guests_without_conversations_are_deleted_after_a_month() -> None:
    now = timezone.now()
    old, new = now - dt.timedelta(days=31), now - dt.timedelta(days=29)
    gone, recent, talker = (GuestFactory.create(date_joined=since) for since in (old, new, old))
    account = UserFactory.create(date_joined=old)
    Conversation.objects.create(owner=talker, updated_at=old)
    DayCount.objects.create(person=gone, day=old.date(), opened=1)

    assert clear_guests() == 1
    assert set(User.objects.all()) == {recent, talker, account}
    assert not DayCount.objects.exists()
    assert clear_guests() == 0
