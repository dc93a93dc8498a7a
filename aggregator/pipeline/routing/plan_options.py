"""What a turn may order: panels with a strategy, each with the quality it promises and what it will cost.

A panel promises what its best model does and a share of what a perfect choice among them would add; shares,
and how often models are wrong together, were measured on recorded answers.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from aggregator.budgeting.turn_budget import TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.routing.escalation import ESCALATION_THRESHOLD, MAX_PER_VENDOR

SINGLE, BEST, VOTE, CASCADE, COUNCIL = "single", "best", "vote", "cascade", "council"
# How much of the gap to a perfect choice a vote, a ranking and a fused answer close.
GAP_CLOSED = {VOTE: 0.18, BEST: 0.05, COUNCIL: 0.10}
# How often a further model is right where all before it were wrong, as a share of its skill.
RESCUE_RATE, RESCUE_RATE_SAME_VENDOR = 0.25, 0.12
# A vote that is sure is right about as often with the strong model as without it.
_CASCADE_LOSS = 0.01
_SHORTLIST_SIZE = 8
_WON = 1_000_000
# A long answer is a fair guess of what a prompt without history leads to.
EXPECTED_OUTPUT_TOKENS = 400


@dataclass(frozen=True, slots=True)
class PlanOption:
    """One thing to order: who is asked, how answers become one, the expected quality and cost in won."""

    panel: tuple[str, ...]
    strategy: str
    quality: float
    cost: float
    strong: str = ""


@dataclass(frozen=True, slots=True)
class ModelQuote:
    """A model as the router sees it: its skill here and what one answer costs, in won."""

    slug: str
    vendor: str
    skill: float
    cost: float
    can_fuse: bool


def quote_model(model: LanguageModel, input_tokens: int) -> ModelQuote:
    """Return a model with what one answer to so long a prompt costs."""
    micros = input_tokens * model.input_price_micros + EXPECTED_OUTPUT_TOKENS * model.output_price_micros
    return ModelQuote(model.slug, model.vendor, model.standing, micros / _WON, model.can_fuse)


def estimate_quality(panel: Sequence[ModelQuote], strategy: str) -> float:
    """Return how good the answer of a panel will be: its best model's skill and a share of the gap above."""
    ordered = sorted(panel, key=lambda quote: -quote.skill)
    best, missed, vendors = ordered[0].skill, 1.0, [ordered[0].vendor]
    for quote in ordered[1:]:
        rescues = RESCUE_RATE_SAME_VENDOR if quote.vendor in vendors else RESCUE_RATE
        missed *= 1 - rescues * quote.skill
        vendors.append(quote.vendor)
    return best + GAP_CLOSED.get(strategy, 0.0) * (1 - best) * (1 - missed)


def estimate_cost(panel: Sequence[ModelQuote], strategy: str) -> float:
    """Return what the answer of a panel costs, in won; whoever fuses reads and writes once more."""
    cost = sum(quote.cost for quote in panel)
    fusers = [quote for quote in panel if quote.can_fuse]
    if strategy != COUNCIL or len(panel) < 2 or not fusers:
        return cost
    return cost + max(fusers, key=lambda quote: quote.skill).cost


def trim_panel(
    asked: Sequence[ModelQuote], strategy: str, budget: TurnBudget, least: float
) -> tuple[ModelQuote, ...]:
    """Return of the models that were named those that the budget pays for, cheapest first, in their order.

    What costs no more than `least`, the cheapest that there is, is served whatever is left.
    """

    def can_afford(panel: Sequence[ModelQuote]) -> bool:
        cost = estimate_cost(panel, strategy)
        return budget.can_afford(round(cost * _WON)) or (len(panel) == 1 and cost <= least)

    if strategy == SINGLE:
        return tuple([quote for quote in asked if can_afford([quote])][:1])
    kept: list[ModelQuote] = []
    for quote in sorted(asked, key=lambda quote: quote.cost):
        if can_afford([*kept, quote]):
            kept.append(quote)
    return tuple(quote for quote in asked if quote in kept)


def estimate_escalation_rate(panel: Sequence[ModelQuote]) -> float:
    """Return how often a panel's vote will not be sure enough to stand alone."""
    sure = (estimate_quality(panel, VOTE) - 0.5) / (ESCALATION_THRESHOLD - 0.3)
    return 1 - min(1.0, max(0.0, sure))


