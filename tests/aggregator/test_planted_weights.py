"""The active weights decide in live turns: router, vote, cascade and ranker, one test each."""

import asyncio
import uuid
from dataclasses import replace

import numpy as np
import pytest
from pytest_django import Settings

from aggregator.execution.setup import forget_snapshot
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn
from aggregator.pipeline.ranking.style_features import LENGTH
from aggregator.pipeline.ranking.style_weights import MIN_RATED_PROMPTS, StyleWeights
from aggregator.pipeline.ranking.weights import ModelWeights, load_default_weights
from aggregator.pipeline.routing.prompt_topics import classify_topic
from aggregator.pipeline.routing_weights import ANY_TOPIC, RouterHead, RoutingWeights
from aggregator.selectors.turns import answer_text_of
from aggregator.storage import model_weights
from testing.provider.server import ProviderServer, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.test_escalation import offer_three
from tests.aggregator.test_turns import RunAsk, run_ask

__all__ = ["run_ask"]
pytestmark = pytest.mark.django_db(transaction=True)
PRODUCT = "17 곱하기 23은 얼마인가요?"
TRIP = "부산 여행 코스를 추천해줘"


async def _plant(weights: ModelWeights) -> None:
    """Store a version as calibration does; the next turn reads it, as turns do a minute later."""
    await run_in_db_thread(model_weights.save_version, replace(weights, version=str(uuid.uuid4())))
    model_weights.refresh_weights.cache_clear()
    forget_snapshot()


def _models_of(turn: Turn) -> list[str]:
    return sorted(row.model for row in turn.candidates.all())


async def test_the_router_head_changes_the_panel(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk, settings: Settings
) -> None:
    settings.PANEL_SIZE = 1
    for slug, standing in (("grand", 0.9), ("modest", 0.3)):
        provider.add(slug, say("해운대와 감천문화마을을 걸어 보세요."))
        await asyncio.to_thread(offer_model, slug, standing=standing)

    before, _ = await run_ask(TRIP)
    features = await asyncio.to_thread(lambda: classify_topic(TRIP, has_router=True).features)
    assert features is not None
    size = len(features)
    head = RouterHead(
        models=("grand", "modest"),
        topic_weights=np.zeros((size, 1), np.float32),
        topic_level=np.zeros(1, np.float32),
        by_topic=np.zeros((1, 2), np.float32),
        # This prompt's features speak for the modest model.
        by_feature=np.stack([-features, features], axis=1),
        level=np.array([0.5, 0.5], np.float32),
    )
    await _plant(replace(load_default_weights(), routing=RoutingWeights(router=head)))
    after, _ = await run_ask(TRIP)

    assert (_models_of(before), _models_of(after)) == (["grand"], ["modest"])


async def test_learned_vote_weights_change_the_answer(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    for slug, answer in (("first", "391"), ("second", "391"), ("third", "401")):
        provider.add(slug, say(f"정답: {answer}"))
        await asyncio.to_thread(offer_model, slug, standing=0.6)

    before, _ = await run_ask(PRODUCT)
    shipped = load_default_weights()
    await _plant(replace(shipped, open_vote=replace(shipped.open_vote, models={"third": 6.0})))
    after, _ = await run_ask(PRODUCT)

    assert (answer_text_of(before), answer_text_of(after)) == ("정답: 391", "정답: 401")


async def test_the_fitted_threshold_changes_whether_a_vote_escalates(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    await offer_three(offer_model, provider, "391", "389")

    before, _ = await run_ask(PRODUCT)
    await _plant(replace(load_default_weights(), routing=RoutingWeights(thresholds={ANY_TOPIC: 0.01})))
    after, _ = await run_ask(PRODUCT)

    assert _models_of(before) == ["plain", "quick", "strong"]
    assert _models_of(after) == ["plain", "quick"]


async def test_fitted_style_changes_the_order(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    provider.add("brief", say("해운대를 걸으세요."))
    # Different words, since a text that repeats itself is ranked last whatever its length.
    words = [chr(0xAC00 + 7_919 * n % 11_172) + chr(0xAC00 + 104_729 * n % 11_172) for n in range(450)]
    provider.add("lengthy", say(" ".join(words) + "."))
    for slug in ("brief", "lengthy"):
        await asyncio.to_thread(offer_model, slug, standing=0.5)
    firsts = []
    for preference in (-1.0, 1.0):
        shipped = load_default_weights()
        size = len(shipped.styles["ko"].means)
        style = StyleWeights(
            skills={},
            means=(0.0,) * size,
            deviations=(1.0,) * size,
            weights=tuple(preference if feature == LENGTH else 0.0 for feature in range(size)),
            standing=1.0,
            judged=MIN_RATED_PROMPTS,
        )
        await _plant(replace(shipped, styles={"ko": style}))
        turn, _ = await run_ask(TRIP)
        assert turn.ranking is not None
        names = {str(row.public_id): row.model for row in turn.candidates.all()}
        firsts.append(names[turn.ranking["standings"][0]["candidate"]])

    assert firsts == ["brief", "lengthy"]
