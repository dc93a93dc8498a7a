"""A learned reserve price against the best fixed one in hindsight: `python -m bench.ad_reserve`.

A market's bids are drawn from a distribution, or from the prices recorded for a campaign. The product's
learner sees some auctions, an hour's worth at a time, and then as many as the market remembers of a category.
Its reserve is judged on other auctions, held by the product's own code: by its revenue, relative to the best
fixed reserve in hindsight, and by the slots it leaves empty. In some markets no fixed reserve reaches .95 of
the best revenue and fills .90 of the slots, both in the auctions learned from and in those judged: the table
names them, and they are held to the best reserve that fills, which is shown for all markets.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ads.domain.auction import Bid, run_auction
from ads.domain.money import BID_STEP, MIN_BID, WON
from ads.selection.core.reserve import MAX_FILL_LOSS, AuctionTable, estimate_reserve, replay_auctions
from bench.report import Report, bench_parser, find_ads_folder

Random = np.random.Generator
Draw = Callable[[Random, tuple[int, int]], NDArray[np.float64]]
BIDDERS = (2, 3, 5, 10)
HOURS, AUCTIONS_PER_HOUR = 20, 150
# The auctions that the market remembers of a category, and how often the learner runs on that many.
MEMORY, FULL_MEMORY_RUNS = 20_000, 2
KNOWN_AT = [
    *range(AUCTIONS_PER_HOUR, HOURS * AUCTIONS_PER_HOUR + 1, AUCTIONS_PER_HOUR),
    *[MEMORY] * FULL_MEMORY_RUNS,
]
MIN_SHARE = 0.95
MAX_BID_WON = 10_000
# The grid of fixed reserves is this fine because in some markets the best one is a single price that many
# bid.
FIXED_STEPS = 160
# A typical price of the log is about 70 of its units.
WON_PER_PRICE_UNIT = 10


def lognormal(spread: float) -> Draw:
    """Return a market whose bids have the median 200 won and this standard deviation of the logarithm."""
    return lambda random, size: np.exp(np.log(200) + spread * random.standard_normal(size))


MARKETS: dict[str, Draw] = {
    "lognormal .4": lognormal(0.4),
    "lognormal .6": lognormal(0.6),
    "lognormal .9": lognormal(0.9),
    "uniform": lambda random, size: random.uniform(70, 500, size),
    "exponential": lambda random, size: 70 + random.exponential(150, size),
    "pareto": lambda random, size: 70 * (1 + random.pareto(1.5, size)),
    "two kinds": lambda random, size: np.where(
        random.random(size) < 0.7,
        np.exp(np.log(110) + 0.25 * random.standard_normal(size)),
        np.exp(np.log(600) + 0.3 * random.standard_normal(size)),
    ),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The revenue of a learned reserve and of the floor, as shares of the best fixed reserves' revenue.

    `can_do_both` says whether some fixed reserve reaches both goals, in the auctions learned from and in
    those judged.
    """

    reserve_micros: int
    of_best: float
    of_best_that_fills: float
    floor_of_best: float
    fill_loss: float
    can_do_both: bool


