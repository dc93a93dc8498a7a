"""How likely an ad is to be clicked: what was seen, pulled towards what its kind usually gets."""

from collections.abc import Sequence

import numpy as np

from ads.selection.index import Reals

# Of every hundred ads seen, about one and a half are clicked: where nothing is known.
HOUSE_RATE = 0.015
PRIOR_VIEWS = 400.0
EXPLORED_BELOW = 500


def smoothed_rate(
    clicks: int, views: int, *, prior_rate: float = HOUSE_RATE, prior_views: float = PRIOR_VIEWS
) -> float:
    """Return the click rate with a prior of that weight, so that few views move it little."""
    return (clicks + prior_rate * prior_views) / (views + prior_views)


def back_off(levels: Sequence[tuple[int, int]], *, prior_views: float = PRIOR_VIEWS) -> float:
    """Return the rate of the last of (clicks, views) levels, each the prior of the next, widest first."""
    rate = HOUSE_RATE
    for clicks, views in levels:
        rate = smoothed_rate(clicks, views, prior_rate=rate, prior_views=prior_views)
    return rate


def draw_rates(rates: Reals, views: Reals, *, random: np.random.Generator) -> Reals:
    """Return a plausible rate for each creative: the fewer its views, the wider the draw (Thompson)."""
    weight = views + PRIOR_VIEWS
    drawn: Reals = random.beta(rates * weight, (1 - rates) * weight).astype(np.float32)
    return drawn
