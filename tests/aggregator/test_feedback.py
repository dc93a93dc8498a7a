"""Signals count less than votes, and nobody's count without limit."""

import uuid
from collections.abc import Iterator

import pytest
from django.test import Client

from accounts.models import User
from aggregator.models import Candidate, Conversation, Signal, SkillRecord, Turn
from aggregator.ratings import ratings
from aggregator.ratings.bradley_terry import BradleyTerryModel, Comparison
from aggregator.selectors import conversations
from aggregator.selectors.turns import find_candidate
from aggregator.services import feedback
from testing.factories import UserFactory
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_models(offer_model: MakeModel) -> Iterator[None]:
    """Two models with the same prior, and no cached ratings."""
    offer_model("wise", name="슬기")
    offer_model("quick", name="날쌘")
    ratings.forget_ratings()
    yield
    ratings.forget_ratings()


def answered(owner: User, topic: str = "code", answer: str = "") -> tuple[Turn, dict[str, Candidate]]:
    """Return a turn that both models answered."""
    conversation = Conversation.objects.create(owner=owner, updated_at="2026-01-01T00:00Z")
    turn = Turn.objects.create(
        conversation=conversation, number=1, prompt="정렬 함수", language="ko", route={"topic": topic}
    )
    rows = Candidate.objects.bulk_create(
        [
            Candidate(
                turn=turn, position=place, model=model, model_name=model, status="done", text=f"{model} 답."
            )
            for place, model in enumerate(("wise", "quick"))
        ]
    )
    by_model = {row.model: row for row in rows}
    if answer:
        turn.answer_candidate = by_model[answer]
        turn.save()
    return turn, by_model


def chance(model: str = "wise", topic: str = "") -> float:
    """Return a model's probability on the leaderboard of all languages."""
    ratings.forget_ratings()
    return next(
        place.chance for place in ratings.build_leaderboard(ratings.ALL, topic) if place.slug == model
    )


def test_a_vote_counts_more_than_a_continuation_and_that_more_than_a_copy() -> None:
    chances = []
    for kind in ("pick", Signal.Kind.CONTINUE, Signal.Kind.COPY):
        SkillRecord.objects.all().delete()
        Turn.objects.all().delete()
        ada = UserFactory.create()
        _, rows = answered(ada)
        if kind == "pick":
            feedback.cast_vote(voter=ada, candidate=rows["wise"])
        else:
            feedback.record_signal(person=ada, candidate=rows["wise"], kind=kind)
        ratings.learn_new_votes()
        chances.append(chance())
    assert chances[0] > chances[1] > chances[2] > 0.5


def test_a_signal_counts_once_and_not_beside_a_vote(ada: User) -> None:
    _, rows = answered(ada)
    for _ in range(3):
        feedback.record_signal(person=ada, candidate=rows["wise"], kind=Signal.Kind.COPY)
    assert Signal.objects.count() == 1
    feedback.cast_vote(voter=ada, candidate=rows["quick"])
    ratings.learn_new_votes()
    assert chance() < 0.5


def test_copies_of_one_model_stop_counting_after_a_few_a_day(ada: User) -> None:
    for _ in range(ratings.MAX_SIGNALS_PER_MODEL):
        _, rows = answered(ada)
        feedback.record_signal(person=ada, candidate=rows["wise"], kind=Signal.Kind.COPY)
    ratings.refit_ratings()
    few = chance()
    for _ in range(5):
        _, rows = answered(ada)
        feedback.record_signal(person=ada, candidate=rows["wise"], kind=Signal.Kind.COPY)
    ratings.refit_ratings()
    assert chance() == pytest.approx(few)


def test_a_regenerated_answer_loses_to_its_successor(ada: User) -> None:
    old, _ = answered(ada, answer="wise")
    feedback.record_regenerate(person=ada, turn=old)
    new, _ = answered(ada, answer="quick")
    old.replaced_by = new
    old.save()
    ratings.refit_ratings()
    assert chance("quick") > 0.5 > chance("wise")


def test_the_candidate_continued_with_counts_as_the_answer(ada: User) -> None:
    turn, rows = answered(ada, answer="wise")
    feedback.record_signal(person=ada, candidate=rows["quick"], kind=Signal.Kind.CONTINUE)
    following = Turn(conversation=turn.conversation, number=2, parent=turn, prompt="더", language="ko")
    exchanges = conversations.list_exchanges(following)
    assert [each.answer for each in exchanges] == ["quick 답."]


def test_a_voter_who_disagrees_with_all_others_counts_less() -> None:
    ratings = BradleyTerryModel()
    for number in range(40):
        ratings.learn(Comparison("wise", "quick", rater=str(number)))
    for _ in range(20):
        ratings.record_rater_agreement("mallory", [Comparison("quick", "wise")])
        ratings.record_rater_agreement("ada", [Comparison("wise", "quick")])
    assert ratings.rater_reliability("mallory") == pytest.approx(0.2)
    assert ratings.rater_reliability("ada") == ratings.rater_reliability("somebody new") == 1.0


def test_a_topic_has_a_leaderboard_of_its_own(client: Client, ada: User) -> None:
    for _ in range(4):
        _, rows = answered(ada, topic="code")
        feedback.cast_vote(voter=ada, candidate=rows["wise"])
    _, rows = answered(ada, topic="law")
    feedback.cast_vote(voter=ada, candidate=rows["quick"])
    ratings.learn_new_votes()
    assert chance("wise", "code") > chance("wise", "law")
    page = client.get("/leaderboard/").content.decode()
    assert page.index("코딩") < page.index("법률")
    board = client.get("/leaderboard/?topic=code").content.decode()
    assert 'href="?topic=code"' in board
    assert client.get("/leaderboard/?topic=nonsense").status_code == 200


def test_another_user_s_candidate_is_not_found(ada: User, mallory: User) -> None:
    _, rows = answered(ada)
    assert find_candidate(mallory, rows["wise"].public_id) is None
    assert find_candidate(ada, uuid.uuid4()) is None