def main() -> None:
    """Judge every market at every number of bidders and print the table."""
    options = bench_parser(__doc__, quick="a tenth of the auctions: not a proof").parse_args()
    judged = 1_000 if options.quick else 20_000
    folder = find_ads_folder(options.data)
    markets = MARKETS | read_recorded_markets(folder / "ipinyou")
    report = Report("ad_reserve")
    print(f"{'market':<18}{'bidders':>8}{'reserve':>9}{'of best':>9}{'that fills':>11}"
          f"{'floor alone':>12}{'fill loss':>10}")  # fmt: skip
    for bidders in BIDDERS:
        found = {name: evaluate(draw, bidders, judged, seed=bidders) for name, draw in markets.items()}
        for name, outcome in found.items():
            show(name, bidders, outcome)
        check_goals(bidders, list(found.values()), report)
    check_goals_after_one_hour(markets, judged // 4, report)
    report.close()


def read_recorded_markets(folder: Path) -> dict[str, Draw]:
    """Return a market for every campaign with recorded prices."""
    return {f"ipinyou {path.parent.name}": _prices_of(path) for path in sorted(folder.glob("*/info.json"))}


def _prices_of(path: Path) -> Draw:
    counts = np.array(json.loads(path.read_text(encoding="utf-8"))["price_counter_train"], dtype=np.float64)
    prices = np.arange(len(counts)) * WON_PER_PRICE_UNIT
    return lambda random, size: random.choice(prices, size=size, p=counts / counts.sum()).astype(np.float64)


def auctions_of(draw: Draw, random: Random, count: int, bidders: int) -> AuctionTable:
    """Return auctions of bidders with lognormal click rates; bids below the floor are left out."""
    won = np.minimum(draw(random, (count, bidders)), MAX_BID_WON)
    limits = np.floor(won * WON / BID_STEP) * BID_STEP
    qualities = 0.015 * np.exp(0.3 * random.standard_normal((count, bidders)))
    return AuctionTable(np.where(limits >= MIN_BID, limits, 0.0), qualities, np.ones(count))


def evaluate(
    draw: Draw, bidders: int, judged: int, *, seed: int, known_at: Sequence[int] = KNOWN_AT
) -> Outcome:
    """Learn a reserve from growing numbers of auctions and judge it on `judged` others."""
    random = np.random.default_rng(seed)
    reserve = MIN_BID
    training = auctions_of(draw, random, max(known_at), bidders)
    for count in known_at:
        known = slice(0, count)
        table = AuctionTable(training.limits[known], training.qualities[known], training.weights[known])
        reserve = estimate_reserve(table, floor_micros=MIN_BID, before_micros=reserve).reserve_micros
    test = auctions_of(draw, random, judged, bidders)
    income, fill = sell(test, reserve)
    prices = _fixed_prices(test)
    fixed = {price: replay_auctions(test, price) for price in prices}
    floor_income, floor_fill = fixed[MIN_BID]
    best = max(income for income, _ in fixed.values())
    filling = max(income for income, fill in fixed.values() if fill >= (1 - MAX_FILL_LOSS) * floor_fill)
    does_both = _doing_both(fixed) & _doing_both(
        {price: replay_auctions(training, price) for price in prices}
    )
    return Outcome(
        reserve,
        income / best,
        income / filling,
        floor_income / best,
        1 - fill / floor_fill,
        can_do_both=bool(does_both),
    )


def _doing_both(fixed: dict[int, tuple[float, float]]) -> set[int]:
    best, floor_fill = max(income for income, _ in fixed.values()), fixed[MIN_BID][1]
    return {
        price
        for price, (income, fill) in fixed.items()
        if income >= MIN_SHARE * best and fill >= (1 - MAX_FILL_LOSS) * floor_fill
    }


def _fixed_prices(auctions: AuctionTable) -> list[int]:
    highest = float(np.quantile(auctions.limits, 0.99))
    steps = np.linspace(MIN_BID, max(MIN_BID, highest), FIXED_STEPS)
    return sorted({int(step // BID_STEP) * BID_STEP for step in steps.tolist()} | {MIN_BID})


def sell(auctions: AuctionTable, reserve: int) -> tuple[float, float]:
    """Hold the product's auction on each; return the expected revenue in micros and the slots sold."""
    income, sold = 0.0, 0
    for limits, qualities in zip(auctions.limits.tolist(), auctions.qualities.tolist(), strict=True):
        bids = [
            Bid(bidder, bidder, int(limit), reserve, quality)
            for bidder, (limit, quality) in enumerate(zip(limits, qualities, strict=True))
            if limit
        ]
        sale = run_auction(bids)
        if sale is not None:
            income += sale.price_micros * sale.bid.quality
            sold += 1
    return income, sold


def show(name: str, bidders: int, outcome: Outcome) -> None:
    """Print one row of the table."""
    remark = "" if outcome.can_do_both else "  no fixed reserve reaches .95 of the best and fills .90"
    print(
        f"{name:<18}{bidders:>8}{outcome.reserve_micros // WON:>9}{outcome.of_best:>9.3f}"
        f"{outcome.of_best_that_fills:>11.3f}{outcome.floor_of_best:>12.3f}{outcome.fill_loss:>10.3f}{remark}"
    )


def check_goals(bidders: int, found: list[Outcome], report: Report) -> None:
    """Record the worst market at this number of bidders as goals."""
    able = [outcome.of_best for outcome in found if outcome.can_do_both]
    report.at_least(f"n{bidders}_worst_share_of_best_fixed", min(able), MIN_SHARE)
    filling = min(outcome.of_best_that_fills for outcome in found)
    report.at_least(f"n{bidders}_worst_share_of_best_that_fills", filling, MIN_SHARE)
    report.at_most(f"n{bidders}_worst_fill_loss", max(outcome.fill_loss for outcome in found), MAX_FILL_LOSS)
    report.note(f"n{bidders}_share_of_best_over_all", float(np.mean([outcome.of_best for outcome in found])))
    report.note(f"n{bidders}_markets_where_none_does_both", len(found) - len(able))


def check_goals_after_one_hour(markets: dict[str, Draw], judged: int, report: Report) -> None:
    """Record goals for a learner that has seen one hour, relative to the floor alone."""
    found = [
        evaluate(draw, bidders, judged, seed=50 + bidders, known_at=[AUCTIONS_PER_HOUR])
        for draw in markets.values()
        for bidders in BIDDERS
    ]
    worst = max(outcome.fill_loss for outcome in found)
    report.at_most("one_hour_worst_fill_loss", worst, MAX_FILL_LOSS)
    report.at_least("one_hour_worst_income_over_floor", min(o.of_best / o.floor_of_best for o in found), 0.98)


if __name__ == "__main__":
    main()
