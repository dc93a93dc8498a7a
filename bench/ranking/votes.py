"""Part 1: does the live ranking beat the best single model on every pool, and is its confidence calibrated?

Three kinds of weights vote: those that ship (cold), those that calibration makes of the train half
(calibrated), and those that it makes of the train half without its right answers (unlabelled).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aggregator.pipeline.ranking.weights import ModelWeights, activate_weights, load_default_weights
from aggregator.training.fit_weights import fit_weights
from aggregator.training.recordings import RecordedSet
from bench.ranking.live_turns import LiveSet, Ranker
from bench.ranking.pools import list_pools
from bench.ranking.report import RankingReport, calibration_error, calibration_error_floor, mean_sd
from bench.ranking.splits import Split, list_splits

KOREAN = {"click": ("5", 1.5), "kmmlu": ("6 reasoning", 2.0)}
COLD, CALIBRATED, UNLABELLED = "cold", "calibrated", "unlabelled"
# What each kind of weights must reach: the worst pool in points, the mean gap closed, the calibration error.
GOALS = {COLD: (-0.5, 0.10, 0.06), CALIBRATED: (-0.3, 0.18, 0.04), UNLABELLED: (None, 0.13, None)}


@dataclass(frozen=True)
class Outcome:
    """The accuracy of the first-ranked answers, and the calibration error of the confidences shown."""

    accuracy: float
    error: float
    floor: float


def run_votes(test: LiveSet, rows: Sequence[int], standings: Mapping[str, float], seed: int) -> Outcome:
    """Rank the answers to every question as a live turn does; the weights are those that are active."""
    ranker = Ranker()
    right, confidences, is_sure = [], [], []
    for row in rows:
        drafts = test.build_drafts(row, test.pool, standings)
        if not drafts:
            right.append(0.0)
            continue
        ranking = ranker.rank(test.questions[row], drafts)
        chosen = test.pool.index(ranking.standings[0].candidate)
        right.append(float(test.right[row, chosen]))
        if ranking.confidence is not None:
            confidences.append(ranking.confidence)
            is_sure.append(right[-1])
    shown = np.array(confidences)
    return Outcome(
        float(np.mean(right)),
        calibration_error(shown, np.array(is_sure)),
        calibration_error_floor(shown, seed),
    )


def _list_weights(split: Split, standings: Mapping[str, float]) -> dict[str, ModelWeights]:
    labelled, unlabelled = (
        split.train.build_records(split.train_rows, is_labelled=is_labelled) for is_labelled in (True, False)
    )
    return {
        COLD: load_default_weights(),
        CALIBRATED: fit_weights(labelled, standings=standings, has_router=False),
        UNLABELLED: fit_weights(unlabelled, standings=standings, has_router=False),
    }


def _measure_pool(splits: Sequence[Split]) -> dict[str, np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    """Return best single, accuracy, oracle, calibration error and its floor of every split, by weights."""
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in GOALS}
    for seed, split in enumerate(splits):
        standings = split.train.measure_standings(split.train_rows)
        right = split.test.right[split.test_rows]
        best = float(right[:, split.test.pool.index(max(standings, key=lambda m: standings[m]))].mean())
        oracle = float(right.max(axis=1).mean())
        for name, weights in _list_weights(split, standings).items():
            activate_weights(weights)
            outcome = run_votes(split.test, split.test_rows, standings, seed)
            found[name].append((best, outcome.accuracy, oracle, outcome.error, outcome.floor))
    activate_weights(None)
    return {name: np.array(rows) for name, rows in found.items()}


def bench_votes(
    sets: Sequence[RecordedSet], train: Sequence[RecordedSet], report: RankingReport, splits: int, limit: int
) -> None:
    """Measure every pool on test halves, or on whole sets by weights of the train folder."""
    report.print_row(
        "\nVote through rank(): best single | oracle, then accuracy | gain | gap closed | ECE (its floor)"
    )
    totals: dict[str, list[tuple[float, float, float]]] = {name: [] for name in GOALS}
    for recorded in sets:
        pools = list_pools(recorded)
        if not pools:
            report.print_row(
                f"  {recorded.name}: not measured, as it has fewer than three models of mixed vendors"
            )
        for pool_name, pool in pools.items():
            found = _measure_pool(list_splits(recorded, train, pool, splits, limit))
            label = f"{recorded.name}.{pool_name}"
            best, _, oracle = found[COLD][:, :3].mean(axis=0)
            report.print_row(f"  {recorded.name} {pool_name}: {best:.3f} | {oracle:.3f}")
            for name, rows in found.items():
                totals[name].append(_report_row(report, f"vote.{name}.{label}", name, rows))
            if KOREAN.get(recorded.name, ("", 0.0))[0] == pool_name:
                gain = totals[CALIBRATED][-1][0]
                report.add_goal(f"vote.korean.{recorded.name}_gain_pt", gain, KOREAN[recorded.name][1])
    _judge_goals(totals, report)
    measured = {f"vote.korean.{name}_gain_pt" for name in KOREAN}
    for goal in sorted(measured - {goal.name for goal in report.goals} - set(report.not_judged)):
        name = goal.removeprefix("vote.korean.").removesuffix("_gain_pt")
        report.miss_goal(
            goal, KOREAN[name][1], f"no set {name} with the models of its pool {KOREAN[name][0]}"
        )


def _judge_goals(totals: Mapping[str, Sequence[tuple[float, float, float]]], report: RankingReport) -> None:
    for name, (worst, gap, error) in GOALS.items():
        if not totals[name]:
            report.miss_goal(f"vote.{name}.mean_gap_closed", gap, "no set of short answers")
            continue
        gains, gaps, errors = (np.array(column) for column in zip(*totals[name], strict=True))
        report.add_goal(f"vote.{name}.mean_gap_closed", float(gaps.mean()), gap)
        if worst is not None and error is not None:
            report.add_goal(f"vote.{name}.worst_pool_gain_pt", float(gains.min()), worst)
            report.add_goal(f"vote.{name}.mean_ece", float(errors.mean()), error, at_most=True)


def _report_row(
    report: RankingReport, key: str, name: str, rows: np.ndarray[tuple[int, int], np.dtype[np.float64]]
) -> tuple[float, float, float]:
    best, voted, oracle, error, floor = rows.mean(axis=0)
    gap = float((voted - best) / max(oracle - best, 1e-9))
    gains = (rows[:, 1] - rows[:, 0]) * 100
    report.print_row(
        f"    {name:11s} {mean_sd(rows[:, 1])} | {gains.mean():+.2f} ± {gains.std():.2f} pt | {gap:+.1%}"
        f" | {error:.3f} ({floor:.3f})"
    )
    report.note(f"{key}.gain_pt", gains.mean())
    report.note(f"{key}.gap_closed", gap)
    report.note(f"{key}.ece", error)
    return float(gains.mean()), gap, float(error)
