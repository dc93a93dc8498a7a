"""Cheap models first: when they disagree a stronger one is asked too, and the vote is counted again."""

import asyncio

import pytest

from aggregator.domain.events import RouteChosen
from aggregator.domain.turn_state import reduce_events
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import DayPoint, Turn
from aggregator.selectors.turns import answer_text_of, rebuild_events
from testing.provider.server import ProviderServer, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.test_turns import RunAsk, run_ask, types_of

__all__ = ["run_ask"]
pytestmark = pytest.mark.django_db(transaction=True)
PROMPT = "17 곱하기 23은 얼마인가요?"


async def offer_three(offer_model: MakeModel, provider: ProviderServer, quick: str, plain: str) -> None:
    """Put two cheap models and a dear one on offer, on a day when money counts."""
    provider.add("quick", say(f"정답: {quick}"))
    provider.add("plain", say(f"정답: {plain}"))
    provider.add("strong", say("정답: 391"))
    await asyncio.to_thread(offer_model, "quick", standing=0.5)
    await asyncio.to_thread(offer_model, "plain", standing=0.45)
    await asyncio.to_thread(
        offer_model, "strong", standing=0.9, input_price_micros=50_000, output_price_micros=200_000
    )
    await run_in_db_thread(_make_day)


def _make_day() -> None:
    DayPoint.objects.create(
        at="2026-01-01T00:00Z", income_micros=0, subsidy_micros=0, spent_micros=0, turns=0,
        price=0.02, balance=1_000.0, usual_income=20.0,
    )  # fmt: skip


async def test_a_stronger_model_is_asked_if_models_disagree(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    await offer_three(offer_model, provider, "391", "389")

    turn, history = await run_ask(PROMPT)

    assert turn.strategy == Turn.Strategy.CASCADE
    assert sorted(row.model for row in turn.candidates.all()) == ["plain", "quick", "strong"]
    assert turn.route_reasons[-1] == "escalated"
    assert (turn.answer_kind, answer_text_of(turn)) == ("vote", "정답: 391")
    assert turn.ranking is not None
    assert (turn.ranking["agreeing"], turn.ranking["compared"]) == (2, 3)
    kinds = types_of(history)
    assert kinds.count("ranking_made") == kinds.count("route_chosen") == 2
    # Something to read stood before the strong model was even asked.
    assert kinds.index("leader_changed") < len(kinds) - 1 - kinds[::-1].index("candidate_started")
    assert reduce_events(history) == reduce_events(rebuild_events(turn))


async def test_no_further_model_is_asked_if_models_agree(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    await offer_three(offer_model, provider, "391", "391")
    provider.add("third", say("정답: 391"))
    await asyncio.to_thread(offer_model, "third", standing=0.5)

    turn, _ = await run_ask(PROMPT)

    assert provider.requests_for("strong") == []
    assert "escalated" not in turn.route_reasons
    assert turn.answer_kind == "vote"


async def test_what_was_planned_is_stored_with_the_turn(
    provider: ProviderServer, offer_model: MakeModel, run_ask: RunAsk
) -> None:
    await offer_three(offer_model, provider, "391", "391")

    turn, history = await run_ask(PROMPT)

    observed = next(event for event in history if isinstance(event, RouteChosen))
    assert (observed.topic, observed.quality) == (turn.route["topic"], turn.route["quality"])
    assert turn.route["price"] == 0.02
    assert turn.route["propensities"] == {"quick": 1.0, "plain": 1.0}
    assert turn.asked_strategy == ""
