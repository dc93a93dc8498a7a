"""Votes change ratings, ratings change the order of models, and the leaderboard shows them."""

from collections.abc import Iterator

import pytest
from django.test import Client

from accounts.models import User
from aggregator.models import Candidate, Conversation, SkillRecord, Turn
from aggregator.ratings import ratings
from aggregator.services.feedback import cast_vote
from aggregator.services.listings import list_offered_models
from testing.factories import GuestFactory, UserFactory
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def uncached_ratings() -> Iterator[None]:
    """Clear the cached ratings around every test."""
    ratings.forget_ratings()
    yield
    ratings.forget_ratings()


@pytest.fixture
def two_models(offer_model: MakeModel) -> None:
    """Two models with the same prior."""
    offer_model("wise", name="슬기")
    offer_model("quick", name="날쌘")


def pick(voter: User, winner: str = "quick", *, language: str = "ko", times: int = 1) -> None:
    """Vote for one of two answers of the same length."""
    for _ in range(times):
        conversation = Conversation.objects.create(owner=voter, updated_at="2026-01-01T00:00Z")
        turn = Turn.objects.create(
            conversation=conversation, number=1, prompt="서울 여행을 추천해 줘", language=language
        )
        rows = [
            Candidate(
                turn=turn, position=place, model=model, model_name=model, status="done", text="답이에요."
            )
            for place, model in enumerate(("wise", "quick"))
        ]
        by_model = {row.model: row for row in Candidate.objects.bulk_create(rows)}
        cast_vote(voter=voter, candidate=by_model[winner])


@pytest.mark.usefixtures("two_models")
def test_votes_change_the_order_of_models() -> None:
    before = ratings.apply_ratings(list_offered_models(), ratings.read_ratings("ko"))
    assert [model.slug for model in before] == ["quick", "wise"]
    pick(UserFactory.create(), "wise", times=5)
    assert ratings.learn_new_votes() == 10
    best, other = ratings.apply_ratings(list_offered_models(), ratings.read_ratings("ko"))
    assert best.slug == "wise"
    assert best.standing > 0.5 > other.standing


@pytest.mark.usefixtures("two_models")
def test_a_vote_is_learned_once_and_a_changed_one_counts_after_the_refit() -> None:
    ada = UserFactory.create()
    pick(ada, "wise")
    assert (ratings.learn_new_votes(), ratings.learn_new_votes()) == (2, 0)
    turn = Turn.objects.get()
    cast_vote(voter=ada, candidate=turn.candidates.get(model="quick"))
    assert ratings.learn_new_votes() == 0
    assert ratings.refit_ratings() == 2
    assert ratings.apply_ratings(list_offered_models(), ratings.read_ratings("ko"))[0].slug == "quick"


@pytest.mark.usefixtures("two_models")
def test_only_korean_votes_count_for_the_korean_leaderboard() -> None:
    pick(UserFactory.create(), "wise", language="en", times=4)
    ratings.learn_new_votes()
    assert ratings.build_leaderboard(ratings.KOREAN)[0].chance == pytest.approx(0.5)
    assert [place.slug for place in ratings.build_leaderboard(ratings.ALL)] == ["wise", "quick"]


@pytest.mark.usefixtures("two_models")
def test_a_guest_s_vote_counts_less_and_nobody_s_votes_count_without_limit() -> None:
    pick(GuestFactory.create(), "wise")
    ratings.learn_new_votes()
    by_guest = ratings.build_leaderboard(ratings.ALL)[0].chance
    SkillRecord.objects.all().delete()
    Turn.objects.all().delete()
    pick(UserFactory.create(), "wise")
    ratings.learn_new_votes()
    ratings.forget_ratings()
    assert ratings.build_leaderboard(ratings.ALL)[0].chance > by_guest
    mallory = UserFactory.create()
    pick(mallory, "quick", times=ratings.MAX_VOTES_PER_DAY)
    ratings.refit_ratings()
    at_the_limit = ratings.build_leaderboard(ratings.ALL)
    pick(mallory, "quick", times=3)
    ratings.refit_ratings()
    assert [place.chance for place in ratings.build_leaderboard(ratings.ALL)] == [
        place.chance for place in at_the_limit
    ]


@pytest.mark.usefixtures("two_models")
def test_the_leaderboard_is_public_and_shows_a_user_their_own(client: Client) -> None:
    page = client.get("/leaderboard/").content.decode()
    assert page.index("한국어") < page.index("모든 언어")
    assert "내가 고른 것만" not in page
    ada = UserFactory.create()
    pick(ada, "wise")
    client.force_login(ada)
    page = client.get("/leaderboard/").content.decode()
    assert "내가 고른 것만" in page
    assert "슬기" in page
