"""Fits what settling predicts: the spread of lengths, and the gain of further answers."""

import json
import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, median, pstdev

import numpy as np
from sklearn.linear_model import Ridge

from aggregator.pipeline.panel.settling import WEIGHTS_FILE, SettlingWeights, describe_gain
from bench.settling.turns import (
    Item,
    SettledTurn,
    SimulatedTurn,
    measure_standings,
    rank_ended,
    read_items,
    simulate_turns,
    view_at,
    watch,
)

FIT_TURNS, RIDGE = 2_000, 3.0
# A wrong answer that waiting would have put right weighs this many times; it costs little time.
CAUTION = 3.0
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


def _observe_gains(turn: SimulatedTurn) -> Iterator[tuple[tuple[float, ...], float]]:
    """Yield what the gain of waiting for each number of further answers is predicted from, and the gain."""
    order = sorted(turn.answers, key=lambda answer: answer.ends_s)
    worths = {answer.draft.candidate: answer.worth for answer in order}
    rankings = [rank_ended(turn, order[:number]) for number in range(1, len(order) + 1)]
    leading = [worths[ranking.standings[0].candidate] for ranking in rankings]
    for number in range(1, len(order)):
        moment = order[number - 1].ends_s
        ended, _ = view_at(turn, order[:number], moment)
        writers = [watch(answer, moment) for answer in order[number:]]
        for further in range(1, len(writers) + 1):
            ranking = rankings[number - 1]
            row = describe_gain(ranking, ended, writers[:further], is_votable=turn.is_short)
            yield row, leading[number + further - 1] - leading[number - 1]


def _fit_gain(turns: Sequence[SimulatedTurn]) -> tuple[float, ...]:
    """Return the ridge regression, without negative weights, of what further answers of a panel added."""
    observed = [pair for turn in turns for pair in _observe_gains(turn)]
    x, y = np.array([row for row, _ in observed]), np.array([gain for _, gain in observed])
    ridge = Ridge(alpha=RIDGE, fit_intercept=False, positive=True).fit(x, y)
    return tuple(round(float(value), 4) for value in ridge.coef_)


def lose(settled: Sequence[SettledTurn]) -> float:
    """Return how much worse the settled answers are than those of waiting for all."""
    return fmean(turn.worth_of_all - turn.worth for turn in settled)


def fit(data: Path) -> SettlingWeights:
    """Return the weights fitted on one half of the recorded questions."""
    items, _ = split_items(read_items(data))
    standings = measure_standings(items)
    gains = [
        _fit_gain(list(simulate_turns(items, standings, FIT_TURNS, is_short=is_short, seed=1)))
        for is_short in (True, False)
    ]
    spread, runaway = _measure_lengths(items)
    compared = tuple(round(CAUTION * weight, 4) for weight in gains[0])
    return SettlingWeights(compared, gains[1], round(spread, 3), round(runaway, 4))


def ship(data: Path) -> None:
    """Fit the weights and write them into the package."""
    WEIGHTS_FILE.write_text(json.dumps(asdict(fit(data)), indent=1) + "\n", encoding="utf-8")
