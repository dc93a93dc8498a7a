"""Which models are asked and how their answers become one, from prompt, offer, wishes and allowance."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.catalog import LanguageModel
from aggregator.pipeline.budget import Allowance
from aggregator.pipeline.messages import estimate_tokens, output_room
from aggregator.pipeline.shapes import Question, Route, Seat

PANEL_SIZE = 3
# A long answer is a fair guess of what a prompt without history leads to.
EXPECTED_OUTPUT_TOKENS = 400
MODELS_A_VENDOR = 2


class NoModelError(Exception):
    """No model on offer can answer; `code` is worded by the page."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked for: a strategy, and the slugs of a panel of their own."""

    strategy: str = ""
    panel: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """The installation's patience: how many answers are enough, how long others may take, how many seats."""

    quorum: int
    grace_ms: int
    deadline_ms: int
    seats: int = PANEL_SIZE


def plan_route(
    question: Question,
    offer: Sequence[LanguageModel],
    *,
    wishes: Wishes,
    allowance: Allowance,
    limits: Limits,
) -> Route:
    """Choose the panel and the strategy; raises NoModelError when nothing on offer fits."""
    if not offer:
        raise NoModelError("no_models")
    able = [model for model in offer if output_room(model, question)]
    if not able:
        raise NoModelError("prompt_too_long")
    if wishes.panel:
        panel, reasons = _asked(able, wishes.panel), ["asked_panel"]
    else:
        panel, reasons = _choose(question, able, allowance, limits.seats)
    strategy = wishes.strategy or "council"
    if strategy == "single":
        panel = panel[:1]
    if len(panel) == 1:
        strategy = "single"
    seats = tuple(Seat(str(uuid.uuid4()), model) for model in panel)
    return Route(
        seats=seats,
        strategy=strategy,
        reasons=tuple(reasons),
        quorum=min(limits.quorum, len(seats)),
        grace_ms=limits.grace_ms,
        deadline_ms=limits.deadline_ms,
    )


def expected_cost(model: LanguageModel, question: Question) -> int:
    """Return about what one answer of this model will cost, in micros of won."""
    tokens_in = estimate_tokens(question.prompt) + sum(
        estimate_tokens(exchange.prompt) + estimate_tokens(exchange.answer) for exchange in question.history
    )
    return tokens_in * model.input_price_micros + EXPECTED_OUTPUT_TOKENS * model.output_price_micros


def _asked(able: Sequence[LanguageModel], slugs: tuple[str, ...]) -> list[LanguageModel]:
    by_slug = {model.slug: model for model in able}
    panel = [by_slug[slug] for slug in dict.fromkeys(slugs) if slug in by_slug]
    if not panel:
        raise NoModelError("model_not_offered")
    return panel


def _choose(
    question: Question, able: Sequence[LanguageModel], allowance: Allowance, seats: int
) -> tuple[list[LanguageModel], list[str]]:
    fluent = [model for model in able if question.language in model.languages]
    reasons = ["speaks_language"] if fluent else ["nobody_speaks_language"]
    pool = sorted(fluent or able, key=lambda model: (-model.standing, model.slug))
    if allowance.is_exhausted:
        cheapest = sorted(pool, key=lambda model: (expected_cost(model, question), -model.standing))
        return _several(cheapest, seats), [*reasons, "budget_empty"]
    panel: list[LanguageModel] = []
    left = allowance.cap_micros
    for model in _several(pool, len(pool)):
        price = expected_cost(model, question)
        if len(panel) < seats and price <= left:
            panel.append(model)
            left -= price
    if not panel:
        return _several(sorted(pool, key=lambda model: expected_cost(model, question)), 1), [
            *reasons,
            "budget_small",
        ]
    return panel, [*reasons, "best_standing"]


def _several(models: Sequence[LanguageModel], most: int) -> list[LanguageModel]:
    # One vendor's models fail together, so a panel takes few of each, unless there is one vendor only.
    vendors = {model.vendor for model in models}
    chosen: list[LanguageModel] = []
    for model in models:
        same = sum(other.vendor == model.vendor for other in chosen)
        if len(chosen) < most and (same < MODELS_A_VENDOR or len(vendors) == 1):
            chosen.append(model)
    return chosen
