"""Which models are asked and how their answers become one, from prompt, offer, wishes and the day's price."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.catalog import LanguageModel
from aggregator.pipeline.budget import Purse
from aggregator.pipeline.cascade import DEFAULT_THRESHOLD, needs_strong
from aggregator.pipeline.expectations import find_expectation
from aggregator.pipeline.explore import Explorer, Trial
from aggregator.pipeline.menu import (
    BEST,
    CASCADE,
    COUNCIL,
    EXPECTED_OUTPUT_TOKENS,
    SINGLE,
    VOTE,
    Diner,
    Dish,
    as_diner,
    cut_panel,
    expect_cost,
    expect_quality,
    write_menu,
)
from aggregator.pipeline.messages import estimate_tokens, output_room
from aggregator.pipeline.pacing import choose_action
from aggregator.pipeline.shapes import Plan, Question, Ranking, Route, Seat
from aggregator.pipeline.topics import TopicGuess

PANEL_SIZE = 3
# Prompts of about the same length share a menu.
_TOKEN_STEP = 128
_VOTABLE, _OPEN = frozenset({SINGLE, VOTE, CASCADE}), frozenset({SINGLE, BEST, COUNCIL})
_LEAST_GAIN = 0.05
_SHORT = frozenset({"budget_small", "budget_empty", "panel_cut", "asked_too_dear"})


class NoModelError(Exception):
    """No model on offer can answer; `code` is worded by the page."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for: a strategy, the slugs of a panel, and whether nobody else may answer instead."""

    strategy: str = ""
    panel: tuple[str, ...] = ()
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """The installation's patience: how many answers are enough, how long others may take, how many seats."""

    quorum: int
    grace_ms: int
    deadline_ms: int
    seats: int = PANEL_SIZE


@dataclass(frozen=True, slots=True)
class Day:
    """What a turn is planned by beside its question: the purse, the topic, and who is on trial."""

    purse: Purse
    topic: TopicGuess
    explorer: Explorer | None = None


def plan_route(
    question: Question, offer: Sequence[LanguageModel], *, wishes: Wishes, day: Day, limits: Limits
) -> Route:
    """Choose the panel and the strategy; raises NoModelError when nothing on offer fits."""
    if not offer:
        raise NoModelError("no_models")
    able = _find_able(question, offer, wishes)
    fluent = [model for model in able if question.language in model.languages]
    asked = _serve_asked(question, able, wishes, day.purse) if wishes.panel else None
    trial: Trial | None = None
    if asked:
        dish, reasons = asked
    else:
        reasons = ["speaks_language"] if fluent else ["nobody_speaks_language"]
        dish, why = _order(question, fluent or able, wishes, day, limits.seats)
        reasons += ["asked_too_dear", *why] if wishes.panel else why
        trial = _try_one(dish, fluent, wishes, day, limits.seats)
    panel = trial.panel if trial else dish.panel
    by_slug = {model.slug: model for model in able}
    seats = tuple(Seat(str(uuid.uuid4()), by_slug[slug]) for slug in panel)
    return Route(
        seats=seats,
        strategy=dish.strategy,
        reasons=(*reasons, "explores") if trial and trial.drawn else tuple(reasons),
        quorum=min(limits.quorum, len(seats)),
        grace_ms=limits.grace_ms,
        deadline_ms=limits.deadline_ms,
        plan=_note_plan(dish, day, panel, trial),
    )


def expected_cost(model: LanguageModel, question: Question) -> int:
    """Return about what one answer of this model will cost, in micros of won."""
    tokens = _count_tokens(question)
    return tokens * model.input_price_micros + EXPECTED_OUTPUT_TOKENS * model.output_price_micros


def may_ask(model: LanguageModel, question: Question, offer: Sequence[LanguageModel], purse: Purse) -> bool:
    """Tell whether one more call of this model may be made today; the cheapest on offer always may."""
    cost = expected_cost(model, question)
    return purse.affords(cost) or all(cost <= expected_cost(each, question) for each in offer)


def is_short_of_money(route: Route) -> bool:
    """Tell whether a route would be another one if more were left of the day's money."""
    return not _SHORT.isdisjoint(route.reasons)


def choose_strong(
    question: Question, offer: Sequence[LanguageModel], route: Route, ranking: Ranking, purse: Purse
) -> LanguageModel | None:
    """Return the stronger model that an unsure vote calls in, or None: sure, told not to, or not worth it."""
    sure, seated = ranking.confidence, {seat.model.slug for seat in route.seats}
    if sure is None or not needs_strong(sure, DEFAULT_THRESHOLD):
        return None
    if route.strategy not in {VOTE, CASCADE} and find_expectation(question.prompt) is None:
        # Short answers to an open question differ without one of them being wrong.
        return None
    if "asked_panel" in route.reasons or "escalated" in route.reasons or purse.is_empty:
        return None
    best = max(seat.model.standing for seat in route.seats)
    for model in sorted(offer, key=lambda model: (-model.standing, model.slug)):
        cost = expected_cost(model, question)
        is_stronger = model.slug not in seated and model.standing > best
        gain = max(_LEAST_GAIN, model.standing - sure)
        if (
            is_stronger
            and question.language in model.languages
            and output_room(model, question)
            and purse.affords(cost)
            and purse.pace.price * cost / 1_000_000 <= gain
        ):
            return model
    return None


