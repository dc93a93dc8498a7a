"""Which models are asked and how their answers become one, from prompt, offer, preferences and the price."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.budgeting.pacing import choose_action
from aggregator.budgeting.turn_budget import TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.answer_type import detect_answer_type
from aggregator.pipeline.chat_messages import estimate_tokens, max_output_tokens
from aggregator.pipeline.routing.escalation import ESCALATION_THRESHOLD, needs_escalation
from aggregator.pipeline.routing.exploration import Exploration, Explorer
from aggregator.pipeline.routing.plan_options import (
    BEST,
    CASCADE,
    COUNCIL,
    EXPECTED_OUTPUT_TOKENS,
    SINGLE,
    VOTE,
    ModelQuote,
    PlanOption,
    estimate_cost,
    estimate_quality,
    list_plan_options,
    quote_model,
    trim_panel,
)
from aggregator.pipeline.routing.prompt_topics import TopicPrediction
from aggregator.pipeline.types import PanelSlot, Plan, Question, Ranking, Route

PANEL_SIZE = 3
# Prompts of about the same length share their plan options.
_TOKEN_STEP = 128
_VOTABLE, _OPEN = frozenset({SINGLE, VOTE, CASCADE}), frozenset({SINGLE, BEST, COUNCIL})
_MIN_GAIN = 0.05
_BUDGET_REASONS = frozenset({"budget_small", "budget_empty", "panel_cut", "asked_too_dear"})


class NoModelError(Exception):
    """No model on offer can answer; `code` is worded by the page."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class RoutePreferences:
    """What was asked for: a strategy, the slugs of a panel, and whether nobody else may answer instead."""

    strategy: str = ""
    panel: tuple[str, ...] = ()
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class RouteLimits:
    """The installation's patience: how many answers are enough, how long others may take, how many slots."""

    quorum: int
    grace_ms: int
    deadline_ms: int
    slots: int = PANEL_SIZE


@dataclass(frozen=True, slots=True)
class RoutingContext:
    """What a turn is planned by beside its question: the budget, the topic, and who is on trial."""

    budget: TurnBudget
    topic: TopicPrediction
    explorer: Explorer | None = None


def plan_route(
    question: Question,
    offer: Sequence[LanguageModel],
    *,
    preferences: RoutePreferences,
    day: RoutingContext,
    limits: RouteLimits,
) -> Route:
    """Choose the panel and the strategy; raises NoModelError when nothing on offer fits."""
    if not offer:
        raise NoModelError("no_models")
    able = _find_able(question, offer, preferences)
    fluent = [model for model in able if question.language in model.languages]
    asked = _plan_requested_panel(question, able, preferences, day.budget) if preferences.panel else None
    trial: Exploration | None = None
    if asked:
        option, reasons = asked
    else:
        reasons = ["speaks_language"] if fluent else ["nobody_speaks_language"]
        option, why = _choose_option(question, fluent or able, preferences, day, limits.slots)
        reasons += ["asked_too_dear", *why] if preferences.panel else why
        trial = _explore(option, fluent, preferences, day, limits.slots)
    panel = trial.panel if trial else option.panel
    by_slug = {model.slug: model for model in able}
    slots = tuple(PanelSlot(str(uuid.uuid4()), by_slug[slug]) for slug in panel)
    return Route(
        slots=slots,
        strategy=option.strategy,
        reasons=(*reasons, "explores") if trial and trial.drawn else tuple(reasons),
        quorum=min(limits.quorum, len(slots)),
        grace_ms=limits.grace_ms,
        deadline_ms=limits.deadline_ms,
        plan=_make_plan(option, day, panel, trial),
    )


def estimate_cost_micros(model: LanguageModel, question: Question) -> int:
    """Return about what one answer of this model will cost, in micros of won."""
    tokens = _count_tokens(question)
    return tokens * model.input_price_micros + EXPECTED_OUTPUT_TOKENS * model.output_price_micros


def can_afford_call(
    model: LanguageModel, question: Question, offer: Sequence[LanguageModel], budget: TurnBudget
) -> bool:
    """Tell whether one more call of this model may be made today; the cheapest on offer always may."""
    cost = estimate_cost_micros(model, question)
    return budget.can_afford(cost) or all(cost <= estimate_cost_micros(each, question) for each in offer)


def is_budget_limited(route: Route) -> bool:
    """Tell whether a route would be another one if more were left of the day's money."""
    return not _BUDGET_REASONS.isdisjoint(route.reasons)


def choose_escalation(
    question: Question, offer: Sequence[LanguageModel], route: Route, ranking: Ranking, budget: TurnBudget
) -> LanguageModel | None:
    """Return the stronger model that an unsure vote calls in, or None: sure, told not to, or not worth it."""
    sure, seated = ranking.confidence, {slot.model.slug for slot in route.slots}
    if sure is None or not needs_escalation(sure, ESCALATION_THRESHOLD):
        return None
    if route.strategy not in {VOTE, CASCADE} and detect_answer_type(question.prompt) is None:
        # Short answers to an open question differ without one of them being wrong.
        return None
    if "asked_panel" in route.reasons or "escalated" in route.reasons or budget.is_empty:
        return None
    best = max(slot.model.standing for slot in route.slots)
    for model in sorted(offer, key=lambda model: (-model.standing, model.slug)):
        cost = estimate_cost_micros(model, question)
        is_stronger = model.slug not in seated and model.standing > best
        gain = max(_MIN_GAIN, model.standing - sure)
        if (
            is_stronger
            and question.language in model.languages
            and max_output_tokens(model, question)
            and budget.can_afford(cost)
            and budget.pacing.price * cost / 1_000_000 <= gain
        ):
            return model
    return None


