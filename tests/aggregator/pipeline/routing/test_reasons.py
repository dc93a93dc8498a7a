"""Every reason for a route is true of it, over many offers, prompts and budgets."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from aggregator.budgeting.pacing import PacingState
from aggregator.budgeting.turn_budget import DailyFunds, TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.exchange import Exchange
from aggregator.pipeline.answer_type import detect_answer_type
from aggregator.pipeline.chat_messages import count_dropped_exchanges, max_output_tokens
from aggregator.pipeline.routing.answer_forecast import ModelPace
from aggregator.pipeline.routing.exploration import MIN_EXPOSURES, Explorer
from aggregator.pipeline.routing.prompt_topics import TopicPrediction
from aggregator.pipeline.routing.route import RoutePreferences, RoutingContext, plan_route
from aggregator.pipeline.types import NoModelError, Question, Route, RouteLimits, Strategy
from tests.aggregator.pipeline.routing.test_route import FREE, RICH, model

OFFERS = 60
HISTORY = tuple(Exchange(f"질문 {number}", "답" * 400) for number in range(6))
PROMPTS = ("가을에 대한 시를 써줘", "17 곱하기 23은 얼마인가요?", "Is it raining?", "가" * 2_500)
BUDGETS = (
    (RICH, FREE),
    (RICH, PacingState(0.2, 1e6, 20.0)),
    (DailyFunds(0, 60_000_000, 0), FREE),
    (DailyFunds(0, 10, 10), FREE),
)
# The reasons that are checked here; the others are about a person's own choice or a later stage.
CHECKED = {
    "speaks_language", "nobody_speaks_language", "long_prompt", "only_reader", "history_cut", "best_standing",
    "mixed_vendors", "votable", "cheap_first", "budget_empty", "budget_small", "thrifty", "best_expected",
    "quick", "explores", "reassesses",
}  # fmt: skip
BUDGET_REASONS = {"budget_empty", "budget_small"}


def make_offers() -> Iterator[tuple[list[LanguageModel], dict[str, ModelPace], Explorer]]:
    """Return offers of one to five models of few vendors, with their paces and an explorer."""
    rng = np.random.default_rng(15)
    for _ in range(OFFERS):
        offer = [
            model(
                f"m{number}",
                round(float(rng.uniform(0.05, 0.95)), 2),
                int(rng.choice([0, 300, 20_000, 400_000])),
                vendor=str(rng.choice(["Alibaba", "OpenAI", "Google"])),
                languages=tuple(rng.choice(["ko", "en"], size=int(rng.integers(1, 3)), replace=False)),
                context_window=int(rng.choice([2_048, 4_096, 32_768])),
                can_fuse=bool(rng.random() < 0.3),
            )
            for number in range(int(rng.integers(1, 6)))
        ]
        paces = {each.slug: ModelPace(1.0, float(rng.choice([1.0, 12.0, 60.0])), 1.0) for each in offer}
        exposures = {each.slug: int(rng.choice([0, 2 * MIN_EXPOSURES])) for each in offer}
        yield offer, paces, Explorer(float(rng.choice([0.0, 0.5])), rng, {}, exposures, 10**9)


def test_every_reason_is_true_of_the_panel_that_is_asked() -> None:
    seen: set[str] = set()
    for (offer, paces, explorer), prompt, (funds, pacing) in itertools.product(
        make_offers(), PROMPTS, BUDGETS
    ):
        question = Question(prompt, "en" if prompt.isascii() else "ko", HISTORY)
        context = RoutingContext(
            TurnBudget(funds, pacing), TopicPrediction("writing", 0.9), explorer, paces=paces
        )
        try:
            route = plan_route(
                question,
                offer,
                preferences=RoutePreferences(),
                context=context,
                limits=RouteLimits(2, 9, 9, 3),
            )
        except NoModelError:
            assert not any(max_output_tokens(each, question) for each in offer)
            continue
        check_reasons(route, question, offer, explorer)
        seen |= set(route.reasons)
    assert seen == CHECKED


def check_reasons(route: Route, question: Question, offer: list[LanguageModel], explorer: Explorer) -> None:
    """Compare the reasons of a route with what they say."""
    reasons, panel = set(route.reasons), [slot.model for slot in route.slots]
    readers = [each for each in offer if max_output_tokens(each, question)]
    fluent = [each for each in readers if question.language in each.languages]
    left_out = [each for each in fluent or readers if each not in panel]
    facts = {
        "speaks_language": all(question.language in each.languages for each in panel),
        "nobody_speaks_language": not any(question.language in each.languages for each in offer),
        "long_prompt": 1 < len(readers) < len(offer),
        "only_reader": 1 == len(readers) < len(offer),
        "history_cut": any(count_dropped_exchanges(each, question) for each in panel),
    }
    assert {code for code, is_true in facts.items() if is_true} == reasons & facts.keys()
    if "best_standing" in reasons:
        assert all(other.standing <= each.standing for other in left_out for each in panel)
    if "mixed_vendors" in reasons:
        assert len({each.vendor for each in panel}) == len(panel) > 1
    is_votable = detect_answer_type(question.prompt) is not None
    assert ("votable" in reasons) == (is_votable and route.strategy == Strategy.VOTE)
    assert ("cheap_first" in reasons) == (route.strategy == Strategy.CASCADE)
    assert len(reasons & {"thrifty", "best_expected", "quick", *BUDGET_REASONS}) == 1
    assert not reasons & BUDGET_REASONS or len(panel) == 1
    is_new = explorer.exposures.get(route.plan.tried, 0) < MIN_EXPOSURES
    assert ("explores" in reasons) == bool(route.plan.tried and is_new)
    assert ("reassesses" in reasons) == bool(route.plan.tried and not is_new)


def test_two_models_of_one_maker_are_not_called_a_mixture() -> None:
    offer = [replace(model(slug, 0.5, 300), vendor="Alibaba") for slug in "ab"]
    context = RoutingContext(TurnBudget(RICH, FREE), TopicPrediction("writing", 0.9))
    route = plan_route(
        Question(PROMPTS[0], "ko"),
        offer,
        preferences=RoutePreferences(),
        context=context,
        limits=RouteLimits(2, 9, 9, 3),
    )
    assert len(route.slots) == 2
    assert "mixed_vendors" not in route.reasons