@lru_cache(maxsize=256)
def list_plan_options(
    quotes: tuple[ModelQuote, ...], strategies: Collection[str], slots: int
) -> tuple[PlanOption, ...]:
    """Return the options worth their price, cheapest first: the upper hull of quality against cost."""
    chosen = _shortlist(quotes)
    options: list[PlanOption] = []
    for size in range(1, min(slots, len(chosen)) + 1):
        for panel in combinations(chosen, size):
            if _is_vendor_mixed(panel, chosen):
                options += _list_options(panel, chosen, strategies, slots)
    return _find_hull(options)


def _shortlist(quotes: tuple[ModelQuote, ...]) -> list[ModelQuote]:
    """Keep the best, and whoever is the best for its price: the rest would only make the list long."""
    by_skill = sorted(quotes, key=lambda quote: (-quote.skill, quote.cost, quote.slug))
    front = [d for place, d in enumerate(by_skill) if all(d.cost < other.cost for other in by_skill[:place])]
    cheapest = min(quotes, key=lambda quote: (quote.cost, -quote.skill, quote.slug))
    kept = dict.fromkeys([*by_skill[:4], cheapest, *front, *by_skill])
    return list(kept)[:_SHORTLIST_SIZE]


def _is_vendor_mixed(panel: Sequence[ModelQuote], chosen: Sequence[ModelQuote]) -> bool:
    # One vendor's models fail together, so a panel takes few of each, unless there is one vendor only.
    vendors = [quote.vendor for quote in panel]
    is_mixed = len({quote.vendor for quote in chosen}) > 1
    return not is_mixed or max(vendors.count(vendor) for vendor in vendors) <= MAX_PER_VENDOR


def _list_options(
    panel: tuple[ModelQuote, ...], chosen: Sequence[ModelQuote], strategies: Collection[str], slots: int
) -> list[PlanOption]:
    slugs = tuple(quote.slug for quote in sorted(panel, key=lambda quote: (-quote.skill, quote.slug)))
    cost = sum(quote.cost for quote in panel)
    if len(panel) == 1:
        options = [PlanOption(slugs, SINGLE, panel[0].skill, cost)] if SINGLE in strategies else []
    else:
        options = [
            PlanOption(slugs, name, estimate_quality(panel, name), cost)
            for name in (VOTE, BEST)
            if name in strategies
        ]
        if COUNCIL in strategies:
            # Where nobody can fuse, the best answer stands.
            can_fuse = any(quote.can_fuse for quote in panel)
            quality = estimate_quality(panel, COUNCIL if can_fuse else BEST)
            options.append(PlanOption(slugs, COUNCIL, quality, estimate_cost(panel, COUNCIL)))
    if CASCADE in strategies and 2 <= len(panel) < slots + 1:
        options += _list_cascades(panel, slugs, chosen, cost)
    return options


def _list_cascades(
    panel: tuple[ModelQuote, ...], slugs: tuple[str, ...], chosen: Sequence[ModelQuote], cost: float
) -> list[PlanOption]:
    best, options = max(quote.skill for quote in panel), []
    often = estimate_escalation_rate(panel)
    for strong in chosen:
        if strong.slug not in slugs and strong.skill > best:
            quality = estimate_quality((*panel, strong), VOTE) - _CASCADE_LOSS * (1 - often)
            options.append(PlanOption(slugs, CASCADE, quality, cost + often * strong.cost, strong.slug))
    return options


def _find_hull(options: Sequence[PlanOption]) -> tuple[PlanOption, ...]:
    hull: list[PlanOption] = []
    for option in sorted(options, key=lambda option: (option.cost, -option.quality, option.panel)):
        if hull and option.quality <= hull[-1].quality:
            continue
        while len(hull) >= 2 and _slope(hull[-2], option) >= _slope(hull[-2], hull[-1]):
            hull.pop()
        hull.append(option)
    return tuple(hull)


def _slope(one: PlanOption, other: PlanOption) -> float:
    return (other.quality - one.quality) / max(other.cost - one.cost, 1e-12)