def _count_tokens(question: Question) -> int:
    return estimate_tokens(question.prompt) + sum(
        estimate_tokens(exchange.prompt) + estimate_tokens(exchange.answer) for exchange in question.history
    )


def _quote_models(question: Question, models: Sequence[LanguageModel]) -> tuple[ModelQuote, ...]:
    tokens = -(-_count_tokens(question) // _TOKEN_STEP) * _TOKEN_STEP
    return tuple(quote_model(model, tokens) for model in models)


def _find_able(
    question: Question, offer: Sequence[LanguageModel], preferences: RoutePreferences
) -> list[LanguageModel]:
    """Return the models that have room to answer; of those that were named there must be one."""
    named = [model for model in offer if model.slug in preferences.panel]
    if preferences.panel and not named:
        raise NoModelError("model_not_offered")
    if not any(max_output_tokens(model, question) for model in named or offer):
        raise NoModelError("prompt_too_long")
    return [model for model in offer if max_output_tokens(model, question)]


def _plan_requested_panel(
    question: Question, able: Sequence[LanguageModel], preferences: RoutePreferences, budget: TurnBudget
) -> tuple[PlanOption, list[str]] | None:
    """Return what the person named as far as the day pays for it, or None when it pays for none of it."""
    by_slug = {model.slug: model for model in able}
    named = [by_slug[slug] for slug in dict.fromkeys(preferences.panel) if slug in by_slug]
    wish = (preferences.strategy or COUNCIL) if len(named) > 1 else SINGLE
    asked = _quote_models(question, named)
    panel = trim_panel(asked, wish, budget, min(quote.cost for quote in _quote_models(question, able)))
    if not panel and preferences.is_exact:
        raise NoModelError("model_too_dear")
    if not panel:
        return None
    is_whole = panel == (asked[:1] if wish == SINGLE else asked)
    strategy = wish if len(panel) > 1 else SINGLE
    slugs = tuple(quote.slug for quote in panel)
    option = PlanOption(slugs, strategy, estimate_quality(panel, strategy), estimate_cost(panel, strategy))
    return option, ["asked_panel"] if is_whole else ["asked_panel", "panel_cut"]


def _choose_option(
    question: Question,
    pool: Sequence[LanguageModel],
    preferences: RoutePreferences,
    day: RoutingContext,
    slots: int,
) -> tuple[PlanOption, list[str]]:
    """Choose from the plan options at today's price; without money the cheapest model, never an error."""
    quotes = _quote_models(question, pool)
    cheapest = min(quotes, key=lambda quote: (quote.cost, -quote.skill, quote.slug))
    alone = PlanOption((cheapest.slug,), SINGLE, cheapest.skill, cheapest.cost)
    if day.budget.is_empty:
        return alone, ["budget_empty"]
    is_votable = detect_answer_type(question.prompt) is not None
    strategies = _strategies(preferences.strategy, is_votable=is_votable)
    plan_options = list_plan_options(quotes, strategies, slots) or list_plan_options(
        quotes, frozenset({SINGLE}), slots
    )
    options = [option for option in plan_options if day.budget.can_afford(round(option.cost * 1_000_000))]
    if not options:
        return alone, ["budget_small"]
    place = choose_action(
        day.budget.pacing, [option.quality for option in options], [option.cost for option in options]
    )
    option = options[place]
    reasons = ["best_standing" if option == plan_options[-1] else "thrifty"]
    if is_votable and option.strategy in {VOTE, CASCADE}:
        reasons.append("votable" if option.strategy == VOTE else "cheap_first")
    return option, reasons


def _strategies(wish: str, *, is_votable: bool) -> frozenset[str]:
    if wish in {VOTE, BEST, SINGLE}:
        return frozenset({wish})
    return _VOTABLE if is_votable else _OPEN


def _explore(
    option: PlanOption,
    fluent: Sequence[LanguageModel],
    preferences: RoutePreferences,
    day: RoutingContext,
    slots: int,
) -> Exploration | None:
    if (
        day.explorer is None
        or day.budget.is_empty
        or option.strategy == SINGLE
        or preferences.strategy == SINGLE
    ):
        return None
    left_out = [model for model in fluent if model.slug not in {*option.panel, option.strong}]
    return day.explorer.explore_panel(option.panel, left_out, day.topic.topic, slots)


def _make_plan(
    option: PlanOption, day: RoutingContext, panel: tuple[str, ...], trial: Exploration | None
) -> Plan:
    return Plan(
        topic=day.topic.topic,
        quality=round(option.quality, 4),
        cost_micros=round(option.cost * 1_000_000),
        price=day.budget.pacing.price,
        strong=option.strong,
        propensities=trial.propensities if trial else dict.fromkeys(panel, 1.0),
        tried=trial.drawn if trial else "",
    )
