"""The turns that a person may open a day, counted apart from the turns so that deleting resets nothing."""

import asyncio
import datetime as dt
import importlib
import uuid
from collections import Counter

import pytest
from django.apps import apps
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.services import adopt_guest
from aggregator.catalog.catalog import LanguageModel
from aggregator.infra.async_database import close_database
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Candidate, Conversation, DayCount, Turn
from aggregator.services import turns
from aggregator.services.candidates import add_candidate, retry_candidate
from aggregator.services.refusal import Refusal
from aggregator.services.turns import TurnRequest
from aggregator.tasks import clear_counts
from testing.factories import GuestFactory

pytestmark = pytest.mark.django_db(transaction=True)

MORE = LanguageModel(
    slug="more", name="More", vendor="vendor", provider="local", litellm_model="openai/more",
    context_window=4_096, output_limit=512, input_price_micros=0, output_price_micros=0,
    languages=("ko",), standing=0.5,
)  # fmt: skip


def open_turn(
    person: User, conversation: uuid.UUID | None = None, client_id: uuid.UUID | None = None
) -> Turn:
    """Open a turn, which counts as running from then on."""
    return turns.open_turn(owner=person, request=TurnRequest("수도는?", client_id, conversation))


def end(turn: Turn, status: str = Candidate.Status.FAILED) -> Candidate:
    """End a turn with one candidate of that status, and return it."""
    Turn.objects.filter(pk=turn.pk).update(status=Turn.Status.FAILED, closed_at=timezone.now())
    return Candidate.objects.create(
        turn=turn, position=0, model="wise", model_name="Wise", vendor="vendor", status=status
    )


def count_of(person: User) -> int:
    """Return a person's count of today."""
    return DayCount.objects.get(person=person, day=timezone.localdate()).opened


def why_refused(*, retry: Candidate) -> str:
    """Return the code with which a retry is refused."""
    with pytest.raises(Refusal) as refusal:
        retry_candidate(candidate=retry)
    return refusal.value.code


def test_deleting_does_not_reset_the_day_s_count(ada: User, settings: Settings) -> None:
    settings.ACCOUNT_TURNS_PER_DAY = 2
    for _ in range(2):
        open_turn(ada).conversation.delete()

    with pytest.raises(Refusal, match="quota_reached"):
        open_turn(ada)
    assert (Turn.objects.count(), Conversation.objects.count(), count_of(ada)) == (0, 0, 2)


def test_a_day_begins_anew_and_is_each_person_s_own(ada: User, grace: User, settings: Settings) -> None:
    settings.ACCOUNT_TURNS_PER_DAY = 1
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    DayCount.objects.create(person=ada, day=yesterday, opened=99)
    open_turn(ada)
    open_turn(grace)

    assert clear_counts() == 1
    assert (count_of(ada), count_of(grace)) == (1, 1)


def test_a_prompt_sent_twice_counts_once_and_a_refused_one_not_at_all(ada: User, settings: Settings) -> None:
    client_id = uuid.uuid4()
    first = open_turn(ada, client_id=client_id)
    assert open_turn(ada, client_id=client_id) == first
    settings.TURNS_OPEN_EACH = 1
    with pytest.raises(Refusal, match="too_many_running"):
        open_turn(ada)
    assert count_of(ada) == 1


def test_retrying_and_adding_count_like_new_turns(ada: User, settings: Settings) -> None:
    settings.ACCOUNT_TURNS_PER_DAY = 3
    turn = open_turn(ada)
    failed = end(turn)
    retry_candidate(candidate=failed)
    add_candidate(turn=turn, model=MORE)
    assert count_of(ada) == 3
    Turn.objects.filter(pk=turn.pk).update(status=Turn.Status.STOPPED, closed_at=timezone.now())
    Candidate.objects.filter(pk=failed.pk).update(status=Candidate.Status.STOPPED)

    assert why_refused(retry=failed) == "quota_reached"
    failed.refresh_from_db()
    turn.refresh_from_db()
    assert (failed.status, failed.attempt, turn.status) == ("stopped", 2, "stopped")
    with pytest.raises(Refusal, match="quota_reached"):
        open_turn(ada)


