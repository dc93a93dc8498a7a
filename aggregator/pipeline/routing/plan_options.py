"""The plan options of a turn: panels with a strategy, each with its expected quality and cost.

The expected quality of a panel is its best model's skill plus a share of what an oracle choosing among the
answers would add. The shares, and how often models are wrong together, were measured on recorded answers.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations

from aggregator.budgeting.turn_budget import TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.routing_weights import ESCALATION_THRESHOLD, CascadePlan
from aggregator.pipeline.types import Question, Strategy
from aggregator.pipeline.waiting_price import SECOND_PRICE
from aggregator.providers import TokenUsage, cost_micros, overestimate_tokens

# The share of the gap to an oracle choice that a vote, a ranking and a fused answer close.
GAP_CLOSED = {Strategy.VOTE: 0.18, Strategy.BEST: 0.05, Strategy.COUNCIL: 0.10}
# How often a further model is right where all before it were wrong, as a share of its skill.
RESCUE_RATE, RESCUE_RATE_SAME_VENDOR = 0.25, 0.12
# One vendor's models fail together, so a panel takes few of each.
MAX_PER_VENDOR = 2
# A confident vote is right about as often without the strong model as with it.
_CASCADE_LOSS = 0.01
_SHORTLIST_SIZE = 8
_MEASURABLE = frozenset({Strategy.VOTE, Strategy.CASCADE})
_WON = 1_000_000
# A judge's report, which is written where the answers together are as long as this.
_REPORT_TOKENS, _MIN_TOKENS_TO_JUDGE = 300, 200
# The output tokens budgeted for one answer: that of a long answer.
EXPECTED_OUTPUT_TOKENS = 400


@dataclass(frozen=True, slots=True)
class PlanOption:
    """A panel (slugs) with a strategy, its expected quality in 0-1, cost in won and time in seconds."""

    panel: tuple[str, ...]
    strategy: Strategy
    quality: float
    cost: float
    strong: str = ""
    seconds: float = 0.0
    # The confidence below which a measured panel escalates; None where nothing was measured.
    threshold: float | None = None
    # Until its models have answered: while one answer is written from theirs, the best of them is read.
    wait_seconds: float = 0.0

    @property
    def value(self) -> float:
        """The quality less the price of the time that a reader waits for it."""
        return self.quality - SECOND_PRICE * self.wait_seconds


@dataclass(frozen=True, slots=True)
class ModelQuote:
    """A model as the router sees it: its skill in 0-1, and one answer's cost in won, tokens and seconds.

    `input_price` is the price of an input token in won, at which a model that fuses reads the answers of the
    others, and `report_cost` that of its report on them, without reading them.
    """

    slug: str
    vendor: str
    skill: float
    cost: float
    can_fuse: bool
    tokens: int = EXPECTED_OUTPUT_TOKENS
    seconds: float = 0.0
    input_price: float = 0.0
    report_cost: float = 0.0


def count_prompt_tokens(question: Question) -> int:
    """Return the estimated input tokens of a prompt with its history."""
    return overestimate_tokens(question.prompt) + sum(
        overestimate_tokens(exchange.prompt) + overestimate_tokens(exchange.answer)
        for exchange in question.history
    )


def answer_cost_micros(
    model: LanguageModel, input_tokens: int, output_tokens: int = EXPECTED_OUTPUT_TOKENS
) -> int:
    """Return the expected cost of one answer in micros of won."""
    return cost_micros(model, TokenUsage(input_tokens, output_tokens, "counted"))


def estimate_cost_micros(model: LanguageModel, question: Question) -> int:
    """Return the expected cost of this model's answer to a question in micros of won."""
    return answer_cost_micros(model, count_prompt_tokens(question))


def quote_model(
    model: LanguageModel, input_tokens: int, output_tokens: int = EXPECTED_OUTPUT_TOKENS, seconds: float = 0.0
) -> ModelQuote:
    """Return a model's skill, and the cost and time of one answer of `output_tokens` to a prompt."""
    return ModelQuote(
        slug=model.slug,
        vendor=model.vendor,
        skill=model.standing,
        cost=answer_cost_micros(model, input_tokens, output_tokens) / _WON,
        can_fuse=model.can_fuse,
        tokens=output_tokens,
        seconds=seconds,
        input_price=model.input_price_micros / _WON,
        report_cost=answer_cost_micros(model, input_tokens, _REPORT_TOKENS) / _WON,
    )


