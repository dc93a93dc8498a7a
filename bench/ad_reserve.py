"""A learned reserve against the best fixed one in hindsight, over kinds of markets that it does not know.

python -m bench.ad_reserve [--data DIR] [--quick]

A market's bids are drawn from a distribution, or from the prices that were recorded for a campaign. The
product's learner sees some auctions, an hour's worth at a time, and then as many as the market remembers of a
category; its reserve is judged on others: by the income it brings, held against the best fixed reserve known
only afterwards, and by the places it leaves empty. In some markets no fixed reserve brings .95 of the best
and fills .90 of the places, both in the auctions that were learned from and in those that judge: these are
named and held against the best that fills, which is shown for all. Sales are held by the product's auction.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from ads.domain.auction import Bid, run_auction  # noqa: E402
from ads.domain.money import BID_STEP, MIN_BID, WON  # noqa: E402
from ads.selection.core.reserve import MAX_FILL_LOSS, AuctionTable, estimate_reserve, replay_auctions  # noqa: E402
from bench.market.report import Report  # noqa: E402

Random = np.random.Generator
Draw = Callable[[Random, tuple[int, int]], NDArray[np.float64]]
BIDDERS = (2, 3, 5, 10)
LESSONS, AN_HOUR = 20, 150
# As many as the market remembers of a category, and how many lessons are learned from that many.
MEMORY, FULL_LESSONS = 20_000, 2
KNOWN_AT = [*range(AN_HOUR, LESSONS * AN_HOUR + 1, AN_HOUR), *[MEMORY] * FULL_LESSONS]
LEAST_SHARE = 0.95
MOST_BID_WON = 10_000
# So fine that no fixed reserve of note is missed: some markets' best is one price that many bid.
FIXED_STEPS = 160
# Prices of the log are in units of which about seventy are usual; a won is a tenth of one.
WON_A_PRICE = 10


def lognormal(spread: float) -> Draw:
    """Return a market whose bids lie around 200 won, that far apart."""
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
    """What a learned reserve brought, as shares of what the best fixed ones did."""

    reserve_micros: int
    of_best: float
    of_best_that_fills: float
    floor_of_best: float
    fill_loss: float
    can_do_both: bool


def main() -> None:
    """Judge every market at every number of bidders and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--quick", action="store_true", help="a tenth of the auctions: not a proof")
    options = parser.parse_args()
    judged = 1_000 if options.quick else 20_000
    folder = options.data / "ads" if (options.data / "ads").is_dir() else options.data
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
    """Return a market for every campaign whose prices were recorded."""
    return {f"ipinyou {path.parent.name}": _prices_of(path) for path in sorted(folder.glob("*/info.json"))}


def _prices_of(path: Path) -> Draw:
    counts = np.array(json.loads(path.read_text(encoding="utf-8"))["price_counter_train"], dtype=np.float64)
    prices = np.arange(len(counts)) * WON_A_PRICE
    return lambda random, size: random.choice(prices, size=size, p=counts / counts.sum()).astype(np.float64)


def auctions_of(draw: Draw, random: Random, count: int, bidders: int) -> AuctionTable:
    """Return auctions of that many bidders, whose ads are not equally good; bids below the floor stay out."""
    won = np.minimum(draw(random, (count, bidders)), MOST_BID_WON)
    limits = np.floor(won * WON / BID_STEP) * BID_STEP
    qualities = 0.015 * np.exp(0.3 * random.standard_normal((count, bidders)))
    return AuctionTable(np.where(limits >= MIN_BID, limits, 0.0), qualities, np.ones(count))


