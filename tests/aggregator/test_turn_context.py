"""A turn begins with what is at hand, without a look at the database."""

import pytest

from aggregator.execution.setup import build_context, load_context, load_snapshot
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Conversation, Listing, Turn
from aggregator.pipeline.types import Question
from aggregator.ratings import ratings
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_context_is_built_without_queries_after_the_ratings_expired(
    offer_model: MakeModel,
) -> None:
    await run_in_db_thread(offer_model, "quick")
    snapshot = await run_in_db_thread(load_snapshot)
    ratings.forget_ratings()
    turn = Turn(conversation=Conversation(), number=1, prompt="안녕", language="ko", asked_panel=["quick"])
    # If the database were queried here, Django would refuse, and the turn would break off.
    context = build_context(turn, Question("안녕", "ko"), snapshot)
    assert [model.slug for model in context.offer] == ["quick"]


async def test_a_snapshot_without_models_is_reloaded(
    offer_model: MakeModel,
) -> None:
    await run_in_db_thread(offer_model, "quick")
    await run_in_db_thread(lambda: Listing.objects.update(is_on=False))
    assert not (await run_in_db_thread(load_snapshot)).offer
    await run_in_db_thread(lambda: Listing.objects.update(is_on=True))
    turn = Turn(conversation=Conversation(), number=1, prompt="안녕", language="ko", asked_panel=["quick"])
    context = await load_context(turn)
    assert [model.slug for model in context.offer] == ["quick"]
