"""Bootstrap confidence intervals (Efron 1979), by the percentile method."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2_000
Indices = NDArray[np.int64]


def bootstrap_intervals(
    statistics: Callable[[Indices], Sequence[float]], count: int, *, seed: int
) -> list[tuple[float, float]]:
    """Return the 95 % interval of each statistic of `count` items; `statistics` takes indices (count,)."""
    random = np.random.default_rng(seed)
    values = np.array([statistics(random.integers(0, count, count)) for _ in range(RESAMPLES)])
    return [(float(low), float(high)) for low, high in np.percentile(values, [2.5, 97.5], axis=0).T]
