"""A turn follows its parent: its branch is its history, and turns with one parent are its versions."""

import importlib
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import User
from aggregator.catalog.catalog import read_catalog
from aggregator.models import Conversation, Turn
from aggregator.pipeline.chat_messages import build_messages
from aggregator.pipeline.types import Question
from aggregator.selectors import branches, conversations
from aggregator.services import turns
from aggregator.services.refusal import Refusal
from testing.factories import UserFactory

Request = turns.TurnRequest
pytestmark = pytest.mark.django_db


def finish(turn: Turn) -> Turn:
    """End a turn with an answer that names its prompt."""
    ended = {"status": Turn.Status.DONE, "closed_at": timezone.now(), "answer_kind": "fused"}
    Turn.objects.filter(pk=turn.pk).update(**ended, answer_text=f"{turn.prompt}!")
    return turn


def ask(owner: User, prompt: str, after: Turn | None = None) -> Turn:
    """A finished turn that follows another one, or of a new conversation."""
    conversation = after.conversation.public_id if after else None
    request = Request(prompt, conversation=conversation, parent=after.public_id if after else None)
    return finish(turns.open_turn(owner=owner, request=request))


def edit(turn: Turn, prompt: str) -> Turn:
    """A finished version of a turn."""
    return finish(turns.replace_turn(turn=turn, request=Request(prompt)))


def history(turn: Turn) -> list[str]:
    """Return the prompts before a turn as its models get them."""
    return [exchange.prompt for exchange in conversations.list_exchanges(turn)]


def prompts(leaf: Turn | None) -> list[str]:
    """Return the prompts of a branch."""
    return [turn.prompt for turn in branches.list_branch(leaf)]


def test_a_turn_follows_the_one_that_it_names(ada: User) -> None:
    first = ask(ada, "하나")
    second = ask(ada, "둘", first)
    ask(ada, "셋", second)
    other = edit(first, "하나 고침")
    assert history(ask(ada, "넷", other)) == ["하나 고침"]
    assert history(ask(ada, "다섯", second)) == ["하나", "둘"]
    assert history(other) == []


def test_a_prompt_that_was_stopped_before_its_answer_is_kept_and_one_that_failed_is_not(ada: User) -> None:
    stopped, failed = ask(ada, "하나"), ask(ada, "둘")
    ends = {stopped: Turn.Status.STOPPED, failed: Turn.Status.FAILED}
    for turn, status in ends.items():
        Turn.objects.filter(pk=turn.pk).update(status=status, answer_text="")
    assert history(ask(ada, "셋", stopped)) == ["하나"]
    assert history(ask(ada, "셋", failed)) == []
    question = Question("셋", "ko", conversations.list_exchanges(ask(ada, "셋", stopped)))
    model = next(iter(read_catalog().values()))
    assert [each.text for each in build_messages(model, question) if each.role == "user"] == ["하나\n\n셋"]


def test_without_a_parent_it_follows_the_newest_turn(ada: User) -> None:
    first = ask(ada, "하나")
    edit(first, "하나 고침")
    turn = turns.open_turn(owner=ada, request=Request("둘", conversation=first.conversation.public_id))
    assert history(turn) == ["하나 고침"]


@pytest.mark.parametrize("place", ["unknown", "elsewhere", "mallory"])
def test_a_parent_outside_of_the_conversation_is_refused(ada: User, mallory: User, place: str) -> None:
    first = ask(ada, "하나")
    strangers = {"unknown": uuid.uuid4(), "elsewhere": ask(ada, "딴 얘기").public_id}
    parent = strangers.get(place) or ask(mallory, "내 거").public_id
    request = Request("둘", conversation=first.conversation.public_id, parent=parent)
    with pytest.raises(Refusal, match="turn_not_found"):
        turns.open_turn(owner=ada, request=request)


