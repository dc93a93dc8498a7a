"""Part 1: does the vote beat the best single model on every pool, and is its confidence honest?"""

import numpy as np

from aggregator.pipeline.answer_sheet import AnswerSheet
from aggregator.pipeline.recordings import ShortSet
from aggregator.pipeline.tally import VoteHead, count_vote, weigh_standings
from aggregator.pipeline.vote_head import fit_vote_head
from bench.kitchens.pools import list_pools
from bench.kitchens.report import Report, measure_error, measure_floor, spread

KOREAN = {"click": ("5", 1.5), "kmmlu": ("6 reasoning", 2.0)}


def run_vote(head: VoteHead, sheet: AnswerSheet) -> tuple[list[float], list[float]]:
    """Vote on every question of a sheet with the product's own count: how sure, how right."""
    sure, right = [], []
    for row, codes in enumerate(sheet.answers):
        given = {m: sheet.name_answer(int(c)) for m, c in zip(sheet.models, codes, strict=True) if c >= 0}
        answer, confidence = count_vote(head, given, sheet.topics[row])
        sure.append(confidence)
        right.append(float(sheet.gold[row] >= 0 and answer == sheet.name_answer(int(sheet.gold[row]))))
    return sure, right


def start_cold(train: AnswerSheet) -> VoteHead:
    """Return the head that public accuracies alone would give: no answer of these models was labelled."""
    standings = [float(score) for score in train.score_models()]
    return VoteHead(dict(zip(train.models, weigh_standings(standings, train.choices), strict=True)))


def _count_majority(sheet: AnswerSheet) -> float:
    leading = [int(np.bincount(row[row >= 0]).argmax()) if (row >= 0).any() else -2 for row in sheet.answers]
    return float((np.array(leading) == sheet.gold).mean())


def _measure_pool(
    sheet: AnswerSheet, splits: int, halves: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    rows = []
    for seed in range(splits):
        order = np.random.default_rng(seed).permutation(len(sheet.gold))[:halves]
        train, test = sheet.take(order[: len(order) // 2]), sheet.take(order[len(order) // 2 :])
        best = test.score_models()[train.score_models().argmax()]
        sure, right = (np.array(found) for found in run_vote(fit_vote_head(train, seed), test))
        _, cold = run_vote(start_cold(train), test)
        oracle = float((test.gold >= 0).mean())
        errors = (measure_error(sure, right), measure_floor(sure, seed))
        rows.append((best, _count_majority(test), np.mean(cold), right.mean(), oracle, *errors))
    return np.array(rows)


def bench_votes(sets: list[ShortSet], report: Report, splits: int, limit: int) -> None:
    """Measure every pool on the test halves of random splits."""
    report.say(
        "\nVote: best single | majority | cold start | learned | oracle | gap closed | ECE (its floor)"
    )
    worst, gaps, errors = [], [], []
    for recorded in sets:
        for name, pool in list_pools(recorded).items():
            found = _measure_pool(recorded.sheet(pool), splits, limit)
            best, majority, cold, voted, oracle, error, floor = found.mean(axis=0)
            gap = (voted - best) / max(oracle - best, 1e-9)
            gain = (found[:, 3] - found[:, 0]) * 100
            worst.append(gain.mean())
            gaps.append(gap)
            errors.append(error)
            row = f"  {recorded.name} {name:15s} {spread(found[:, 0])} | {majority:.3f} | {cold:.3f}"
            row += f" | {spread(found[:, 3])} | {oracle:.3f} | {gap:+.1%} | {error:.3f} ({floor:.3f})"
            report.say(f"{row}  gain {gain.mean():+.2f} ± {gain.std():.2f} pt")
            report.keep(f"vote.{recorded.name}.{name}.gain_pt", gain.mean())
            report.keep(f"vote.{recorded.name}.{name}.gap_closed", gap)
            report.keep(f"vote.{recorded.name}.{name}.ece", error)
            report.keep(f"vote.{recorded.name}.{name}.ece_floor", floor)
            if KOREAN.get(recorded.name, ("", 0.0))[0] == name:
                report.goal(f"vote.korean.{recorded.name}_gain_pt", gain.mean(), KOREAN[recorded.name][1])
    if gaps:
        report.goal("vote.worst_pool_gain_pt", min(worst), -0.3)
        report.goal("vote.mean_gap_closed", float(np.mean(gaps)), 0.15)
        report.goal("vote.mean_ece", float(np.mean(errors)), 0.04, at_most=True)
