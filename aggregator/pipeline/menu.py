"""What a turn may order: panels with a strategy, each with the quality it promises and what it will cost.

A panel promises what its best model does and a share of what a perfect choice among them would add; shares,
and how often models are wrong together, were measured on recorded answers.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from aggregator.catalog import LanguageModel
from aggregator.pipeline.budget import Purse
from aggregator.pipeline.cascade import DEFAULT_THRESHOLD, VENDOR_SEATS

SINGLE, BEST, VOTE, CASCADE, COUNCIL = "single", "best", "vote", "cascade", "council"
# How much of the gap to a perfect choice a vote, a ranking and a fused answer close.
GAP_CLOSED = {VOTE: 0.18, BEST: 0.05, COUNCIL: 0.10}
# How often a further model is right where all before it were wrong, as a share of its skill.
RESCUES, RESCUES_OF_SAME_VENDOR = 0.25, 0.12
# A vote that is sure is right about as often with the strong model as without it.
_CASCADE_LOSS = 0.01
_CONSIDERED = 8
_WON = 1_000_000
# A long answer is a fair guess of what a prompt without history leads to.
EXPECTED_OUTPUT_TOKENS = 400


@dataclass(frozen=True, slots=True)
class Dish:
    """One thing to order: who is asked, how answers become one, the expected quality and cost in won."""

    panel: tuple[str, ...]
    strategy: str
    quality: float
    cost: float
    strong: str = ""


@dataclass(frozen=True, slots=True)
class Diner:
    """A model as the menu sees it: its skill here and what one answer costs, in won."""

    slug: str
    vendor: str
    skill: float
    cost: float
    can_fuse: bool


def as_diner(model: LanguageModel, input_tokens: int) -> Diner:
    """Return a model with what one answer to so long a prompt costs."""
    micros = input_tokens * model.input_price_micros + EXPECTED_OUTPUT_TOKENS * model.output_price_micros
    return Diner(model.slug, model.vendor, model.standing, micros / _WON, model.can_fuse)


def expect_quality(panel: Sequence[Diner], strategy: str) -> float:
    """Return how good the answer of a panel will be: its best model's skill and a share of the gap above."""
    ordered = sorted(panel, key=lambda diner: -diner.skill)
    best, missed, vendors = ordered[0].skill, 1.0, [ordered[0].vendor]
    for diner in ordered[1:]:
        rescues = RESCUES_OF_SAME_VENDOR if diner.vendor in vendors else RESCUES
        missed *= 1 - rescues * diner.skill
        vendors.append(diner.vendor)
    return best + GAP_CLOSED.get(strategy, 0.0) * (1 - best) * (1 - missed)


def expect_cost(panel: Sequence[Diner], strategy: str) -> float:
    """Return what the answer of a panel costs, in won; whoever fuses reads and writes once more."""
    cost = sum(diner.cost for diner in panel)
    fusers = [diner for diner in panel if diner.can_fuse]
    if strategy != COUNCIL or len(panel) < 2 or not fusers:
        return cost
    return cost + max(fusers, key=lambda diner: diner.skill).cost


def cut_panel(asked: Sequence[Diner], strategy: str, purse: Purse, least: float) -> tuple[Diner, ...]:
    """Return of the models that were named those that the purse pays for, cheapest first, in their order.

    What costs no more than `least`, the cheapest that there is, is served whatever is left.
    """

    def affords(panel: Sequence[Diner]) -> bool:
        cost = expect_cost(panel, strategy)
        return purse.affords(round(cost * _WON)) or (len(panel) == 1 and cost <= least)

    if strategy == SINGLE:
        return tuple([diner for diner in asked if affords([diner])][:1])
    kept: list[Diner] = []
    for diner in sorted(asked, key=lambda diner: diner.cost):
        if affords([*kept, diner]):
            kept.append(diner)
    return tuple(diner for diner in asked if diner in kept)


def expect_escalation(panel: Sequence[Diner]) -> float:
    """Return how often a panel's vote will not be sure enough to stand alone."""
    sure = (expect_quality(panel, VOTE) - 0.5) / (DEFAULT_THRESHOLD - 0.3)
    return 1 - min(1.0, max(0.0, sure))


