"""A turn begins with what is at hand, without a look at the database."""

import pytest

from aggregator import skills
from aggregator.larder import fetch_pantry, stock_larder
from aggregator.models import Conversation, Listing, Turn
from aggregator.off_loop import off_loop
from aggregator.opening import open_larder
from aggregator.pipeline.shapes import Question
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_turn_begins_on_the_event_loop_though_what_is_known_of_models_grew_old(
    offer_model: MakeModel,
) -> None:
    await off_loop(offer_model, "quick")
    pantry = await off_loop(fetch_pantry)
    skills.forget_books()
    turn = Turn(conversation=Conversation(), number=1, prompt="안녕", language="ko", asked_panel=["quick"])
    # Were the database asked here, Django would refuse, and the turn would break off.
    larder = stock_larder(turn, Question("안녕", "ko"), pantry)
    assert [model.slug for model in larder.offer] == ["quick"]


async def test_who_asks_just_as_the_first_model_comes_on_offer_is_not_sent_away(
    offer_model: MakeModel,
) -> None:
    await off_loop(offer_model, "quick")
    await off_loop(lambda: Listing.objects.update(is_on=False))
    assert not (await off_loop(fetch_pantry)).offer
    await off_loop(lambda: Listing.objects.update(is_on=True))
    turn = Turn(conversation=Conversation(), number=1, prompt="안녕", language="ko", asked_panel=["quick"])
    larder = await open_larder(turn, 5)
    assert [model.slug for model in larder.offer] == ["quick"]
