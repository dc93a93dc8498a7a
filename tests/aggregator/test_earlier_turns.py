"""A long conversation is shown from its end, and the rest of it on request."""

import re
from collections.abc import Iterator

import pytest
from django.db.models import OuterRef, Subquery
from django.test import Client, override_settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from aggregator.models import Conversation, Turn
from aggregator.selectors.branches import list_branch
from testing.site.live_site import PLAIN_STORAGES

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plain_static() -> Iterator[None]:
    """Pages are looked at without collecting static files first."""
    with override_settings(STORAGES=PLAIN_STORAGES):
        yield


def long_conversation(owner: User, turns: int) -> Conversation:
    """A conversation of so many finished turns."""
    held = Conversation.objects.create(owner=owner, title="긴 이야기", updated_at=timezone.now())
    Turn.objects.bulk_create(
        Turn(
            conversation=held,
            number=number,
            prompt=f"질문 {number}번",
            language="ko",
            status=Turn.Status.DONE,
            answer_kind="help",
            answer_text=f"답 {number}번",
            closed_at=timezone.now(),
        )
        for number in range(1, turns + 1)
    )
    link_turns(held)
    return held


def link_turns(conversation: Conversation) -> None:
    """Let each turn follow the one before it."""
    earlier = Turn.objects.filter(conversation=conversation, number=OuterRef("number") - 1)
    conversation.turns.update(parent=Subquery(earlier.values("pk")))


def prompts_of(page: str) -> list[int]:
    """Return the numbers of the turns that a page shows."""
    return [int(number) for number in re.findall(r"<p class=\"prompt-text\"[^>]*>질문 (\d+)번</p>", page)]


def way_back(page: str) -> str:
    """Return where a page's earlier turns are, '' when it has no earlier ones."""
    found = re.search(r'href="(/c/[\w-]+/before/[\w-]+/)"', page)
    return found[1] if found else ""


def test_every_turn_can_be_reached_from_the_end(client: Client, ada: User) -> None:
    held = long_conversation(ada, 130)
    client.force_login(ada)
    page = client.get(f"/c/{held.public_id}/").content.decode()
    assert "이전 대화 더 보기" in page
    seen = prompts_of(page)
    assert seen == list(range(111, 131))
    while where := way_back(page):
        page = client.get(where).content.decode()
        seen = prompts_of(page) + seen
    assert seen == list(range(1, 131))


def test_a_short_conversation_has_nothing_earlier(client: Client, ada: User) -> None:
    held = long_conversation(ada, 20)
    client.force_login(ada)
    assert way_back(client.get(f"/c/{held.public_id}/").content.decode()) == ""


def test_mallory_cannot_read_earlier_turns(client: Client, ada: User, mallory: User) -> None:
    held = long_conversation(ada, 70)
    client.force_login(mallory)
    turn = held.turns.get(number=11)
    assert client.get(f"/c/{held.public_id}/before/{turn.public_id}/").status_code == 404


def test_every_page_of_turns_costs_three_queries(
    ada: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    held = long_conversation(ada, 70)
    turn = held.turns.get(number=10)
    with django_assert_num_queries(3):
        assert len(list_branch(turn)) == 10
