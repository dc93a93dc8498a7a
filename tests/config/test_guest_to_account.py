"""Conversations of a guest survive sign-up and login, and are deleted with the account."""

import uuid

import pytest
from django.test import Client
from django.utils import timezone

from accounts.guests import GUEST_COOKIE, sign_guest_key
from accounts.models import User
from accounts.services import delete_account
from aggregator.models import ApiKey, Candidate, Conversation, Turn, Vote
from testing.factories import GuestFactory

PASSWORD = "jjamppong-1234"


@pytest.fixture
def guest(db: None, client: Client) -> User:
    """A guest with its cookie in the test client."""
    guest = GuestFactory.create()
    client.cookies[GUEST_COOKIE] = sign_guest_key(guest.guest_key or uuid.uuid4())
    return guest


@pytest.fixture
def conversation(guest: User) -> Conversation:
    """A conversation of the guest, with one vote."""
    conversation = Conversation.objects.create(owner=guest, title="라면", updated_at=timezone.now())
    turn = Turn.objects.create(
        conversation=conversation,
        number=1,
        prompt="라면 맛있게 끓이는 법",
        language="ko",
        status=Turn.Status.DONE,
        closed_at=timezone.now(),
    )
    candidate = Candidate.objects.create(
        turn=turn, position=0, model="qwen2.5-0.5b", model_name="Qwen", vendor="Alibaba"
    )
    Vote.objects.create(turn=turn, candidate=candidate, voter=guest)
    return conversation


def test_signing_up_keeps_the_guest_s_conversations(
    client: Client, guest: User, conversation: Conversation
) -> None:
    client.post("/accounts/signup/", {"email": "ada@example.com", "password1": PASSWORD})
    account = User.objects.get(email="ada@example.com")
    conversation.refresh_from_db()
    assert account.pk == guest.pk == conversation.owner_id
    assert client.get(f"/c/{conversation.public_id}/").status_code == 200


def test_logging_in_transfers_conversations_and_votes(
    client: Client, ada: User, guest: User, conversation: Conversation
) -> None:
    client.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    conversation.refresh_from_db()
    assert conversation.owner_id == ada.pk
    assert Vote.objects.get().voter_id == ada.pk
    assert not User.objects.filter(pk=guest.pk).exists()
    assert client.get(f"/c/{conversation.public_id}/").status_code == 200


def test_logging_out_hides_conversations_from_the_next_visitor(
    client: Client, ada: User, guest: User, conversation: Conversation
) -> None:
    client.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    client.post("/accounts/logout/")
    assert client.get(f"/c/{conversation.public_id}/").status_code == 404


def test_another_account_cannot_open_the_conversation(mallory: User, conversation: Conversation) -> None:
    stranger = Client()
    stranger.force_login(mallory)
    assert stranger.get(f"/c/{conversation.public_id}/").status_code == 404


def test_deleting_an_account_deletes_its_conversations(
    client: Client, ada: User, guest: User, conversation: Conversation
) -> None:
    client.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    ApiKey.objects.create(owner=ada, name="노트북", prefix="jj-1", digest="d" * 64)
    delete_account(account=ada)
    for model in (Conversation, Turn, Candidate, Vote, ApiKey):
        assert not model._default_manager.exists(), model.__name__