def estimate_quality(panel: Sequence[ModelQuote], strategy: Strategy) -> float:
    """Return a panel's expected quality: its best skill plus the strategy's share of the gap above it."""
    ordered = sorted(panel, key=lambda quote: -quote.skill)
    best, missed, vendors = ordered[0].skill, 1.0, [ordered[0].vendor]
    for quote in ordered[1:]:
        rescues = RESCUE_RATE_SAME_VENDOR if quote.vendor in vendors else RESCUE_RATE
        missed *= 1 - rescues * quote.skill
        vendors.append(quote.vendor)
    return best + GAP_CLOSED.get(strategy, 0.0) * (1 - best) * (1 - missed)


def estimate_cost(panel: Sequence[ModelQuote], strategy: Strategy) -> float:
    """Return the cost of a panel's answer in won; its fusing model also reports on the answers."""
    cost, tokens = sum(quote.cost for quote in panel), sum(quote.tokens for quote in panel)
    fuser = _choose_fuser(panel, strategy)
    if fuser is None:
        return cost
    reading = fuser.input_price * tokens
    report = fuser.report_cost + reading if tokens >= _MIN_TOKENS_TO_JUDGE else 0.0
    return cost + fuser.cost + reading + report


def estimate_seconds(panel: Sequence[ModelQuote], strategy: Strategy) -> float:
    """Return how long a panel's answer takes: as long as its slowest model, and the fused answer after it."""
    fuser = _choose_fuser(panel, strategy)
    return max(quote.seconds for quote in panel) + (fuser.seconds if fuser else 0.0)


def _choose_fuser(panel: Sequence[ModelQuote], strategy: Strategy) -> ModelQuote | None:
    if strategy != Strategy.COUNCIL or len(panel) < 2:
        return None
    return max((quote for quote in panel if quote.can_fuse), key=lambda quote: quote.skill, default=None)


def trim_panel(
    requested: Sequence[ModelQuote], strategy: Strategy, budget: TurnBudget, min_cost: float
) -> tuple[ModelQuote, ...]:
    """Return the requested models that the budget covers, added cheapest first, in the requested order.

    A single model that costs no more than `min_cost`, the cheapest model's cost, is always affordable.
    """

    def can_afford(panel: Sequence[ModelQuote]) -> bool:
        cost = estimate_cost(panel, strategy)
        return budget.can_afford(round(cost * _WON)) or (len(panel) == 1 and cost <= min_cost)

    if strategy == Strategy.SINGLE:
        return tuple([quote for quote in requested if can_afford([quote])][:1])
    kept: list[ModelQuote] = []
    for quote in sorted(requested, key=lambda quote: quote.cost):
        if can_afford([*kept, quote]):
            kept.append(quote)
    return tuple(quote for quote in requested if quote in kept)


def estimate_escalation_rate(panel: Sequence[ModelQuote]) -> float:
    """Return the expected share of votes of this panel that fall below the escalation threshold."""
    confident = (estimate_quality(panel, Strategy.VOTE) - 0.5) / (ESCALATION_THRESHOLD - 0.3)
    return 1 - min(1.0, max(0.0, confident))


@lru_cache(maxsize=256)
def list_plan_options(
    quotes: tuple[ModelQuote, ...],
    strategies: Collection[str],
    slots: int,
    cascades: tuple[CascadePlan, ...] = (),
) -> tuple[PlanOption, ...]:
    """Return the options on the upper convex hull of value against cost, cheapest first.

    Only these can be the best choice at some price of quality. Where votes and cascades of models on offer
    were measured, these options stand in place of estimates for panels of the same models.
    """
    measured = _list_measured(quotes, strategies, slots, cascades)
    known = {slug for row in cascades for slug in row.compared} if measured else set()
    chosen = _shortlist(quotes)
    options: list[PlanOption] = list(measured)
    for size in range(1, min(slots, len(chosen)) + 1):
        for panel in combinations(chosen, size):
            if _is_vendor_mixed(panel, chosen):
                options += [
                    option
                    for option in _list_options(panel, chosen, strategies, slots)
                    if option.strategy not in _MEASURABLE
                    or not known.issuperset({*option.panel, option.strong} - {""})
                ]
    return _find_hull([_with_seconds(option, quotes) for option in options])


def _with_seconds(option: PlanOption, quotes: Sequence[ModelQuote]) -> PlanOption:
    by_slug = {quote.slug: quote for quote in quotes}
    panel = [by_slug[slug] for slug in option.panel]
    # A strong model is asked after the others, and only where their vote is unsure.
    later = estimate_escalation_rate(panel) * by_slug[option.strong].seconds if option.strong else 0.0
    return replace(
        option,
        seconds=round(estimate_seconds(panel, option.strategy) + later, 1),
        wait_seconds=round(max(quote.seconds for quote in panel) + later, 1),
    )


