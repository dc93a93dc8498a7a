"""Click prediction on recorded impressions, against the best constant rate: `python -m bench.ad_ctr`.

The learner is the product's FTRL-Proximal (McMahan et al. 2013). Every impression is predicted before it is
learned from, in the order of the log, with the smoothed rate of all impressions before it as base rate. The
first fifth only warms up. Entropy is normalised (He et al. 2014) by that of the judged impressions' own click
rate, a constant known only in hindsight. Open Bandit has next to no signal, so it is compared with the
smoothed rate so far, a constant that is known in time. Intervals are 95 % bootstrap intervals over
impressions.
"""

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ads.selection.core.click_model import BUCKETS, Ftrl, blend_rates
from ads.selection.core.click_rates import smoothed_rate
from bench.market.bootstrap import Indices, bootstrap_intervals
from bench.report import Report, bench_parser, find_ads_folder

Reals = NDArray[np.float64]
Row = dict[str, str]
WARM_UP_SHARE = 0.2
LAST_FIFTH = 0.8
MAX_ROWS = 300_000
# A calibration from fewer clicks is not known to within 5 %.
MIN_CLICKS_FOR_CALIBRATION = 250


@dataclass(frozen=True, slots=True)
class ClickLog:
    """A data set: its files, the column of the click, and the features that the learner reads of a row."""

    name: str
    path: str
    click: str
    read_features: Callable[[Row], list[str]]
    is_learnable: bool


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predicted rates, smoothed rates so far and clicks of n impressions, each (n,)."""

    rates: Reals
    constants: Reals
    clicks: Reals

    def since(self, share: float) -> "Predictions":
        """Return the part of the log after this share of it."""
        start = int(share * len(self.clicks))
        return Predictions(self.rates[start:], self.constants[start:], self.clicks[start:])


def read_criteo(row: Row) -> list[str]:
    """Return all columns, counts on a logarithmic scale."""
    return [f"{name}={_size(value) if name[0] == 'I' else value}" for name, value in row.items()
            if name not in ("Id", "Label")]  # fmt: skip


def _size(value: str) -> str:
    if not value:
        return "-"
    number = float(value)
    return str(int(np.log2(number + 1) * 2)) if number > 0 else str(number)


def read_avazu(row: Row) -> list[str]:
    """Return all columns, the time as the hour of the day."""
    columns = [f"{name}={value}" for name, value in row.items() if name not in ("id", "click", "hour")]
    return [*columns, f"hour={row['hour'][-2:]}"]


def read_bandit(row: Row) -> list[str]:
    """Return the item, its position, the user and whether the user has an affinity to the item."""
    item = row["item_id"]
    user = [f"{name}={value}" for name, value in row.items() if name.startswith("user_feature")]
    likes = float(row.get(f"user-item_affinity_{item}") or 0) > 0
    position = row["position"]
    return [f"item={item}", f"place={position}", f"both={item}/{position}", f"likes={likes}", *user]


LOGS = (
    ClickLog("criteo", "criteo_kaggle_tiny/*.csv.gz", "Label", read_criteo, is_learnable=True),
    ClickLog("avazu", "avazu_kaggle_tiny/*.csv.gz", "click", read_avazu, is_learnable=True),
    ClickLog("open_bandit_random", "open_bandit/random/*.csv.gz", "click", read_bandit, is_learnable=False),
    ClickLog("open_bandit_bts", "open_bandit/bts/*.csv.gz", "click", read_bandit, is_learnable=False),
)


def main() -> None:
    """Learn from each log and print how good the predictions are."""
    options = bench_parser(__doc__, quick="the first quarter of each log: not a proof").parse_args()
    folder = find_ads_folder(options.data)
    report = Report("ad_ctr")
    print(f"{'log':<20}{'part':<14}{'shown':>8}{'clicks':>8}{'entropy':>9}  {'95 %':<17}"
          f"{'to constant':>12}{'calibration':>12}  {'95 %':<15}")  # fmt: skip
    for log in LOGS:
        paths = sorted(folder.glob(log.path))
        if not paths:
            print(f"{log.name:<20}not there")
            continue
        judged, trust = learn(log, paths, 4 if options.quick else 1)
        show(log, judged.since(LAST_FIFTH), "last fifth", report)
        check_goals(log, judged.since(WARM_UP_SHARE), report)
        report.note(f"{log.name}_trust", trust)
    report.close()


def rows_of(log: ClickLog, paths: list[Path]) -> Iterator[tuple[list[str], bool]]:
    """Yield the features of each impression, and whether it was clicked."""
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                is_click = row.pop(log.click).split(".")[0] == "1"
                yield log.read_features(row), is_click


def learn(log: ClickLog, paths: list[Path], share: int) -> tuple[Predictions, float]:
    """Predict every impression, then learn from it; return the predictions and the final trust."""
    rows = list(islice(rows_of(log, paths), MAX_ROWS))
    rows = rows[: len(rows) // share]
    # The warm-up stands for what an operator knows of the usual click rate.
    warm_up = rows[: int(WARM_UP_SHARE * len(rows))]
    usual_rate = max(1, sum(is_click for _, is_click in warm_up)) / max(1, len(warm_up))
    model, clicks = Ftrl(), 0
    rates, constants = np.zeros(len(rows)), np.zeros(len(rows))
    for row, (features, is_click) in enumerate(rows):
        buckets = np.array([zlib.crc32(feature.encode()) % BUCKETS for feature in features])
        base = smoothed_rate(clicks, row, prior_rate=usual_rate)
        trust = model.trust
        rates[row] = blend_rates(base, model.learn(buckets, base, is_click=is_click), trust)
        constants[row] = base
        clicks += is_click
    outcomes = np.array([is_click for _, is_click in rows], dtype=np.float64)
    return Predictions(rates, constants, outcomes), model.trust


def entropy_of(rates: Reals, clicks: Reals) -> Reals:
    """Return the log loss (n,) of each prediction."""
    return np.asarray(-(clicks * np.log(rates) + (1 - clicks) * np.log1p(-rates)))


def normalised(losses: Reals, clicks: Reals) -> Reals:
    """Return the mean loss over the entropy of the click rate in hindsight; the last axis is impressions."""
    rate = np.clip(clicks.mean(axis=-1), 1e-9, 1 - 1e-9)
    entropy = -(rate * np.log(rate) + (1 - rate) * np.log1p(-rate))
    return np.asarray(losses.mean(axis=-1) / entropy)


def show(log: ClickLog, part: Predictions, name: str, report: Report) -> tuple[float, float, float]:
    """Print one row; return the entropy's upper bound, the ratio to the constant and the calibration."""
    losses, constant_losses = entropy_of(part.rates, part.clicks), entropy_of(part.constants, part.clicks)

    def measure(rows: Indices) -> tuple[float, float]:
        clicks = part.clicks[rows]
        return float(normalised(losses[rows], clicks)), float(part.rates[rows].sum() / max(1.0, clicks.sum()))

    (low, high), (least, most) = bootstrap_intervals(measure, len(losses), seed=11)
    entropy, calibration = measure(np.arange(len(losses)))
    ratio = float(losses.mean() / constant_losses.mean())
    interval = f"[{low:.4f}, {high:.4f}]"
    print(f"{log.name:<20}{name:<14}{len(losses):>8,}{int(part.clicks.sum()):>8}{entropy:>9.4f}  "
          f"{interval:<17}{ratio:>12.4f}{calibration:>12.3f}  [{least:.3f}, {most:.3f}]")  # fmt: skip
    report.note(f"{log.name}_{name.replace(' ', '_')}_entropy", entropy)
    return high, ratio, calibration


def check_goals(log: ClickLog, part: Predictions, report: Report) -> None:
    """Record the goals that this number of clicks can decide."""
    high, ratio, calibration = show(log, part, "after practice", report)
    if log.is_learnable:
        report.at_most(f"{log.name}_entropy_interval_ends", high, 1.0)
    else:
        report.at_most(f"{log.name}_loss_over_constant", ratio, 1.0)
    if part.clicks.sum() >= MIN_CLICKS_FOR_CALIBRATION:
        report.at_least(f"{log.name}_calibration_at_least", calibration, 0.95)
        report.at_most(f"{log.name}_calibration_at_most", calibration, 1.05)
    else:
        report.note(f"{log.name}_calibration", calibration)


if __name__ == "__main__":
    main()
