"""Budget pacing on recorded auctions (iPinYou, Zhang et al. 2014): `python -m bench.ad_pacing`.

The product's pacing controller spends a small budget over a day of recorded prices. The auctions come in the
order of the log, each with its price and predicted click rate. The bid is the value of a click in the
training half, times that rate, times the pace; a won auction costs the log's price. The budget is the share
c0 of the mean price of as many impressions. A day has as many ticks as the market's. The published protocol,
a budget for every thousand auctions, is held to the same goals.

The controller's gains were chosen on auctions drawn from the price histograms of other campaigns' training
days, with the clicks and the curve of this campaign in view, so its figures are a little too good. Two
hundred clicks are few: "due", the sum of the predicted rates of what was bought, compares two pacers with
less variance.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ads.domain.pacing import PacingState, next_state, pace_factor
from bench.report import Report, bench_parser, find_ads_folder

CAMPAIGN = "2997"
TICKS_A_DAY = 24 * 60
EPISODE, EPISODE_TICKS = 1_000, 100
SHARES = ((1 / 32, 80), (1 / 8, 180), (1 / 2, 0))
MAX_CURVE_ERROR, MIN_USE = 0.03, 0.97


@dataclass(frozen=True, slots=True)
class AuctionLog:
    """Clicks, prices and predicted click rates of a campaign's n auctions, each (n,), in the log's currency.

    `mean_price` is that of an impression, `click_value` the cost of a click, both of the training half.
    """

    clicks: NDArray[np.int64]
    prices: NDArray[np.int64]
    rates: NDArray[np.float64]
    mean_price: float
    click_value: float


@dataclass(slots=True)
class Day:
    """What one budget bought, and the mean error of its spending curve as a share of the budget."""

    clicks: int = 0
    due: float = 0.0
    spent: int = 0
    curve_error: float = 0.0


def main() -> None:
    """Spend each budget and print what it bought."""
    options = bench_parser(__doc__, quick="the first tenth of the log: not a proof").parse_args()
    folder = find_ads_folder(options.data)
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
            report.at_most(f"{of}_curve_error", paced.curve_error, MAX_CURVE_ERROR)
            report.at_least(f"{of}_use_of_budget", paced.spent / budget_of(log, share), MIN_USE)
    report.close()


def read_log(folder: Path, share: int) -> AuctionLog:
    """Read a campaign's auctions; its click value and mean price come from the training half."""
    training = json.loads((folder / "info.json").read_text(encoding="utf-8"))
    rows = np.loadtxt(folder / "test.theta.txt", dtype=np.float64)
    rows = rows[: len(rows) // share]
    return AuctionLog(
        rows[:, 0].astype(np.int64),
        rows[:, 1].astype(np.int64),
        rows[:, 2],
        training["cost_train"] / training["imp_train"],
        training["cost_train"] / training["clk_train"],
    )


def episodes(log: AuctionLog) -> list[AuctionLog]:
    """Return the log in pieces of a thousand auctions."""
    cuts = range(0, len(log.prices), EPISODE)
    return [
        AuctionLog(
            log.clicks[cut : cut + EPISODE],
            log.prices[cut : cut + EPISODE],
            log.rates[cut : cut + EPISODE],
            log.mean_price,
            log.click_value,
        )
        for cut in cuts
    ]


def budget_of(log: AuctionLog, share: float) -> int:
    """Return the budget of a log: this share of the mean price of all its auctions."""
    return int(share * log.mean_price * len(log.prices))


def spend(logs: list[AuctionLog], share: float, ticks: int) -> Day:
    """Spend a budget on each log and return the sum; the pacing state is carried over."""
    total, state = Day(), PacingState()
    for log in logs:
        day, state = spend_one(log, budget_of(log, share), ticks, state.for_new_day())
        total.clicks += day.clicks
        total.due += day.due
        total.spent += day.spent
        total.curve_error += day.curve_error / len(logs)
    return total


def spend_one(log: AuctionLog, budget: int, ticks: int, state: PacingState) -> tuple[Day, PacingState]:
    """Bid on a log with one budget; with a single tick there is no pacing."""
    day, errors = Day(), []
    bounds = np.linspace(0, len(log.prices), ticks + 1).astype(np.int64).tolist()
    for tick in range(ticks):
        window = slice(bounds[tick], bounds[tick + 1])
        bid_on(log, window, log.click_value * log.rates[window] * pace_factor(state), budget, day)
        now = (tick + 1) / ticks
        errors.append(abs(day.spent / budget - now))
        state = next_state(state, spent=day.spent, budget=budget, due_before=tick / ticks, due_now=now)
    day.curve_error = float(np.mean(errors))
    return day, PacingState() if ticks == 1 else state


def bid_on(log: AuctionLog, window: slice, bids: NDArray[np.float64], budget: int, day: Day) -> None:
    """Buy the auctions that these bids win in a window, as long as the budget lasts."""
    won = np.floor(bids) >= log.prices[window]
    columns = (column[window][won].tolist() for column in (log.prices, log.clicks, log.rates))
    for price, clicked, rate in zip(*columns, strict=True):
        if day.spent + price <= budget:
            day.spent += price
            day.clicks += clicked
            day.due += rate


def show(share: float, name: str, log: AuctionLog, day: Day) -> Day:
    """Print one row of the table."""
    error = "" if name.endswith("unpaced") else f"{day.curve_error:.4f}"
    use = day.spent / budget_of(log, share)
    print(
        f"{share:>6.4f} {name:<22} {day.clicks:>7} {day.due:>6.1f} {day.spent:>10,} {use:>10.3f} {error:>12}"
    )
    return day


if __name__ == "__main__":
    main()
