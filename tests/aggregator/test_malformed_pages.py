"""What no page of ours sends is answered like anything else that is wrong, and never with a fault of ours."""

import pytest
from django.test import Client

from accounts.models import User
from aggregator.selectors import conversations
from aggregator.services import turns
from tests.aggregator.page import Page

pytestmark = pytest.mark.django_db
# As a cookie may quote it.
NUL = '"abcdefgh\\000"'


def test_a_title_loses_what_no_database_holds(ada: User, client: Client) -> None:
    held = turns.open_turn(owner=ada, request=turns.TurnRequest("수도는?")).conversation
    client.force_login(ada)
    assert client.post(f"/c/{held.public_id}/rename/", {"title": "a\0b"}).status_code == 302
    held.refresh_from_db()
    assert held.title == "ab"
    assert client.post(f"/c/{held.public_id}/rename/", {"title": "\0"}).status_code == 400


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "2026-01-01~1",
        "0001-01-01T00:00:00+23:59~1",
        "9999-12-31T23:59:59-23:59~1",
        "2026-01-01T00:00:00+00:00~" + "9" * 40,
        "2026-01-01T00:00:00+00:00~-" + "9" * 40,
    ],
)
def test_a_place_in_the_sidebar_that_was_never_given_leads_somewhere(
    ada: User, client: Client, cursor: str
) -> None:
    turns.open_turn(owner=ada, request=turns.TurnRequest("수도는?"))
    client.force_login(ada)
    assert client.get("/conversations/", {"before": cursor}).status_code == 200
    assert len(conversations.list_conversations(ada, "").conversations) == 1


def test_a_cookie_that_no_session_has_is_nobody_s(client: Client) -> None:

    assert client.get("/", headers={"cookie": f"sessionid={NUL}"}).status_code == 200


@pytest.mark.django_db(transaction=True)
async def test_nor_does_it_open_a_socket() -> None:
    assert await Page(None, cookie=f"sessionid={NUL}").open() == 4401


def test_an_address_that_is_none_is_not_led_on_to(client: Client) -> None:
    assert client.get("/accounts/login/", {"next": "http://["}).status_code == 200
