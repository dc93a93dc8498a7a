"""How likely an ad is to be clicked: what was seen, pulled towards what its kind usually gets."""

from collections.abc import Sequence

import numpy as np

from ads.selection.core.index import Float32Array

# Of every hundred ads seen, about one and a half are clicked: where nothing is known.
DEFAULT_CLICK_RATE = 0.015
PRIOR_VIEWS = 400.0
EXPLORATION_VIEWS = 500


def smoothed_rate(
    clicks: int, views: int, *, prior_rate: float = DEFAULT_CLICK_RATE, prior_views: float = PRIOR_VIEWS
) -> float:
    """Return the click rate with a prior of that weight, so that few views move it little."""
    return (clicks + prior_rate * prior_views) / (views + prior_views)


def back_off_rate(levels: Sequence[tuple[int, int]], *, prior_views: float = PRIOR_VIEWS) -> float:
    """Return the rate of the last of (clicks, views) levels, each the prior of the next, widest first."""
    rate = DEFAULT_CLICK_RATE
    for clicks, views in levels:
        rate = smoothed_rate(clicks, views, prior_rate=rate, prior_views=prior_views)
    return rate


def sample_rates(rates: Float32Array, views: Float32Array, *, random: np.random.Generator) -> Float32Array:
    """Return a plausible rate for each creative: the fewer its views, the wider the draw (Thompson)."""
    weight = views + PRIOR_VIEWS
    drawn: Float32Array = random.beta(rates * weight, (1 - rates) * weight).astype(np.float32)
    return drawn
