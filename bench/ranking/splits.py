"""What is fitted on and what is judged: halves of a set, or a train folder and the whole set."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aggregator.training.recordings import RecordedSet
from bench.ranking.live_turns import LiveSet

MIN_SHARED_MODELS = 3


@dataclass(frozen=True)
class Split:
    """The rows of a set to fit on, and those of a set to judge on, by the same pool."""

    train: LiveSet
    train_rows: list[int]
    test: LiveSet
    test_rows: list[int]


def list_splits(
    recorded: RecordedSet, train: Sequence[RecordedSet], pool: tuple[str, ...], splits: int, limit: int
) -> list[Split]:
    """Return random halves; with a train folder that has the set, its rows to fit on and this one's to judge.

    A set that the train folder does not have, or has of other models, is split into halves.
    """
    known = next((other for other in train if other.name == recorded.name), None)
    shared = tuple(model for model in pool if known is not None and model in known.models)
    if known is not None and len(shared) >= MIN_SHARED_MODELS:
        test = LiveSet(recorded, shared)
        return [
            Split(LiveSet(known, shared), list(range(len(known.rows)))[:limit], test, _take(recorded, limit))
        ]
    live = LiveSet(recorded, pool)
    found = []
    for seed in range(splits):
        order = [int(row) for row in np.random.default_rng(seed).permutation(len(recorded.rows))[:limit]]
        half = len(order) // 2
        found.append(Split(live, order[:half], live, order[half:]))
    return found


def _take(recorded: RecordedSet, limit: int) -> list[int]:
    rows = np.random.default_rng(0).permutation(len(recorded.rows))[:limit]
    return [int(row) for row in rows]