def _count_tokens(question: Question) -> int:
    return estimate_tokens(question.prompt) + sum(
        estimate_tokens(exchange.prompt) + estimate_tokens(exchange.answer) for exchange in question.history
    )


def _diners(question: Question, models: Sequence[LanguageModel]) -> tuple[Diner, ...]:
    tokens = -(-_count_tokens(question) // _TOKEN_STEP) * _TOKEN_STEP
    return tuple(as_diner(model, tokens) for model in models)


def _find_able(question: Question, offer: Sequence[LanguageModel], wishes: Wishes) -> list[LanguageModel]:
    """Return the models that have room to answer; of those that were named there must be one."""
    named = [model for model in offer if model.slug in wishes.panel]
    if wishes.panel and not named:
        raise NoModelError("model_not_offered")
    if not any(output_room(model, question) for model in named or offer):
        raise NoModelError("prompt_too_long")
    return [model for model in offer if output_room(model, question)]


def _serve_asked(
    question: Question, able: Sequence[LanguageModel], wishes: Wishes, purse: Purse
) -> tuple[Dish, list[str]] | None:
    """Return what the person named as far as the day pays for it, or None when it pays for none of it."""
    by_slug = {model.slug: model for model in able}
    named = [by_slug[slug] for slug in dict.fromkeys(wishes.panel) if slug in by_slug]
    wish = (wishes.strategy or COUNCIL) if len(named) > 1 else SINGLE
    asked = _diners(question, named)
    panel = cut_panel(asked, wish, purse, min(diner.cost for diner in _diners(question, able)))
    if not panel and wishes.is_exact:
        raise NoModelError("model_too_dear")
    if not panel:
        return None
    is_whole = panel == (asked[:1] if wish == SINGLE else asked)
    strategy = wish if len(panel) > 1 else SINGLE
    slugs = tuple(diner.slug for diner in panel)
    dish = Dish(slugs, strategy, expect_quality(panel, strategy), expect_cost(panel, strategy))
    return dish, ["asked_panel"] if is_whole else ["asked_panel", "panel_cut"]


def _order(
    question: Question, pool: Sequence[LanguageModel], wishes: Wishes, day: Day, seats: int
) -> tuple[Dish, list[str]]:
    """Choose from the menu at today's price; without money the cheapest model, never an error."""
    diners = _diners(question, pool)
    cheapest = min(diners, key=lambda diner: (diner.cost, -diner.skill, diner.slug))
    alone = Dish((cheapest.slug,), SINGLE, cheapest.skill, cheapest.cost)
    if day.purse.is_empty:
        return alone, ["budget_empty"]
    is_votable = find_expectation(question.prompt) is not None
    strategies = _strategies(wishes.strategy, is_votable=is_votable)
    menu = write_menu(diners, strategies, seats) or write_menu(diners, frozenset({SINGLE}), seats)
    dishes = [dish for dish in menu if day.purse.affords(round(dish.cost * 1_000_000))]
    if not dishes:
        return alone, ["budget_small"]
    place = choose_action(day.purse.pace, [dish.quality for dish in dishes], [dish.cost for dish in dishes])
    dish = dishes[place]
    reasons = ["best_standing" if dish == menu[-1] else "thrifty"]
    if is_votable and dish.strategy in {VOTE, CASCADE}:
        reasons.append("votable" if dish.strategy == VOTE else "cheap_first")
    return dish, reasons


def _strategies(wish: str, *, is_votable: bool) -> frozenset[str]:
    if wish in {VOTE, BEST, SINGLE}:
        return frozenset({wish})
    return _VOTABLE if is_votable else _OPEN


def _try_one(
    dish: Dish, fluent: Sequence[LanguageModel], wishes: Wishes, day: Day, seats: int
) -> Trial | None:
    if day.explorer is None or day.purse.is_empty or dish.strategy == SINGLE or wishes.strategy == SINGLE:
        return None
    left_out = [model for model in fluent if model.slug not in {*dish.panel, dish.strong}]
    return day.explorer.try_one(dish.panel, left_out, day.topic.topic, seats)


def _note_plan(dish: Dish, day: Day, panel: tuple[str, ...], trial: Trial | None) -> Plan:
    return Plan(
        topic=day.topic.topic,
        quality=round(dish.quality, 4),
        cost_micros=round(dish.cost * 1_000_000),
        price=day.purse.pace.price,
        strong=dish.strong,
        propensities=trial.propensities if trial else dict.fromkeys(panel, 1.0),
        tried=trial.drawn if trial else "",
    )