@lru_cache(maxsize=256)
def write_menu(diners: tuple[Diner, ...], strategies: Collection[str], seats: int) -> tuple[Dish, ...]:
    """Return the dishes worth their price, cheapest first: the upper hull of quality against cost."""
    chosen = _shortlist(diners)
    dishes: list[Dish] = []
    for size in range(1, min(seats, len(chosen)) + 1):
        for panel in combinations(chosen, size):
            if _mixes(panel, chosen):
                dishes += _cook(panel, chosen, strategies, seats)
    return _find_hull(dishes)


def _shortlist(diners: tuple[Diner, ...]) -> list[Diner]:
    """Keep the best, and whoever is the best for its price: the rest would only make the menu long."""
    by_skill = sorted(diners, key=lambda diner: (-diner.skill, diner.cost, diner.slug))
    front = [d for place, d in enumerate(by_skill) if all(d.cost < other.cost for other in by_skill[:place])]
    cheapest = min(diners, key=lambda diner: (diner.cost, -diner.skill, diner.slug))
    kept = dict.fromkeys([*by_skill[:4], cheapest, *front, *by_skill])
    return list(kept)[:_CONSIDERED]


def _mixes(panel: Sequence[Diner], chosen: Sequence[Diner]) -> bool:
    # One vendor's models fail together, so a panel takes few of each, unless there is one vendor only.
    vendors = [diner.vendor for diner in panel]
    is_mixed = len({diner.vendor for diner in chosen}) > 1
    return not is_mixed or max(vendors.count(vendor) for vendor in vendors) <= VENDOR_SEATS


def _cook(
    panel: tuple[Diner, ...], chosen: Sequence[Diner], strategies: Collection[str], seats: int
) -> list[Dish]:
    slugs = tuple(diner.slug for diner in sorted(panel, key=lambda diner: (-diner.skill, diner.slug)))
    cost = sum(diner.cost for diner in panel)
    if len(panel) == 1:
        dishes = [Dish(slugs, SINGLE, panel[0].skill, cost)] if SINGLE in strategies else []
    else:
        dishes = [
            Dish(slugs, name, expect_quality(panel, name), cost)
            for name in (VOTE, BEST)
            if name in strategies
        ]
        if COUNCIL in strategies:
            # Where nobody can fuse, the best answer stands.
            can_fuse = any(diner.can_fuse for diner in panel)
            quality = expect_quality(panel, COUNCIL if can_fuse else BEST)
            dishes.append(Dish(slugs, COUNCIL, quality, expect_cost(panel, COUNCIL)))
    if CASCADE in strategies and 2 <= len(panel) < seats + 1:
        dishes += _cascades(panel, slugs, chosen, cost)
    return dishes


def _cascades(
    panel: tuple[Diner, ...], slugs: tuple[str, ...], chosen: Sequence[Diner], cost: float
) -> list[Dish]:
    best, dishes = max(diner.skill for diner in panel), []
    often = expect_escalation(panel)
    for strong in chosen:
        if strong.slug not in slugs and strong.skill > best:
            quality = expect_quality((*panel, strong), VOTE) - _CASCADE_LOSS * (1 - often)
            dishes.append(Dish(slugs, CASCADE, quality, cost + often * strong.cost, strong.slug))
    return dishes


def _find_hull(dishes: Sequence[Dish]) -> tuple[Dish, ...]:
    hull: list[Dish] = []
    for dish in sorted(dishes, key=lambda dish: (dish.cost, -dish.quality, dish.panel)):
        if hull and dish.quality <= hull[-1].quality:
            continue
        while len(hull) >= 2 and _slope(hull[-2], dish) >= _slope(hull[-2], hull[-1]):
            hull.pop()
        hull.append(dish)
    return tuple(hull)


def _slope(one: Dish, other: Dish) -> float:
    return (other.quality - one.quality) / max(other.cost - one.cost, 1e-12)
