"""Part 1: does the vote beat the best single model on every pool, and is its confidence calibrated?"""

import numpy as np

from aggregator.pipeline.ranking.tally import VoteWeights, weigh_standings
from aggregator.training.fit_vote import fit_vote_weights
from aggregator.training.learned_vote import count_vote
from aggregator.training.recordings import RecordedSet
from aggregator.training.response_matrix import ResponseMatrix
from bench.ranking.pools import list_pools
from bench.ranking.report import RankingReport, calibration_error, calibration_error_floor, mean_sd

KOREAN = {"click": ("5", 1.5), "kmmlu": ("6 reasoning", 2.0)}


def run_vote(weights: VoteWeights, responses: ResponseMatrix) -> tuple[list[float], list[float]]:
    """Return the confidence and correctness (0 or 1) of the vote on every question."""
    confidences, right = [], []
    for row, codes in enumerate(responses.answers):
        given = {
            m: responses.name_answer(int(c)) for m, c in zip(responses.models, codes, strict=True) if c >= 0
        }
        answer, confidence = count_vote(weights, given, responses.topics[row])
        confidences.append(confidence)
        right.append(
            float(responses.gold[row] >= 0 and answer == responses.name_answer(int(responses.gold[row])))
        )
    return confidences, right


def make_cold_start_weights(train: ResponseMatrix) -> VoteWeights:
    """Return the vote weights that public accuracies give without any labelled answer."""
    standings = [float(score) for score in train.score_models()]
    return VoteWeights(dict(zip(train.models, weigh_standings(standings, train.choices), strict=True)))


def _count_majority(responses: ResponseMatrix) -> float:
    leading = [
        int(np.bincount(row[row >= 0]).argmax()) if (row >= 0).any() else -2 for row in responses.answers
    ]
    return float((np.array(leading) == responses.gold).mean())


def _measure_pool(
    responses: ResponseMatrix, splits: int, halves: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    rows = []
    for seed in range(splits):
        order = np.random.default_rng(seed).permutation(len(responses.gold))[:halves]
        train, test = (
            responses.select_rows(order[: len(order) // 2]),
            responses.select_rows(order[len(order) // 2 :]),
        )
        best = test.score_models()[train.score_models().argmax()]
        confidences, right = (np.array(found) for found in run_vote(fit_vote_weights(train, seed), test))
        _, cold = run_vote(make_cold_start_weights(train), test)
        oracle = float((test.gold >= 0).mean())
        errors = (calibration_error(confidences, right), calibration_error_floor(confidences, seed))
        rows.append((best, _count_majority(test), np.mean(cold), right.mean(), oracle, *errors))
    return np.array(rows)


def bench_votes(sets: list[RecordedSet], report: RankingReport, splits: int, limit: int) -> None:
    """Measure every pool on the test halves of random splits."""
    report.print_row(
        "\nVote: best single | majority | cold start | learned | oracle | gap closed | ECE (its floor)"
    )
    worst, gaps, errors = [], [], []
    for recorded in sets:
        for name, pool in list_pools(recorded).items():
            found = _measure_pool(recorded.responses(pool), splits, limit)
            best, majority, cold, voted, oracle, error, floor = found.mean(axis=0)
            gap = (voted - best) / max(oracle - best, 1e-9)
            gain = (found[:, 3] - found[:, 0]) * 100
            worst.append(gain.mean())
            gaps.append(gap)
            errors.append(error)
            row = f"  {recorded.name} {name:15s} {mean_sd(found[:, 0])} | {majority:.3f} | {cold:.3f}"
            row += f" | {mean_sd(found[:, 3])} | {oracle:.3f} | {gap:+.1%} | {error:.3f} ({floor:.3f})"
            report.print_row(f"{row}  gain {gain.mean():+.2f} ± {gain.std():.2f} pt")
            report.note(f"vote.{recorded.name}.{name}.gain_pt", gain.mean())
            report.note(f"vote.{recorded.name}.{name}.gap_closed", gap)
            report.note(f"vote.{recorded.name}.{name}.ece", error)
            report.note(f"vote.{recorded.name}.{name}.ece_floor", floor)
            if KOREAN.get(recorded.name, ("", 0.0))[0] == name:
                report.add_goal(f"vote.korean.{recorded.name}_gain_pt", gain.mean(), KOREAN[recorded.name][1])
    if gaps:
        report.add_goal("vote.worst_pool_gain_pt", min(worst), -0.3)
        report.add_goal("vote.mean_gap_closed", float(np.mean(gaps)), 0.15)
        report.add_goal("vote.mean_ece", float(np.mean(errors)), 0.04, at_most=True)
