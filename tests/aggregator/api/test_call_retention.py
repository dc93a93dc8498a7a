"""Conversations of the API are deleted after some days, or by their owner at any time."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.conf import settings as site_settings
from django.test import Client, override_settings
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from aggregator import tasks
from aggregator.models import Conversation, Turn, Usage
from aggregator.services import deletion, turns
from testing.site.live_site import PLAIN_STORAGES
from tests.aggregator.test_checkpoint import call

pytestmark = pytest.mark.django_db(transaction=True)

API, PAGE = Conversation.Origin.API, Conversation.Origin.PAGE


@pytest.fixture(autouse=True)
def plain_static() -> Iterator[None]:
    """Serve pages without collected static files."""
    with override_settings(STORAGES=PLAIN_STORAGES):
        yield


def converse(owner: User, origin: str = API, *, days_ago: int = 0) -> Turn:
    """Return a closed turn with a cost, opened so many days ago."""
    turn = turns.open_turn(owner=owner, request=turns.TurnRequest("수도는?", origin=origin))
    Turn.objects.filter(pk=turn.pk).update(status="done", closed_at=timezone.now())
    used_at = timezone.now() - dt.timedelta(days=days_ago)
    Conversation.objects.filter(pk=turn.conversation_id).update(updated_at=used_at)
    made = call("nobody")
    Usage.objects.create(
        turn=turn, call_id=turn.public_id, purpose=made.purpose, model=made.model, provider=made.provider,
        input_tokens=1, output_tokens=1, source=made.source, cost_micros=made.cost_micros,
    )  # fmt: skip
    return turn


def test_api_conversations_expire_and_their_usage_stays(
    ada: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_KEEP_DAYS = 30
    monkeypatch.setattr(deletion, "BATCH_SIZE", 2)
    for _ in range(5):
        converse(ada, days_ago=31)
    fresh, own = converse(ada, days_ago=29), converse(ada, PAGE, days_ago=400)

    assert tasks.expire_called() == 5
    assert {turn.pk for turn in Turn.objects.all()} == {fresh.pk, own.pk}
    assert Usage.objects.count() == 7
    assert tasks.expire_called() == 0


def test_one_run_deletes_a_limited_number(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "MAX_PER_NIGHT", 2)
    for _ in range(3):
        converse(ada, days_ago=40)
    assert tasks.expire_called() == 2
    assert tasks.expire_called() == 1


def test_the_deletion_is_scheduled() -> None:
    planned = [each["task"] for each in site_settings.CELERY_BEAT_SCHEDULE.values()]
    assert tasks.expire_called.name in planned


def test_an_owner_deletes_all_after_confirming(client: Client, ada: User, mallory: User) -> None:
    converse(ada)
    converse(ada)
    hers, own = converse(mallory), converse(ada, PAGE)
    client.force_login(ada)

    assert "지금 모두 삭제 (2개)" in client.get("/keys/").content.decode()
    assert "2개가 삭제되고" in client.get("/keys/conversations/").content.decode()
    assert Turn.objects.count() == 4

    page = client.post("/keys/conversations/", follow=True).content.decode()
    assert "모두 삭제했어요" in page
    assert "남아 있는 대화가 없어요" in page
    assert {turn.pk for turn in Turn.objects.all()} == {hers.pk, own.pk}
    assert Usage.objects.count() == 4


def test_what_exceeds_one_request_is_left_for_the_next(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    converse(ada)
    client.force_login(ada)
    monkeypatch.setattr(deletion, "REQUEST_BUDGET_SECONDS", 0)
    page = client.post("/keys/conversations/", follow=True).content.decode()
    assert "아직 1개가 남았어요" in page
    assert "모두 삭제" in page


def test_a_guest_is_redirected_to_the_login(client: Client) -> None:
    assert client.post("/keys/conversations/").headers["Location"].startswith("/accounts/login/")
