"""Chooses a turn's panel and strategy from the question, the offered models, preferences and the budget."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.budgeting.pacing import choose_action
from aggregator.budgeting.turn_budget import TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.answer_type import detect_answer_type
from aggregator.pipeline.chat_messages import max_output_tokens
from aggregator.pipeline.routing.exploration import Exploration, Explorer
from aggregator.pipeline.routing.plan_options import (
    ModelQuote,
    PlanOption,
    count_prompt_tokens,
    estimate_cost,
    estimate_cost_micros,
    estimate_quality,
    list_plan_options,
    quote_model,
    trim_panel,
)
from aggregator.pipeline.routing.prompt_topics import TopicPrediction
from aggregator.pipeline.types import NoModelError, PanelSlot, Plan, Question, Route, RouteLimits, Strategy

# Prompt lengths are rounded up to this many tokens, so that similar prompts share cached plan options.
_TOKEN_STEP = 128
_VOTABLE = frozenset({Strategy.SINGLE, Strategy.VOTE, Strategy.CASCADE})
_OPEN = frozenset({Strategy.SINGLE, Strategy.BEST, Strategy.COUNCIL})
_SELECTABLE = frozenset({Strategy.SINGLE, Strategy.VOTE, Strategy.BEST})
_BUDGET_REASONS = frozenset({"budget_small", "budget_empty", "panel_cut", "asked_too_dear"})


@dataclass(frozen=True, slots=True)
class RoutePreferences:
    """The requested strategy and panel (slugs); with `is_exact` no other model may answer instead."""

    strategy: str = ""
    panel: tuple[str, ...] = ()
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class RoutingContext:
    """The budget, the prompt's topic and the explorer that a route is planned with."""

    budget: TurnBudget
    topic: TopicPrediction
    explorer: Explorer | None = None


def plan_route(
    question: Question,
    models: Sequence[LanguageModel],
    *,
    preferences: RoutePreferences,
    context: RoutingContext,
    limits: RouteLimits,
) -> Route:
    """Choose the panel and the strategy; raises NoModelError when no offered model can answer."""
    if not models:
        raise NoModelError("no_models")
    capable = _find_capable(question, models, preferences)
    fluent = [model for model in capable if question.language in model.languages]
    requested = (
        _plan_requested_panel(question, capable, preferences, context.budget) if preferences.panel else None
    )
    exploration: Exploration | None = None
    if requested:
        option, reasons = requested
    else:
        language_reason = "speaks_language" if fluent else "nobody_speaks_language"
        option, why = _choose_option(question, fluent or capable, preferences, context, limits.slots)
        reasons = [language_reason, *(["asked_too_dear"] if preferences.panel else []), *why]
        exploration = _explore(option, fluent, preferences, context, limits.slots)
    panel = exploration.panel if exploration else option.panel
    by_slug = {model.slug: model for model in capable}
    slots = tuple(PanelSlot(str(uuid.uuid4()), by_slug[slug]) for slug in panel)
    return Route(
        slots=slots,
        strategy=option.strategy,
        reasons=(*reasons, "explores") if exploration and exploration.chosen else tuple(reasons),
        quorum=min(limits.quorum, len(slots)),
        grace_ms=limits.grace_ms,
        deadline_ms=limits.deadline_ms,
        plan=_make_plan(option, context, panel, exploration),
    )


def can_afford_call(
    model: LanguageModel, question: Question, models: Sequence[LanguageModel], budget: TurnBudget
) -> bool:
    """Return whether the budget covers one more call of this model; the cheapest one is always covered."""
    cost = estimate_cost_micros(model, question)
    return budget.can_afford(cost) or all(cost <= estimate_cost_micros(each, question) for each in models)


def is_budget_limited(route: Route) -> bool:
    """Return whether the budget changed the route."""
    return not _BUDGET_REASONS.isdisjoint(route.reasons)


