"""Fits what settling predicts: spread of lengths, gain of one more answer, and the price of a second."""

import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import fmean, median, pstdev

import numpy as np

from aggregator.pipeline.panel.settling import WEIGHTS_FILE, SettlingWeights, describe_gain
from bench.settling.turns import (
    Item,
    SettledTurn,
    SimulatedTurn,
    measure_standings,
    rank_ended,
    read_items,
    settle,
    simulate_turns,
    view_at,
)

FIT_TURNS, RIDGE = 400, 3.0
PRICES = (0.0001, 0.0002, 0.0003, 0.0005, 0.0007, 0.001, 0.0015, 0.002)
# What waiting less may cost on the half that is fitted on.
MAX_LOSS = 0.001
LONG = 4.0


def split_items(items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Return the half of the items that is fitted on, and the half that is judged on."""
    halves: tuple[list[Item], list[Item]] = ([], [])
    for item in items:
        halves[zlib.crc32(item.name.encode()) % 2].append(item)
    return halves


def _measure_lengths(items: Sequence[Item]) -> tuple[float, float]:
    deviations, long, count = [], 0, 0
    for item in items:
        logs = [math.log(max(1, chars)) for *_, chars in item.candidates]
        middle, mean = median(logs), fmean(logs)
        deviations += [value - mean for value in logs]
        long += sum(value > middle + math.log(LONG) for value in logs)
        count += len(logs)
    return pstdev(deviations), long / count


def _fit_gain(turns: Sequence[SimulatedTurn]) -> tuple[float, ...]:
    """Return the ridge regression of what the remaining answers of a panel added, summed over them."""
    rows, gains = [], []
    for turn in turns:
        order = sorted(turn.answers, key=lambda answer: answer.ends_s)
        by_name = {answer.draft.candidate: answer for answer in order}
        best = by_name[rank_ended(turn, order).standings[0].candidate].worth
        for number in range(1, len(order)):
            ranking = rank_ended(turn, order[:number])
            ended, writers = view_at(turn, order[:number], order[number - 1].ends_s)
            rows.append(np.sum([describe_gain(ranking, ended, writer) for writer in writers], axis=0))
            gains.append(max(0.0, best - by_name[ranking.standings[0].candidate].worth))
    x, y = np.array(rows), np.array(gains)
    found = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
    return tuple(round(float(value), 4) for value in found)


def lose(settled: Sequence[SettledTurn]) -> float:
    """Return how much worse the settled answers are than those of waiting for all."""
    return fmean(turn.worth_of_all - turn.worth for turn in settled)


def fit(data: Path) -> SettlingWeights:
    """Return the weights fitted on one half of the recorded questions.

    Gains are fitted on a half of that, and prices on the rest, where the gains are not known by heart.
    """
    half, _ = split_items(read_items(data))
    items, others = half[::2], half[1::2]
    standings = measure_standings(items)
    turns = {
        kind: list(simulate_turns(items, standings, FIT_TURNS, is_short=kind, seed=1))
        for kind in (True, False)
    }
    spread, runaway = _measure_lengths(items)
    weights = SettlingWeights(
        0.0, 0.0, _fit_gain(turns[True]), _fit_gain(turns[False]), round(spread, 3), round(runaway, 4)
    )
    prices = {
        kind: _choose_price(
            list(simulate_turns(others, standings, FIT_TURNS, is_short=kind, seed=2)), weights
        )
        for kind in (True, False)
    }
    return replace(weights, compared_price=prices[True], open_price=prices[False])


def _choose_price(turns: Sequence[SimulatedTurn], weights: SettlingWeights) -> float:
    """Return the highest price of a second that costs next to nothing in quality."""
    chosen = 0.0
    for price in PRICES:
        settled = [settle(turn, replace(weights, compared_price=price, open_price=price)) for turn in turns]
        ratio = median(turn.seconds / turn.winner_seconds for turn in settled)
        print(f"price {price:.4f}: loss {lose(settled):+.4f}, time / winner's {ratio:.3f}", flush=True)
        if lose(settled) > MAX_LOSS:
            break
        chosen = price
    return chosen


def ship(data: Path) -> None:
    """Fit the weights and write them into the package."""
    WEIGHTS_FILE.write_text(json.dumps(asdict(fit(data)), indent=1) + "\n", encoding="utf-8")
