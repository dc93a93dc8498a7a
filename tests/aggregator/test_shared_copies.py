"""Conversations that go on where a public copy ends."""

import re
from typing import Any, cast

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.test import AsyncClient, Client, override_settings

from accounts.models import User
from aggregator.models import Conversation, Share, Turn
from aggregator.selectors.conversations import list_exchanges
from aggregator.services import shared_copies, sharing
from aggregator.services.refusal import Refusal
from testing.factories import UserFactory
from tests.aggregator.test_sharing import answer, conversation, plain_static

__all__ = ["conversation", "plain_static"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def share(conversation: Conversation) -> Share:
    """The public copy of Ada's conversation."""
    return sharing.share_conversation(conversation=conversation)


def press(browser: AsyncClient, share: Share, **headers: str) -> HttpResponse:
    """Press the button on the copy in a browser that has read the copy."""
    async_to_sync(browser.get)(f"/s/{share.token}/")
    return cast(HttpResponse, async_to_sync(browser.post)(f"/s/{share.token}/continue/", headers=headers))


def test_a_visitor_goes_on_with_the_copy_s_exchanges(share: Share, conversation: Conversation) -> None:
    response = press(AsyncClient(), share)
    begun = Conversation.objects.exclude(pk=conversation.pk).get()
    assert response.headers["Location"] == f"/c/{begun.public_id}/#prompt"
    assert begun.owner.is_guest
    assert (begun.title, begun.is_sensitive) == ("수도가 어디예요?", False)
    following = Turn.objects.create(conversation=begun, number=1, prompt="거기 인구는?", language="ko")
    assert [(each.prompt, each.answer) for each in list_exchanges(following)] == [
        ("수도가 어디예요?", "**서울**이에요.")
    ]
    assert conversation.turns.count() == 1


def test_the_new_conversation_shows_the_copy_and_no_turn(share: Share) -> None:
    reader = UserFactory.create()
    begun = shared_copies.continue_copy(share=share, person=reader)
    browser = Client()
    browser.force_login(reader)
    shown = browser.get(f"/c/{begun.public_id}/").content.decode()
    assert "공유받은 대화예요" in shown
    assert "**서울**이에요." in shown
    assert '<article class="turn"' not in shown
    assert 'class="welcome"' not in shown


def test_pressing_again_opens_the_same_conversation_until_it_is_used(share: Share) -> None:
    browser = AsyncClient()
    first = press(browser, share).headers["Location"]
    assert press(browser, share).headers["Location"] == first
    answer(Conversation.objects.latest("pk"), "거기 인구는?", "940만 명")
    assert press(browser, share).headers["Location"] != first


def test_a_copy_of_a_sensitive_conversation_stays_without_ads(conversation: Conversation) -> None:
    Conversation.objects.update(is_sensitive=True)
    copy = sharing.share_conversation(conversation=conversation)
    assert shared_copies.continue_copy(share=copy, person=UserFactory.create()).is_sensitive


def test_sharing_on_passes_the_copy_s_exchanges_on(share: Share) -> None:
    begun = shared_copies.continue_copy(share=share, person=UserFactory.create())
    answer(begun, "거기 인구는?", "940만 명")
    again = sharing.share_conversation(conversation=begun)
    turns = sharing.read_shared_turns(again)
    assert [(turn.prompt, turn.answer) for turn in turns] == [
        ("수도가 어디예요?", "**서울**이에요."),
        ("거기 인구는?", "940만 명"),
    ]
    assert (again.title, again.left_out) == ("수도가 어디예요?", 0)


def test_a_withdrawn_copy_cannot_be_continued(share: Share) -> None:
    sharing.withdraw_share(share=share)
    assert press(AsyncClient(), share).status_code == 404
    assert Conversation.objects.count() == 1


def test_only_the_latest_exchanges_are_taken_over(share: Share) -> None:
    turn = share.turns[0]
    share.turns = [{**turn, "prompt": f"질문 {n}"} for n in range(100)]
    begun = shared_copies.continue_copy(share=share, person=UserFactory.create())
    assert [prompt for prompt, _ in begun.given_history] == [f"질문 {n}" for n in range(40, 100)]


def test_a_day_has_a_limit_of_continued_copies(share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_copies, "COPIES_PER_DAY", 1)
    reader = UserFactory.create()
    answer(shared_copies.continue_copy(share=share, person=reader), "거기 인구는?", "940만 명")
    with pytest.raises(Refusal, match="copies_reached"):
        shared_copies.continue_copy(share=share, person=reader)


class NetworkClient(AsyncClient):
    """A browser of a network that is not this machine's."""

    def _base_scope(self, **request: Any) -> dict[str, Any]:
        scope: dict[str, Any] = super()._base_scope(**request)  # type: ignore[misc]
        return scope | {"client": ("93.184.215.14", 0)}


@override_settings(NEW_GUESTS_PER_HOUR=1)
def test_a_network_with_too_many_new_guests_is_refused_on_the_copy(share: Share) -> None:
    press(NetworkClient(), share)
    browser = NetworkClient()
    response = press(browser, share)
    assert response.headers["Location"] == f"/s/{share.token}/"
    shown = async_to_sync(browser.get)(f"/s/{share.token}/").content.decode()
    assert re.search(r"이 네트워크에서 처음 온 사람이 아주 많아요", shown)
    assert User.objects.filter(is_guest=True).count() == 1