def _list_measured(
    quotes: Sequence[ModelQuote], strategies: Collection[str], slots: int, cascades: Sequence[CascadePlan]
) -> list[PlanOption]:
    """Return the measured votes and cascades whose models are all on offer, at today's costs."""
    costs = {quote.slug: quote.cost for quote in quotes}
    options = []
    for row in cascades:
        strategy = Strategy.CASCADE if row.strong else Strategy.VOTE
        members = {*row.panel, row.strong} - {""}
        if strategy in strategies and len(row.panel) <= slots and costs.keys() >= members:
            cost = sum(costs[slug] for slug in row.panel) + row.escalation_rate * costs.get(row.strong, 0.0)
            options.append(
                PlanOption(row.panel, strategy, row.quality, cost, row.strong, threshold=row.threshold)
            )
    return options


def _shortlist(quotes: tuple[ModelQuote, ...]) -> list[ModelQuote]:
    """Return at most eight models: the most skilled, the cheapest, and those no cheaper model outdoes."""
    by_skill = sorted(quotes, key=lambda quote: (-quote.skill, quote.cost, quote.slug))
    front = [
        quote
        for index, quote in enumerate(by_skill)
        if all(quote.cost < better.cost for better in by_skill[:index])
    ]
    cheapest = min(quotes, key=lambda quote: (quote.cost, -quote.skill, quote.slug))
    kept = dict.fromkeys([*by_skill[:4], cheapest, *front, *by_skill])
    return list(kept)[:_SHORTLIST_SIZE]


def _is_vendor_mixed(panel: Sequence[ModelQuote], chosen: Sequence[ModelQuote]) -> bool:
    # With one vendor only there is nothing to mix.
    vendors = [quote.vendor for quote in panel]
    is_mixed = len({quote.vendor for quote in chosen}) > 1
    return not is_mixed or max(vendors.count(vendor) for vendor in vendors) <= MAX_PER_VENDOR


def _list_options(
    panel: tuple[ModelQuote, ...], chosen: Sequence[ModelQuote], strategies: Collection[str], slots: int
) -> list[PlanOption]:
    slugs = tuple(quote.slug for quote in sorted(panel, key=lambda quote: (-quote.skill, quote.slug)))
    cost = sum(quote.cost for quote in panel)
    if len(panel) == 1:
        options = (
            [PlanOption(slugs, Strategy.SINGLE, panel[0].skill, cost)]
            if Strategy.SINGLE in strategies
            else []
        )
    else:
        options = [
            PlanOption(slugs, name, estimate_quality(panel, name), cost)
            for name in (Strategy.VOTE, Strategy.BEST)
            if name in strategies
        ]
        if Strategy.COUNCIL in strategies and any(quote.can_fuse for quote in panel):
            quality = estimate_quality(panel, Strategy.COUNCIL)
            options.append(
                PlanOption(slugs, Strategy.COUNCIL, quality, estimate_cost(panel, Strategy.COUNCIL))
            )
    if Strategy.CASCADE in strategies and 2 <= len(panel) < slots + 1:
        options += _list_cascades(panel, slugs, chosen, cost)
    return options


def _list_cascades(
    panel: tuple[ModelQuote, ...], slugs: tuple[str, ...], chosen: Sequence[ModelQuote], cost: float
) -> list[PlanOption]:
    best, options = max(quote.skill for quote in panel), []
    escalation_rate = estimate_escalation_rate(panel)
    for strong in chosen:
        if strong.slug not in slugs and strong.skill > best:
            quality = estimate_quality((*panel, strong), Strategy.VOTE) - _CASCADE_LOSS * (
                1 - escalation_rate
            )
            options.append(
                PlanOption(
                    slugs, Strategy.CASCADE, quality, cost + escalation_rate * strong.cost, strong.slug
                )
            )
    return options


def _find_hull(options: Sequence[PlanOption]) -> tuple[PlanOption, ...]:
    hull: list[PlanOption] = []
    for option in sorted(options, key=lambda option: (option.cost, -option.value, option.panel)):
        if hull and option.value <= hull[-1].value:
            continue
        while len(hull) >= 2 and _slope(hull[-2], option) >= _slope(hull[-2], hull[-1]):
            hull.pop()
        hull.append(option)
    return tuple(hull)


def _slope(one: PlanOption, other: PlanOption) -> float:
    return (other.value - one.value) / max(other.cost - one.cost, 1e-12)