def _quote_models(question: Question, models: Sequence[LanguageModel]) -> tuple[ModelQuote, ...]:
    tokens = -(-count_prompt_tokens(question) // _TOKEN_STEP) * _TOKEN_STEP
    return tuple(quote_model(model, tokens) for model in models)


def _find_capable(
    question: Question, models: Sequence[LanguageModel], preferences: RoutePreferences
) -> list[LanguageModel]:
    """Return the models whose context window has room for an answer; raises when no requested one has."""
    named = [model for model in models if model.slug in preferences.panel]
    if preferences.panel and not named:
        raise NoModelError("model_not_offered")
    if not any(max_output_tokens(model, question) for model in named or models):
        raise NoModelError("prompt_too_long")
    return [model for model in models if max_output_tokens(model, question)]


def _plan_requested_panel(
    question: Question, capable: Sequence[LanguageModel], preferences: RoutePreferences, budget: TurnBudget
) -> tuple[PlanOption, list[str]] | None:
    """Return the affordable part of the requested panel, or None when the budget covers none of it."""
    by_slug = {model.slug: model for model in capable}
    named = [by_slug[slug] for slug in dict.fromkeys(preferences.panel) if slug in by_slug]
    wanted = Strategy(preferences.strategy or Strategy.COUNCIL) if len(named) > 1 else Strategy.SINGLE
    requested = _quote_models(question, named)
    min_cost = min(quote.cost for quote in _quote_models(question, capable))
    panel = trim_panel(requested, wanted, budget, min_cost)
    if not panel and preferences.is_exact:
        raise NoModelError("model_too_dear")
    if not panel:
        return None
    is_whole = panel == (requested[:1] if wanted == Strategy.SINGLE else requested)
    strategy = wanted if len(panel) > 1 else Strategy.SINGLE
    slugs = tuple(quote.slug for quote in panel)
    option = PlanOption(slugs, strategy, estimate_quality(panel, strategy), estimate_cost(panel, strategy))
    return option, ["asked_panel"] if is_whole else ["asked_panel", "panel_cut"]


def _choose_option(
    question: Question,
    models: Sequence[LanguageModel],
    preferences: RoutePreferences,
    context: RoutingContext,
    slots: int,
) -> tuple[PlanOption, list[str]]:
    """Choose a plan option at today's price of quality; an empty budget gets the cheapest model."""
    quotes = _quote_models(question, models)
    cheapest = min(quotes, key=lambda quote: (quote.cost, -quote.skill, quote.slug))
    alone = PlanOption((cheapest.slug,), Strategy.SINGLE, cheapest.skill, cheapest.cost)
    if context.budget.is_empty:
        return alone, ["budget_empty"]
    is_votable = detect_answer_type(question.prompt) is not None
    strategies = _list_strategies(preferences.strategy, is_votable=is_votable)
    plan_options = list_plan_options(quotes, strategies, slots) or list_plan_options(
        quotes, frozenset({Strategy.SINGLE}), slots
    )
    options = [option for option in plan_options if context.budget.can_afford(round(option.cost * 1_000_000))]
    if not options:
        return alone, ["budget_small"]
    chosen = choose_action(
        context.budget.pacing, [option.quality for option in options], [option.cost for option in options]
    )
    option = options[chosen]
    reasons = ["best_standing" if option == plan_options[-1] else "thrifty"]
    if is_votable and option.strategy in {Strategy.VOTE, Strategy.CASCADE}:
        reasons.append("votable" if option.strategy == Strategy.VOTE else "cheap_first")
    return option, reasons


def _list_strategies(preferred: str, *, is_votable: bool) -> frozenset[Strategy]:
    if preferred in _SELECTABLE:
        return frozenset({Strategy(preferred)})
    return _VOTABLE if is_votable else _OPEN


def _explore(
    option: PlanOption,
    fluent: Sequence[LanguageModel],
    preferences: RoutePreferences,
    context: RoutingContext,
    slots: int,
) -> Exploration | None:
    if (
        context.explorer is None
        or context.budget.is_empty
        or Strategy.SINGLE in {option.strategy, preferences.strategy}
    ):
        return None
    left_out = [model for model in fluent if model.slug not in {*option.panel, option.strong}]
    return context.explorer.explore_panel(option.panel, left_out, context.topic.topic, slots)


def _make_plan(
    option: PlanOption, context: RoutingContext, panel: tuple[str, ...], exploration: Exploration | None
) -> Plan:
    return Plan(
        topic=context.topic.topic,
        quality=round(option.quality, 4),
        cost_micros=round(option.cost * 1_000_000),
        price=context.budget.pacing.price,
        strong=option.strong,
        propensities=exploration.propensities if exploration else dict.fromkeys(panel, 1.0),
        tried=exploration.chosen if exploration else "",
    )
