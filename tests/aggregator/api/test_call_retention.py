"""What programs asked is kept for a while and no longer; its owner can end that at any time."""

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
    """Pages are looked at without collecting static files first."""
    with override_settings(STORAGES=PLAIN_STORAGES):
        yield


def converse(owner: User, origin: str = API, *, days_ago: int = 0) -> Turn:
    """Return an ended turn that somebody or their program asked so many days ago, and that cost something."""
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


def test_what_programs_asked_expires_and_what_it_cost_stays(
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


def test_a_night_removes_only_so_much(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "MAX_PER_NIGHT", 2)
    for _ in range(3):
        converse(ada, days_ago=40)
    assert tasks.expire_called() == 2
    assert tasks.expire_called() == 1


def test_the_night_s_work_is_on_the_schedule() -> None:
    planned = [each["task"] for each in site_settings.CELERY_BEAT_SCHEDULE.values()]
    assert tasks.expire_called.name in planned


def test_an_owner_deletes_all_of_it_after_being_asked(client: Client, ada: User, mallory: User) -> None:
    converse(ada)
    converse(ada)
    hers, own = converse(mallory), converse(ada, PAGE)
    client.force_login(ada)

    assert "지금 모두 지우기 (2개)" in client.get("/keys/").content.decode()
    assert "2개가 지워지고" in client.get("/keys/conversations/").content.decode()
    assert Turn.objects.count() == 4

    page = client.post("/keys/conversations/", follow=True).content.decode()
    assert "모두 지웠어요" in page
    assert "남아 있는 대화가 없어요" in page
    assert {turn.pk for turn in Turn.objects.all()} == {hers.pk, own.pk}
    assert Usage.objects.count() == 4


def test_what_is_too_much_for_one_press_is_left_for_the_next(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    converse(ada)
    client.force_login(ada)
    monkeypatch.setattr(deletion, "REQUEST_BUDGET_SECONDS", 0)
    page = client.post("/keys/conversations/", follow=True).content.decode()
    assert "아직 1개가 남았어요" in page
    assert "모두 지우기" in page


def test_a_guest_is_asked_to_log_in(client: Client) -> None:
    assert client.post("/keys/conversations/").headers["Location"].startswith("/accounts/login/")
