"""Who has left opens no work over a socket that was opened before, in no tab and on no machine."""

import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import adopt_guest, record_sign_out
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Candidate, DayCount, Turn
from testing.factories import GuestFactory, UserFactory
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.page import Frame, Page, leave, open_page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def offer(provider: ProviderServer, offer_model: MakeModel) -> None:
    """One model answers and one breaks."""
    provider.add("wise", say("서울이에요."))
    provider.add("shaky", Script(status=401, error="invalid_api_key"))
    for slug in ("wise", "shaky", "spare"):
        offer_model(slug)


def command() -> Frame:
    """Return the command for a new turn."""
    sent = {"type": "open_turn", "client_id": str(uuid.uuid4()), "conversation": None, "prompt": "수도는?"}
    return {**sent, "panel": ["wise", "shaky"], "strategy": "best"}


def log_out(person: User) -> None:
    """Log somebody out on another machine."""
    client = Client()
    client.force_login(User.objects.get(pk=person.pk))
    assert client.post("/accounts/logout/").status_code == 302


def log_out_of_the_admin(person: User) -> None:
    """Log an admin out where admins do."""
    User.objects.filter(pk=person.pk).update(is_staff=True)
    client = Client()
    client.force_login(User.objects.get(pk=person.pk))
    assert client.post("/admin/logout/").status_code == 302
    assert client.get("/accounts/me/").status_code == 302


def shut_out(person: User) -> None:
    """Shut an account out, as an admin does."""
    User.objects.filter(pk=person.pk).update(is_active=False)


def set_password(person: User) -> None:
    """Set another password."""
    account = User.objects.get(pk=person.pk)
    account.set_password("another-one-1234")
    account.save()


@pytest.mark.parametrize("part", [log_out, log_out_of_the_admin, shut_out, set_password])
async def test_the_socket_of_a_signed_out_person_opens_no_turn_and_is_closed(
    provider: ProviderServer, ada: User, part: Callable[[User], None]
) -> None:
    page, other = await open_page(ada), await open_page(await run_in_db_thread(UserFactory.create))
    await run_in_db_thread(part, ada)
    await page.send(command())
    assert await page.receive_close() == 4401
    await other.send(command())
    assert (await other.receive())["type"] == "opened"
    await other.receive_turn()
    await leave(other)

    assert len(provider.requests_for("wise")) == 1
    assert not await run_in_db_thread(Turn.objects.filter(conversation__owner=ada).exists)
    assert not await run_in_db_thread(DayCount.objects.filter(person=ada).exists)


@pytest.mark.parametrize("kind", ["regenerate", "edit", "retry", "add"])
async def test_the_socket_of_a_signed_out_person_reopens_no_turn(ada: User, kind: str) -> None:
    page = await open_page(ada)
    await page.send(command())
    opened = await page.receive()
    await page.receive_turn()
    failed = await run_in_db_thread(Candidate.objects.get, status="failed")
    await run_in_db_thread(record_sign_out, account=ada)
    also = {
        "regenerate": {"client_id": str(uuid.uuid4()), "turn": opened["turn"]},
        "edit": {"client_id": str(uuid.uuid4()), "turn": opened["turn"], "prompt": "다시?"},
        "retry": {"candidate": str(failed.public_id)},
        "add": {"turn": opened["turn"], "model": "spare"},
    }
    await page.send({"type": kind, **also[kind]})
    if "client_id" not in also[kind]:
        refused = await page.receive()
        assert (refused["type"], refused["code"]) == ("refused", "not_signed_in")
    assert await page.receive_close() == 4401

    turn = await run_in_db_thread(Turn.objects.get)
    assert (turn.attempt, turn.status, await run_in_db_thread(Candidate.objects.count)) == (1, "done", 2)
    await leave(page)


async def test_a_page_that_is_still_signed_in_reconnects_and_its_command_is_carried_out(ada: User) -> None:
    page, sent = await open_page(ada), command()
    await run_in_db_thread(record_sign_out, account=ada)
    await page.send(sent)
    assert await page.receive_close() == 4401
    again = await open_page(await run_in_db_thread(User.objects.get, pk=ada.pk))
    await again.send(sent)
    assert (await again.receive())["type"] == "opened"
    await again.receive_turn()
    await leave(page, again)


async def test_a_guest_s_socket_ends_as_the_guest_logs_in(ada: User) -> None:
    guest = await run_in_db_thread(GuestFactory.create)
    page = await open_page(guest)
    assert guest.guest_key
    await run_in_db_thread(adopt_guest, guest_key=guest.guest_key, account=ada)
    await page.send(command())
    assert await page.receive_close() == 4401
    await leave(page)


async def test_a_running_turn_ends_undisturbed_and_its_page_may_follow_it(ada: User) -> None:
    page: Page = await open_page(ada)
    await page.send(command())
    await page.receive()
    await run_in_db_thread(record_sign_out, account=ada)
    assert (await page.receive_turn())[-1]["type"] == "placement_made"
    await leave(page)