def test_stepping_to_a_version_shows_its_newest_branch(ada: User) -> None:
    first = ask(ada, "하나")
    second = ask(ada, "둘", first)
    edit(second, "둘 고침")
    ask(ada, "셋", edit(first, "하나 고침"))
    held = first.conversation
    assert prompts(branches.find_leaf(held)) == ["하나 고침", "셋"]
    assert prompts(branches.find_leaf(held, str(first.public_id))) == ["하나", "둘 고침"]
    assert prompts(branches.find_leaf(held, str(second.public_id))) == ["하나", "둘"]
    for unknown in ("", "x", str(uuid.uuid4()), str(ask(ada, "딴 얘기").public_id)):
        assert prompts(branches.find_leaf(held, unknown)) == ["하나 고침", "셋"]


def test_the_page_shows_one_branch_and_links_to_the_other_versions(client: Client, ada: User) -> None:
    first = ask(ada, "하나예요")
    ask(ada, "둘이에요", first)
    newer = edit(first, "고친 하나예요")
    client.force_login(ada)
    path = f"/c/{first.conversation.public_id}/"
    newest, older = (client.get(path, {"at": at}).content.decode() for at in ("", str(first.public_id)))
    assert ("고친 하나예요" in newest, "둘이에요" in newest) == (True, False)
    assert f'href="?at={first.public_id}"' in newest
    assert ("고친 하나예요" in older.split("<main")[1], "둘이에요" in older) == (False, True)
    assert f'href="?at={newer.public_id}"' in older
    assert f'data-versions="{first.public_id} {newer.public_id}"' in older


def test_only_what_runs_on_the_branch_that_an_edit_leaves_is_stopped(ada: User) -> None:
    first = ask(ada, "하나")
    held = first.conversation.public_id
    left = turns.open_turn(owner=ada, request=Request("둘", conversation=held, parent=first.public_id))
    other = edit(first, "하나 고침")
    Turn.objects.filter(pk=left.pk).update(stop_asked_at=None)
    running = turns.open_turn(owner=ada, request=Request("셋", conversation=held, parent=other.public_id))
    edit(other, "하나 또 고침")
    stopped = Turn.objects.exclude(stop_asked_at=None).values_list("pk", flat=True)
    assert list(stopped) == [running.pk]


Step = tuple[bool, int, int]


class OldConversation:
    """A conversation as the release before stored it, and the parents that its models were asked with."""

    def __init__(self) -> None:
        self.held = Conversation.objects.create(owner=UserFactory.create(), updated_at=timezone.now())
        self.turns: list[Turn] = []
        self.parents: dict[int, int | None] = {}
        # Each place of the page with its versions, the newest of which is on screen.
        self.places: list[list[Turn]] = []

    def add(self, parent: Turn | None, replaced: list[Turn]) -> Turn:
        number = len(self.turns) + 1
        turn = Turn.objects.create(conversation=self.held, number=number, prompt="?", language="ko")
        keys = [each.pk for each in replaced]
        Turn.objects.filter(pk__in=keys, replaced_by=None).update(replaced_by=turn)
        self.turns.append(turn)
        self.parents[turn.pk] = parent.pk if parent else None
        return turn

    def step(self, step: Step) -> None:
        """Ask after what is on screen, or edit a version of one of its turns, with all that followed."""
        is_edit, place, version = step
        if not self.places or not is_edit:
            last = self.places[-1][-1] if self.places else None
            self.places.append([self.add(last, [])])
            return
        place %= len(self.places)
        versions = self.places[place]
        edited = versions[version % len(versions)]
        parent = self.places[place - 1][-1] if place else None
        made = self.add(parent, [turn for turn in self.turns if turn.number >= edited.number])
        self.places[place:] = [[*versions, made]]


class OldConversations(TestCase):
    """Conversations of the release before keep their history and gain their branches."""

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=16))
    def test_the_migration_finds_each_turn_s_parent(self, steps: list[Step]) -> None:
        old = OldConversation()
        for step in steps:
            old.step(step)
        migration = importlib.import_module("aggregator.migrations.0017_turn_parent")
        with connection.cursor() as cursor:
            cursor.execute(migration.FILL_PARENTS)
        assert dict(old.held.turns.values_list("pk", "parent_id")) == old.parents
