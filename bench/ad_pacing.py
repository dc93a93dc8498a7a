"""Pacing on recorded auctions: the market's own controller spends a small budget over a day of real prices.

python -m bench.ad_pacing [--data DIR] [--quick]

Every auction of the log comes in its order, with its price and the click rate that was predicted for it.
The bid is what a click was worth in the training half, times that rate, times the pace; a won auction costs
the price of the log. The budget is c0 of the usual price of as many impressions. The day has as many ticks
as the market's. The published protocol, a budget of its own for every thousand auctions, is held to the same
goals. The pacer's gains were found on auctions drawn from the price histograms of other campaigns' training
days, with the clicks and the curve of this one in view, so that its figures flatter a little. Two hundred
clicks are few: "due" adds up the predicted rates of what was bought, which tells two pacers apart when luck
decides about clicks.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from ads.domain.pacing import PacingState, next_state, pace_factor  # noqa: E402
from bench.market.report import Report  # noqa: E402

CAMPAIGN = "2997"
TICKS_A_DAY = 24 * 60
EPISODE, EPISODE_TICKS = 1_000, 100
SHARES = ((1 / 32, 80), (1 / 8, 180), (1 / 2, 0))
MOST_CURVE_ERROR, LEAST_USE = 0.03, 0.97


@dataclass(frozen=True, slots=True)
class AuctionLog:
    """The auctions of one campaign, what an impression usually costs and what a click is worth."""

    clicks: NDArray[np.int64]
    prices: NDArray[np.int64]
    rates: NDArray[np.float64]
    usual_price: float
    click_worth: float


@dataclass(slots=True)
class Day:
    """What one budget bought, and how far its spending was from the curve at the ticks."""

    clicks: int = 0
    due: float = 0.0
    spent: int = 0
    curve_error: float = 0.0


def main() -> None:
    """Spend each budget and print what it bought."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--quick", action="store_true", help="the first tenth of the log: not a proof")
    options = parser.parse_args()
    folder = options.data / "ads" if (options.data / "ads").is_dir() else options.data
    log = read_log(folder / "ipinyou" / CAMPAIGN, 10 if options.quick else 1)
    report = Report("ad_pacing")
    print(f"{'c0':>6} {'':<22} {'clicks':>7} {'due':>6} {'spent':>10} {'of budget':>10} {'curve error':>12}")
    for share, least_clicks in SHARES:
        a_day = show(share, "a day, paced", log, spend([log], share, TICKS_A_DAY))
        show(share, "a day, unpaced", log, spend([log], share, 1))
        published = show(share, "thousands, paced", log, spend(episodes(log), share, EPISODE_TICKS))
        show(share, "thousands, unpaced", log, spend(episodes(log), share, 1))
        for name, paced in (("day", a_day), ("thousands", published)) if least_clicks else ():
            of = f"{name}_1_{round(1 / share)}"
            report.at_least(f"{of}_clicks", paced.clicks, least_clicks)
            report.at_most(f"{of}_curve_error", paced.curve_error, MOST_CURVE_ERROR)
            report.at_least(f"{of}_use_of_budget", paced.spent / budget_of(log, share), LEAST_USE)
    report.close()


def read_log(folder: Path, share: int) -> AuctionLog:
    """Read a campaign's auctions; its click worth and usual price come from the training half."""
    known = json.loads((folder / "info.json").read_text(encoding="utf-8"))
    rows = np.loadtxt(folder / "test.theta.txt", dtype=np.float64)
    rows = rows[: len(rows) // share]
    return AuctionLog(
        rows[:, 0].astype(np.int64),
        rows[:, 1].astype(np.int64),
        rows[:, 2],
        known["cost_train"] / known["imp_train"],
        known["cost_train"] / known["clk_train"],
    )


def episodes(log: AuctionLog) -> list[AuctionLog]:
    """Return the log in pieces of a thousand auctions."""
    cuts = range(0, len(log.prices), EPISODE)
    return [
        AuctionLog(
            log.clicks[cut : cut + EPISODE],
            log.prices[cut : cut + EPISODE],
            log.rates[cut : cut + EPISODE],
            log.usual_price,
            log.click_worth,
        )
        for cut in cuts
    ]


def budget_of(log: AuctionLog, share: float) -> int:
    """Return the budget of a log at this share of the usual price of all its auctions."""
    return int(share * log.usual_price * len(log.prices))


def spend(logs: list[AuctionLog], share: float, ticks: int) -> Day:
    """Spend a budget on each log and return the sum; the pacer remembers what it learned."""
    total, state = Day(), PacingState()
    for log in logs:
        day, state = spend_one(log, budget_of(log, share), ticks, state.for_new_day())
        total.clicks += day.clicks
        total.due += day.due
        total.spent += day.spent
        total.curve_error += day.curve_error / len(logs)
    return total


def spend_one(log: AuctionLog, budget: int, ticks: int, state: PacingState) -> tuple[Day, PacingState]:
    """Bid on a log with one budget; a single tick is no pacing."""
    day, errors = Day(), []
    bounds = np.linspace(0, len(log.prices), ticks + 1).astype(np.int64).tolist()
    for tick in range(ticks):
        window = slice(bounds[tick], bounds[tick + 1])
        bid_on(log, window, log.click_worth * log.rates[window] * pace_factor(state), budget, day)
        now = (tick + 1) / ticks
        errors.append(abs(day.spent / budget - now))
        state = next_state(state, spent=day.spent, budget=budget, due_before=tick / ticks, due_now=now)
    day.curve_error = float(np.mean(errors))
    return day, PacingState() if ticks == 1 else state


def bid_on(log: AuctionLog, window: slice, bids: NDArray[np.float64], budget: int, day: Day) -> None:
    """Buy what these bids win in a window, as long as the budget lasts."""
    won = np.floor(bids) >= log.prices[window]
    columns = (column[window][won].tolist() for column in (log.prices, log.clicks, log.rates))
    for price, clicked, rate in zip(*columns, strict=True):
        if day.spent + price <= budget:
            day.spent += price
            day.clicks += clicked
            day.due += rate


def show(share: float, name: str, log: AuctionLog, day: Day) -> Day:
    """Print one line of the table."""
    error = "" if name.endswith("unpaced") else f"{day.curve_error:.4f}"
    use = day.spent / budget_of(log, share)
    print(
        f"{share:>6.4f} {name:<22} {day.clicks:>7} {day.due:>6.1f} {day.spent:>10,} {use:>10.3f} {error:>12}"
    )
    return day


if __name__ == "__main__":
    main()
