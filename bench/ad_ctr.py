"""Click rates as the market learns them, on recorded looks and clicks, against the best constant.

python -m bench.ad_ctr [--data DIR] [--quick]

The learner is the product's own: every look is predicted before it is learned from, in the order of the log,
starting from the smoothed rate of everything before it. The first fifth is practice. Entropy is normalised by
that of the judged looks' own click rate, a constant that nobody could have known; Open Bandit, where next to
nothing can be learned, is held against the smoothed rate so far, which is the constant that can be known.
Intervals are 95 %, by resampling looks.
"""

import argparse
import csv
import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from ads.selection.core.click_model import BUCKETS, Ftrl, blend_rates  # noqa: E402
from ads.selection.core.click_rates import smoothed_rate  # noqa: E402
from bench.market.report import Report  # noqa: E402

Reals = NDArray[np.float64]
Row = dict[str, str]
WARM_UP_SHARE = 0.2
LATE = 0.8
MOST_ROWS = 300_000
RESAMPLES = 2_000
# Fewer clicks than these say nothing about a calibration to within a twentieth.
LEAST_CLICKS_FOR_CALIBRATION = 250


@dataclass(frozen=True, slots=True)
class ClickLog:
    """A set: where its file is, which column is the click, and what of a row the learner sees."""

    name: str
    path: str
    click: str
    read: Callable[[Row], list[str]]
    is_learnable: bool


@dataclass(frozen=True, slots=True)
class Predictions:
    """What was predicted for each look, what the constant so far said, and what happened."""

    rates: Reals
    constants: Reals
    clicks: Reals

    def since(self, share: float) -> "Predictions":
        """Return the part of the log after this share of it."""
        start = int(share * len(self.clicks))
        return Predictions(self.rates[start:], self.constants[start:], self.clicks[start:])


def read_criteo(row: Row) -> list[str]:
    """Return the columns, counts by their order of magnitude."""
    return [f"{name}={_size(value) if name[0] == 'I' else value}" for name, value in row.items()
            if name not in ("Id", "Label")]  # fmt: skip


def _size(value: str) -> str:
    if not value:
        return "-"
    number = float(value)
    return str(int(np.log2(number + 1) * 2)) if number > 0 else str(number)


def read_avazu(row: Row) -> list[str]:
    """Return the columns, and of the time only the hour of the day."""
    known = [f"{name}={value}" for name, value in row.items() if name not in ("id", "click", "hour")]
    return [*known, f"hour={row['hour'][-2:]}"]


def read_bandit(row: Row) -> list[str]:
    """Return what was shown where, to whom, and whether they were known to like it."""
    item = row["item_id"]
    people = [f"{name}={value}" for name, value in row.items() if name.startswith("user_feature")]
    likes = float(row.get(f"user-item_affinity_{item}") or 0) > 0
    place = row["position"]
    return [f"item={item}", f"place={place}", f"both={item}/{place}", f"likes={likes}", *people]


LOGS = (
    ClickLog("criteo", "criteo_kaggle_tiny/*.csv.gz", "Label", read_criteo, is_learnable=True),
    ClickLog("avazu", "avazu_kaggle_tiny/*.csv.gz", "click", read_avazu, is_learnable=True),
    ClickLog("open_bandit_random", "open_bandit/random/*.csv.gz", "click", read_bandit, is_learnable=False),
    ClickLog("open_bandit_bts", "open_bandit/bts/*.csv.gz", "click", read_bandit, is_learnable=False),
)


