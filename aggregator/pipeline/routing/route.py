"""Chooses a turn's panel and strategy from the question, the offered models, preferences and the budget."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from aggregator.budgeting.pacing import choose_action
from aggregator.budgeting.turn_budget import TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.answer_type import detect_answer_type
from aggregator.pipeline.chat_messages import (
    READING_SECONDS,
    can_read,
    count_readable_tokens,
    max_output_tokens,
)
from aggregator.pipeline.routing.answer_forecast import (
    UNMEASURED,
    Paces,
    expect_answer_tokens,
    expect_seconds,
    expect_tokens,
)
from aggregator.pipeline.routing.exploration import Exploration, Explorer
from aggregator.pipeline.routing.plan_options import (
    ModelQuote,
    PlanOption,
    count_prompt_tokens,
    estimate_cost,
    estimate_cost_micros,
    estimate_quality,
    estimate_seconds,
    list_plan_options,
    quote_model,
    trim_panel,
)
from aggregator.pipeline.routing.prompt_topics import TopicPrediction
from aggregator.pipeline.routing.reasons import (
    Readers,
    explain_planned_change,
    list_history_reasons,
    list_panel_reasons,
    list_reader_reasons,
)
from aggregator.pipeline.routing_weights import NO_ROUTING_WEIGHTS, CascadePlan, RoutingWeights
from aggregator.pipeline.types import NoModelError, PanelSlot, Plan, Question, Route, RouteLimits, Strategy
from aggregator.providers import overestimate_tokens

# Prompt lengths are rounded up to this many tokens, so that similar prompts share cached plan options.
_TOKEN_STEP = 128
_VOTABLE = frozenset({Strategy.SINGLE, Strategy.VOTE, Strategy.CASCADE})
_OPEN = frozenset({Strategy.SINGLE, Strategy.BEST, Strategy.COUNCIL})
_SELECTABLE = frozenset({Strategy.SINGLE, Strategy.VOTE, Strategy.BEST, Strategy.COUNCIL})
# What is tried in place of a strategy that no panel of the models can carry out.
_NEXT_BEST = {Strategy.COUNCIL: Strategy.BEST}
_BUDGET_REASONS = frozenset({"budget_small", "budget_empty", "panel_cut", "asked_too_dear"})


@dataclass(frozen=True, slots=True)
class RoutePreferences:
    """The requested strategy and panel (slugs); with `is_exact` no other model may answer instead."""

    strategy: str = ""
    panel: tuple[str, ...] = ()
    is_exact: bool = False

    @property
    def requested(self) -> str:
        """The strategy that the route should have, or '' where the router is free to choose."""
        return self.strategy if self.strategy in _SELECTABLE else ""


@dataclass(frozen=True, slots=True)
class RoutingContext:
    """The budget, the prompt's topic, the explorer and the fitted weights that a route is planned with."""

    budget: TurnBudget
    topic: TopicPrediction
    explorer: Explorer | None = None
    weights: RoutingWeights = NO_ROUTING_WEIGHTS
    paces: Paces = field(default_factory=dict)


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
    readers = _find_readers(question, models, preferences)
    choice = _plan_requested_panel(question, readers, preferences, context) if preferences.panel else None
    if choice is None:
        choice = _plan_automatic_panel(question, readers, preferences, context, limits.slots)
    option, exploration = choice.option, choice.exploration
    by_slug = {model.slug: model for model in readers.capable}
    panel = [by_slug[slug] for slug in (exploration.panel if exploration else option.panel)]
    change = explain_planned_change(
        preferences.requested,
        option,
        readers,
        is_short_of_money=not _BUDGET_REASONS.isdisjoint(choice.reasons),
    )
    plan = _make_plan(question, option, context, panel, exploration)
    return Route(
        slots=tuple(PanelSlot(str(uuid.uuid4()), model) for model in panel),
        strategy=option.strategy,
        reasons=_list_reasons(question, readers, preferences, choice, panel),
        quorum=min(limits.quorum, len(panel)),
        grace_ms=limits.grace_ms,
        deadline_ms=limits.deadline_ms,
        plan=replace(plan, requested=preferences.requested, change=change),
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


def _quote_models(
    question: Question, models: Sequence[LanguageModel], context: RoutingContext
) -> tuple[ModelQuote, ...]:
    read = count_prompt_tokens(question)
    read = -(-read // _TOKEN_STEP) * _TOKEN_STEP
    prompt_tokens = overestimate_tokens(question.prompt)
    is_votable = detect_answer_type(question.prompt) is not None
    topic_tokens = expect_answer_tokens(context.topic, is_votable=is_votable)
    quotes = []
    for model in models:
        pace = context.paces.get(model.slug, UNMEASURED)
        tokens = expect_tokens(model, topic_tokens, pace)
        seen = min(read, max(prompt_tokens, count_readable_tokens(model, READING_SECONDS)))
        quotes.append(quote_model(model, read, tokens, expect_seconds(model, seen, tokens, pace)))
    fluent = {model.slug for model in models if question.language in model.languages}
    # A model fuses only in a language that it speaks.
    return tuple(replace(quote, can_fuse=quote.can_fuse and quote.slug in fluent) for quote in quotes)


def _find_readers(
    question: Question, models: Sequence[LanguageModel], preferences: RoutePreferences
) -> Readers:
    """Return which models can read the prompt; raises when none can, or no requested one."""
    named = [model for model in models if model.slug in preferences.panel]
    if preferences.panel and not named:
        raise NoModelError("model_not_offered")
    capable = [model for model in models if max_output_tokens(model, question)]
    if not capable:
        raise NoModelError("prompt_too_long")
    if named and not any(model in capable for model in named):
        raise NoModelError("prompt_too_long_for_choice")
    capable = [model for model in capable if can_read(model, question)]
    if not any(model in capable for model in named or capable):
        raise NoModelError("prompt_too_slow")
    fluent = [model for model in capable if question.language in model.languages]
    return Readers(models, capable, fluent)


def _plan_requested_panel(
    question: Question, readers: Readers, preferences: RoutePreferences, context: RoutingContext
) -> "_Choice | None":
    """Return the affordable part of the requested panel, or None when the budget covers none of it."""
    by_slug = {model.slug: model for model in readers.capable}
    wanted = list(dict.fromkeys(preferences.panel))
    named = [by_slug[slug] for slug in wanted if slug in by_slug]
    requested = _quote_models(question, named, context)
    strategy = _choose_panel_strategy(question, requested, preferences.requested)
    min_cost = min(quote.cost for quote in _quote_models(question, readers.capable, context))
    panel = trim_panel(requested, strategy, context.budget, min_cost)
    if not panel and preferences.is_exact:
        raise NoModelError("model_too_dear")
    if not panel:
        return None
    strategy = _choose_panel_strategy(question, panel, preferences.requested)
    slugs = tuple(quote.slug for quote in panel)
    option = PlanOption(
        slugs,
        strategy,
        estimate_quality(panel, strategy),
        estimate_cost(panel, strategy),
        seconds=estimate_seconds(panel, strategy),
    )
    reasons = ["asked_panel"]
    offered = {model.slug for model in readers.offered}
    if any(slug not in offered for slug in wanted):
        reasons.append("panel_gone")
    if any(slug in offered and slug not in by_slug for slug in wanted):
        reasons.append("panel_unread")
    if panel != (requested[:1] if preferences.requested == Strategy.SINGLE else requested):
        reasons.append("panel_cut")
    return _Choice(option, reasons)


def _choose_panel_strategy(question: Question, panel: Sequence[ModelQuote], requested: str) -> Strategy:
    """Return how the answers of a requested panel become one: as asked, where these models can do that."""
    can_fuse = any(quote.can_fuse for quote in panel)
    if len(panel) < 2 or requested == Strategy.SINGLE:
        return Strategy.SINGLE
    if requested and (requested != Strategy.COUNCIL or can_fuse):
        return Strategy(requested)
    if not requested and detect_answer_type(question.prompt) is not None:
        return Strategy.VOTE
    return Strategy.COUNCIL if can_fuse else Strategy.BEST


@dataclass(frozen=True, slots=True)
class _Choice:
    """A plan option, the reasons for it, and the exploration that changed its panel."""

    option: PlanOption
    reasons: list[str]
    exploration: Exploration | None = None


def _plan_automatic_panel(
    question: Question,
    readers: Readers,
    preferences: RoutePreferences,
    context: RoutingContext,
    slots: int,
) -> _Choice:
    """Choose a plan option at today's price of quality; an empty budget gets the cheapest model."""
    too_dear = ["asked_too_dear"] if preferences.panel else []
    quotes = _quote_models(question, readers.choosable, context)
    cheapest = min(quotes, key=lambda quote: (quote.cost, -quote.skill, quote.slug))
    alone = PlanOption(
        (cheapest.slug,), Strategy.SINGLE, cheapest.skill, cheapest.cost, seconds=cheapest.seconds
    )
    if context.budget.is_empty:
        return _Choice(alone, [*too_dear, "budget_empty"])
    is_votable = detect_answer_type(question.prompt) is not None
    cascades = context.weights.cascades if is_votable else ()
    list_options = partial(
        _list_possible_options,
        requested=preferences.requested,
        slots=slots,
        cascades=cascades,
        is_votable=is_votable,
    )
    plan_options = list_options(quotes)
    options = [option for option in plan_options if context.budget.can_afford(round(option.cost * 1_000_000))]
    if not options:
        return _Choice(alone, [*too_dear, "budget_small"])
    chosen = choose_action(
        context.budget.pacing, [option.value for option in options], [option.cost for option in options]
    )
    option = options[chosen]
    untimed = list_options(tuple(replace(quote, seconds=0.0) for quote in quotes))
    reasons = [_explain_choice(option, plan_options, untimed)]
    if is_votable and option.strategy in {Strategy.VOTE, Strategy.CASCADE}:
        reasons.append("votable" if option.strategy == Strategy.VOTE else "cheap_first")
    exploration = _explore(option, readers.fluent, preferences, context, slots)
    return _Choice(option, [*too_dear, *reasons], exploration)


def _explain_choice(
    option: PlanOption, plan_options: Sequence[PlanOption], untimed: Sequence[PlanOption]
) -> str:
    """Return why an option was chosen; `untimed` are the options if nobody had to wait for them."""
    if option != plan_options[-1]:
        return "thrifty"
    return "best_expected" if option.quality >= max(each.quality for each in untimed) else "quick"


def _list_possible_options(
    quotes: tuple[ModelQuote, ...],
    requested: str,
    slots: int,
    cascades: tuple[CascadePlan, ...],
    *,
    is_votable: bool,
) -> tuple[PlanOption, ...]:
    """Return the options of the strategy that was asked for, or of the next best one that is possible."""
    if not requested:
        return list_plan_options(quotes, _VOTABLE if is_votable else _OPEN, slots, cascades)
    strategy: Strategy | None = Strategy(requested)
    while strategy:
        if options := list_plan_options(quotes, frozenset({strategy}), slots, cascades):
            return options
        strategy = _NEXT_BEST.get(strategy)
    return list_plan_options(quotes, frozenset({Strategy.SINGLE}), slots)


def _list_reasons(
    question: Question,
    readers: Readers,
    preferences: RoutePreferences,
    choice: _Choice,
    panel: Sequence[LanguageModel],
) -> tuple[str, ...]:
    if "asked_panel" in choice.reasons:
        return (*choice.reasons, *list_history_reasons(question, panel))
    reasons = [*list_reader_reasons(question, readers, panel), *choice.reasons]
    if _BUDGET_REASONS.isdisjoint(choice.reasons):
        reasons += list_panel_reasons(panel, readers.choosable)
    if choice.exploration and choice.exploration.chosen:
        reasons.append("explores" if choice.exploration.is_new else "reassesses")
    return (*reasons, *list_history_reasons(question, panel))


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
    question: Question,
    option: PlanOption,
    context: RoutingContext,
    panel: Sequence[LanguageModel],
    exploration: Exploration | None,
) -> Plan:
    is_votable = detect_answer_type(question.prompt) is not None
    return Plan(
        topic=context.topic.topic,
        quality=round(option.quality, 4),
        cost_micros=round(option.cost * 1_000_000),
        expected_ms=round(option.seconds * 1000),
        is_votable=is_votable,
        answer_tokens=expect_answer_tokens(context.topic, is_votable=is_votable),
        price=context.budget.pacing.price,
        strong=option.strong,
        # An explored model changes what a confidence of this panel means.
        threshold=None if exploration and exploration.chosen else option.threshold,
        propensities=exploration.propensities if exploration else {model.slug: 1.0 for model in panel},
        tried=exploration.chosen if exploration else "",
    )
