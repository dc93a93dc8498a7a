"""Picks move skills, skills move standings, and everybody can see where the models stand."""

from collections.abc import Iterator

import pytest
from django.test import Client

from accounts.models import User
from aggregator import services, skills
from aggregator.listings import offered_models
from aggregator.models import Candidate, Conversation, SkillRecord, Turn
from tests.aggregator.conftest import MakeModel
from tests.factories import GuestFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_memory() -> Iterator[None]:
    """Every test reads what is stored, not what another one left in memory."""
    skills.forget_books()
    yield
    skills.forget_books()


@pytest.fixture
def two_models(offer_model: MakeModel) -> None:
    """Two models of which nobody knows which is better."""
    offer_model("wise", name="슬기")
    offer_model("quick", name="날쌘")


def pick(voter: User, winner: str = "quick", *, language: str = "ko", times: int = 1) -> None:
    """Let somebody prefer one of two answers of the same length."""
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
        services.cast_vote(voter=voter, candidate=by_model[winner])


@pytest.mark.usefixtures("two_models")
def test_picks_change_who_is_asked_first() -> None:
    before = skills.with_skills(offered_models(), skills.read_book("ko"))
    assert [model.slug for model in before] == ["quick", "wise"]
    pick(UserFactory.create(), "wise", times=5)
    assert skills.learn_new_votes() == 10
    best, other = skills.with_skills(offered_models(), skills.read_book("ko"))
    assert best.slug == "wise"
    assert best.standing > 0.5 > other.standing


@pytest.mark.usefixtures("two_models")
def test_a_vote_is_taken_in_once_and_a_moved_one_counts_after_the_night() -> None:
    ada = UserFactory.create()
    pick(ada, "wise")
    assert (skills.learn_new_votes(), skills.learn_new_votes()) == (2, 0)
    turn = Turn.objects.get()
    services.cast_vote(voter=ada, candidate=turn.candidates.get(model="quick"))
    assert skills.learn_new_votes() == 0
    assert skills.refit_skills() == 2
    assert skills.with_skills(offered_models(), skills.read_book("ko"))[0].slug == "quick"


@pytest.mark.usefixtures("two_models")
def test_korean_picks_make_the_korean_board_and_english_ones_do_not() -> None:
    pick(UserFactory.create(), "wise", language="en", times=4)
    skills.learn_new_votes()
    assert skills.rank_models(skills.KOREAN)[0].chance == pytest.approx(0.5)
    assert [place.slug for place in skills.rank_models(skills.ALL)] == ["wise", "quick"]


@pytest.mark.usefixtures("two_models")
def test_a_guest_moves_less_than_an_account_and_nobody_moves_without_end() -> None:
    pick(GuestFactory.create(), "wise")
    skills.learn_new_votes()
    by_guest = skills.rank_models(skills.ALL)[0].chance
    SkillRecord.objects.all().delete()
    Turn.objects.all().delete()
    pick(UserFactory.create(), "wise")
    skills.learn_new_votes()
    skills.forget_books()
    assert skills.rank_models(skills.ALL)[0].chance > by_guest
    mallory = UserFactory.create()
    pick(mallory, "quick", times=skills.PICKS_A_DAY)
    skills.refit_skills()
    at_the_limit = skills.rank_models(skills.ALL)
    pick(mallory, "quick", times=3)
    skills.refit_skills()
    assert [place.chance for place in skills.rank_models(skills.ALL)] == [
        place.chance for place in at_the_limit
    ]


@pytest.mark.usefixtures("two_models")
def test_the_leaderboard_is_public_and_shows_a_person_their_own(client: Client) -> None:
    page = client.get("/leaderboard/").content.decode()
    assert page.index("한국어") < page.index("모든 언어")
    assert "내가 고른 것만" not in page
    ada = UserFactory.create()
    pick(ada, "wise")
    client.force_login(ada)
    page = client.get("/leaderboard/").content.decode()
    assert "내가 고른 것만" in page
    assert "슬기" in page