def main() -> None:
    """Learn each log and print what the predictions were worth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--quick", action="store_true", help="the first quarter of each log: not a proof")
    options = parser.parse_args()
    folder = options.data / "ads" if (options.data / "ads").is_dir() else options.data
    report = Report("ad_ctr")
    print(f"{'log':<20}{'part':<14}{'looks':>8}{'clicks':>8}{'entropy':>9}  {'95 %':<17}"
          f"{'to constant':>12}{'calibration':>12}  {'95 %':<15}")  # fmt: skip
    for log in LOGS:
        paths = sorted(folder.glob(log.path))
        if not paths:
            print(f"{log.name:<20}not there")
            continue
        judged, trust = learn(log, paths, 4 if options.quick else 1)
        show(log, judged.since(LATE), "last fifth", report)
        check_goals(log, judged.since(WARM_UP_SHARE), report)
        report.note(f"{log.name}_trust", trust)
    report.close()


def rows_of(log: ClickLog, paths: list[Path]) -> Iterator[tuple[list[str], bool]]:
    """Yield what the learner sees of each look, and whether it was clicked."""
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                is_click = row.pop(log.click).split(".")[0] == "1"
                yield log.read(row), is_click


def learn(log: ClickLog, paths: list[Path], share: int) -> tuple[Predictions, float]:
    """Predict every look, then learn from it; return all predictions and the trust at the end."""
    rows = list(islice(rows_of(log, paths), MOST_ROWS))
    rows = rows[: len(rows) // share]
    # What a house knows of its usual rate, this log's practice tells.
    practice = rows[: int(WARM_UP_SHARE * len(rows))]
    usual = sum(is_click for _, is_click in practice) / max(1, len(practice))
    model, clicks = Ftrl(), 0
    rates, constants = np.zeros(len(rows)), np.zeros(len(rows))
    for place, (traits, is_click) in enumerate(rows):
        features = np.array([zlib.crc32(trait.encode()) % BUCKETS for trait in traits])
        base = smoothed_rate(clicks, place, prior_rate=usual)
        trust = model.trust
        rates[place] = blend_rates(base, model.learn(features, base, is_click=is_click), trust)
        constants[place] = base
        clicks += is_click
    happened = np.array([is_click for _, is_click in rows], dtype=np.float64)
    return Predictions(rates, constants, happened), model.trust


def entropy_of(rates: Reals, clicks: Reals) -> Reals:
    """Return the log loss of each prediction."""
    return np.asarray(-(clicks * np.log(rates) + (1 - clicks) * np.log1p(-rates)))


def normalised(losses: Reals, clicks: Reals) -> Reals:
    """Return the mean loss over that of the rate these looks turned out to have; the last axis is looks."""
    rate = np.clip(clicks.mean(axis=-1), 1e-9, 1 - 1e-9)
    known = -(rate * np.log(rate) + (1 - rate) * np.log1p(-rate))
    return np.asarray(losses.mean(axis=-1) / known)


def show(log: ClickLog, part: Predictions, name: str, report: Report) -> tuple[float, float, float]:
    """Print one line; return where the entropy's interval ends, the ratio to the constant, calibration."""
    losses, plain = entropy_of(part.rates, part.clicks), entropy_of(part.constants, part.clicks)
    random = np.random.default_rng(11)
    entropies, calibrations = np.zeros(RESAMPLES), np.zeros(RESAMPLES)
    for turn in range(RESAMPLES):
        drawn = random.integers(0, len(losses), len(losses))
        entropies[turn] = normalised(losses[drawn], part.clicks[drawn])
        calibrations[turn] = part.rates[drawn].sum() / max(1.0, part.clicks[drawn].sum())
    low, high = np.percentile(entropies, [2.5, 97.5])
    least, most = np.percentile(calibrations, [2.5, 97.5])
    entropy = float(normalised(losses, part.clicks))
    ratio = float(losses.mean() / plain.mean())
    calibration = float(part.rates.sum() / max(1.0, part.clicks.sum()))
    interval = f"[{low:.4f}, {high:.4f}]"
    print(f"{log.name:<20}{name:<14}{len(losses):>8,}{int(part.clicks.sum()):>8}{entropy:>9.4f}  "
          f"{interval:<17}{ratio:>12.4f}{calibration:>12.3f}  [{least:.3f}, {most:.3f}]")  # fmt: skip
    report.note(f"{log.name}_{name.replace(' ', '_')}_entropy", entropy)
    return float(high), ratio, calibration


def check_goals(log: ClickLog, part: Predictions, report: Report) -> None:
    """Hold what is judged against the goals that its clicks can speak to."""
    high, ratio, calibration = show(log, part, "after practice", report)
    if log.is_learnable:
        report.at_most(f"{log.name}_entropy_interval_ends", high, 1.0)
    else:
        report.at_most(f"{log.name}_loss_over_constant", ratio, 1.0)
    if part.clicks.sum() >= LEAST_CLICKS_FOR_CALIBRATION:
        report.at_least(f"{log.name}_calibration_at_least", calibration, 0.95)
        report.at_most(f"{log.name}_calibration_at_most", calibration, 1.05)
    else:
        report.note(f"{log.name}_calibration", calibration)


if __name__ == "__main__":
    main()