def test_a_retry_is_refused_where_a_new_turn_would_be(ada: User, grace: User, settings: Settings) -> None:
    failed = end(open_turn(ada))
    open_turn(ada)
    settings.TURNS_OPEN_EACH = 1
    assert why_refused(retry=failed) == "too_many_running"
    settings.TURNS_OPEN_EACH = 5
    open_turn(grace)
    settings.TURNS_OPEN = 2
    assert why_refused(retry=failed) == "overloaded"
    # A refused retry is not counted.
    assert count_of(ada) == 2


def test_a_retry_in_a_running_turn_takes_no_further_place(ada: User, settings: Settings) -> None:
    turn = open_turn(ada)
    failed = Candidate.objects.create(
        turn=turn, position=0, model="wise", model_name="Wise", vendor="vendor", status="failed"
    )
    settings.TURNS_OPEN_EACH = settings.TURNS_OPEN = 1
    assert retry_candidate(candidate=failed).attempt == 1


def test_a_candidate_that_was_retried_meanwhile_is_not_retried_twice(ada: User) -> None:
    failed = end(open_turn(ada))
    retry_candidate(candidate=failed)

    # The object in memory still says that it has failed.
    assert why_refused(retry=failed) == "candidate_not_failed"
    failed.refresh_from_db()
    assert (failed.attempt, count_of(ada)) == (2, 2)


def test_a_retry_in_a_deleted_turn_is_refused(ada: User) -> None:
    turn = open_turn(ada)
    failed = end(turn)
    turn.conversation.delete()
    assert why_refused(retry=failed) == "turn_not_found"


async def test_of_many_concurrent_retries_one_is_accepted(ada: User) -> None:
    failed = await run_in_db_thread(lambda: end(open_turn(ada)))
    retries = (run_in_db_thread(retry_candidate, candidate=failed) for _ in range(6))
    received = await asyncio.gather(*retries, return_exceptions=True)
    refused = [each for each in received if isinstance(each, Refusal)]

    assert [each.code for each in refused] == ["candidate_not_failed"] * 5
    await run_in_db_thread(failed.refresh_from_db)
    assert (failed.attempt, await run_in_db_thread(count_of, ada)) == (2, 2)


@pytest.mark.parametrize("is_held", [False, True])
async def test_of_many_concurrent_prompts_only_the_day_s_number_is_opened(
    ada: User, settings: Settings, is_held: bool
) -> None:
    settings.ACCOUNT_TURNS_PER_DAY = 4
    first = await run_in_db_thread(open_turn, ada)
    request = TurnRequest("수도는?", conversation=first.conversation.public_id if is_held else None)

    async def send() -> str:
        draft = await run_in_db_thread(turns.draft_turn, owner=ada, request=request)
        try:
            await turns.astore_draft(owner=ada, draft=draft, on_admitted=lambda: None)
        except Refusal as refusal:
            return refusal.code
        return "opened"

    # A draft that gets the same number as another one tries again, a few times.
    received = Counter(
        [await send() for _ in range(2)] + list(await asyncio.gather(*(send() for _ in range(4))))
    )
    await close_database()

    assert received == {"opened": 3, "quota_reached": 3}
    assert await run_in_db_thread(Turn.objects.count) == 4
    assert await run_in_db_thread(count_of, ada) == 4
    assert await run_in_db_thread(Conversation.objects.count) == (1 if is_held else 4)


def test_a_guest_s_count_is_added_to_the_account(ada: User) -> None:
    guest = GuestFactory.create()
    for person in (guest, guest, ada):
        open_turn(person)
    assert guest.guest_key
    adopt_guest(guest_key=guest.guest_key, account=ada)

    assert count_of(ada) == 3
    assert DayCount.objects.count() == 1


def test_a_site_that_is_updated_counts_what_was_opened_that_day(ada: User, grace: User) -> None:
    for person in (ada, ada, grace):
        old = open_turn(person)
    Turn.objects.filter(pk=old.pk).update(opened_at=timezone.now() - dt.timedelta(days=1))
    DayCount.objects.all().delete()
    importlib.import_module("aggregator.migrations.0013_day_counts").count_today(apps, None)

    assert list(DayCount.objects.values_list("person", "day", "opened")) == [
        (ada.pk, timezone.localdate(), 2)
    ]