def evaluate(
    draw: Draw, bidders: int, judged: int, *, seed: int, known_at: Sequence[int] = KNOWN_AT
) -> Outcome:
    """Learn from that many auctions at a time and return what the reserve does to others."""
    random = np.random.default_rng(seed)
    reserve = MIN_BID
    seen = auctions_of(draw, random, max(known_at), bidders)
    for count in known_at:
        known = slice(0, count)
        hour = AuctionTable(seen.limits[known], seen.qualities[known], seen.weights[known])
        reserve = estimate_reserve(hour, floor_micros=MIN_BID, before_micros=reserve).reserve_micros
    others = auctions_of(draw, random, judged, bidders)
    income, fill = sell(others, reserve)
    prices = _fixed_prices(others)
    fixed = {price: replay_auctions(others, price) for price in prices}
    floor_income, floor_fill = fixed[MIN_BID]
    best = max(income for income, _ in fixed.values())
    filling = max(income for income, fill in fixed.values() if fill >= (1 - MAX_FILL_LOSS) * floor_fill)
    does_both = _doing_both(fixed) & _doing_both({price: replay_auctions(seen, price) for price in prices})
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
        if income >= LEAST_SHARE * best and fill >= (1 - MAX_FILL_LOSS) * floor_fill
    }


def _fixed_prices(auctions: AuctionTable) -> list[int]:
    highest = float(np.quantile(auctions.limits, 0.99))
    steps = np.linspace(MIN_BID, max(MIN_BID, highest), FIXED_STEPS)
    return sorted({int(step // BID_STEP) * BID_STEP for step in steps.tolist()} | {MIN_BID})


def sell(auctions: AuctionTable, reserve: int) -> tuple[float, float]:
    """Hold the product's auction on each and return the income expected and how many places were sold."""
    income, sold = 0.0, 0
    for limits, qualities in zip(auctions.limits.tolist(), auctions.qualities.tolist(), strict=True):
        bids = [
            Bid(place, place, int(limit), reserve, quality)
            for place, (limit, quality) in enumerate(zip(limits, qualities, strict=True))
            if limit
        ]
        sale = run_auction(bids)
        if sale is not None:
            income += sale.price_micros * sale.bid.quality
            sold += 1
    return income, sold


def show(name: str, bidders: int, outcome: Outcome) -> None:
    """Print one line of the table."""
    remark = "" if outcome.can_do_both else "  no fixed reserve reaches .95 of the best and fills .90"
    print(
        f"{name:<18}{bidders:>8}{outcome.reserve_micros // WON:>9}{outcome.of_best:>9.3f}"
        f"{outcome.of_best_that_fills:>11.3f}{outcome.floor_of_best:>12.3f}{outcome.fill_loss:>10.3f}{remark}"
    )


def check_goals(bidders: int, found: list[Outcome], report: Report) -> None:
    """Hold the worst market at this number of bidders against the goals."""
    able = [outcome.of_best for outcome in found if outcome.can_do_both]
    report.at_least(f"n{bidders}_worst_share_of_best_fixed", min(able), LEAST_SHARE)
    filling = min(outcome.of_best_that_fills for outcome in found)
    report.at_least(f"n{bidders}_worst_share_of_best_that_fills", filling, LEAST_SHARE)
    report.at_most(f"n{bidders}_worst_fill_loss", max(outcome.fill_loss for outcome in found), MAX_FILL_LOSS)
    report.note(f"n{bidders}_share_of_best_over_all", float(np.mean([outcome.of_best for outcome in found])))
    report.note(f"n{bidders}_markets_where_none_does_both", len(found) - len(able))


def check_goals_after_one_hour(markets: dict[str, Draw], judged: int, report: Report) -> None:
    """Hold a learner that has seen a single hour against losing what the floor would have brought."""
    found = [
        evaluate(draw, bidders, judged, seed=50 + bidders, known_at=[AN_HOUR])
        for draw in markets.values()
        for bidders in BIDDERS
    ]
    worst = max(outcome.fill_loss for outcome in found)
    report.at_most("one_hour_worst_fill_loss", worst, MAX_FILL_LOSS)
    report.at_least("one_hour_worst_income_over_floor", min(o.of_best / o.floor_of_best for o in found), 0.98)


if __name__ == "__main__":
    main()
