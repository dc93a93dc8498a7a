"""Decides whether an answer is worth waiting for the candidates that are still being written.

Waiting is worth its time while the expected gain in quality is above a price for each second. The gain and
the spread of lengths are learned from recorded answers: `python -m bench.settling --fit`.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import NormalDist, fmean, median

from aggregator.pipeline.types import Draft, Ranking

WEIGHTS_FILE = Path(__file__).with_name("settling_weights.json")
# A speed is measured over this many characters and seconds at least.
_MIN_CHARS, _MIN_SECONDS = 20, 0.3
# That another answer is shorter says nothing about how long one is going to be.
_SHORT_CHARS = 40
_DEFAULT_CHARS_PER_SECOND, _FIRST_TEXT_SECONDS = 60.0, 1.0
_NORMAL = NormalDist()
# Models whose public quality differs by less are about equally good.
_CLOSE = 0.1


@dataclass(frozen=True, slots=True)
class SettlingWeights:
    """The gain of one more answer and what a second must bring, where answers are compared and elsewhere.

    `length_spread` is the deviation of the logarithm of a length from those of other models' answers;
    `runaway_share` is the share of answers that are written up to a limit.
    """

    compared_price: float
    open_price: float
    compared: tuple[float, ...]
    open: tuple[float, ...]
    length_spread: float
    runaway_share: float


@dataclass(frozen=True, slots=True)
class Ended:
    """An answer that has ended: its draft, its length and the seconds that its writing took."""

    draft: Draft
    chars: int
    writing_s: float


@dataclass(frozen=True, slots=True)
class Writer:
    """A candidate that is still being written; `writing_s` counts from its first text, 0 without any."""

    standing: float
    chars: int
    waiting_s: float
    writing_s: float
    # How long it may still take.
    limit_s: float


@cache
def read_settling_weights() -> SettlingWeights:
    """Return the weights that ship."""
    document = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))
    rows = {name: tuple(document[name]) for name in ("compared", "open")}
    return SettlingWeights(**{**document, **rows})


def is_settled(
    ranking: Ranking,
    ended: Sequence[Ended],
    writers: Sequence[Writer],
    *,
    is_votable: bool,
    weights: SettlingWeights | None = None,
) -> bool:
    """Return whether the candidates still being written are not worth waiting for.

    `is_votable` tells whether answers to the question can be right or wrong.
    """
    weights = weights or read_settling_weights()
    head, price = (
        (weights.compared, weights.compared_price) if is_votable else (weights.open, weights.open_price)
    )
    waits = sorted(
        (
            expect_seconds(writer, ended, weights),
            expect_gain(describe_gain(ranking, ended, writer), head),
        )
        for writer in writers
    )
    gained = 0.0
    for seconds, gain in waits:
        gained += gain
        if gained > price * seconds:
            return False
    return True


def expect_waits(ended: Sequence[Ended], writers: Sequence[Writer]) -> list[float]:
    """Return how many seconds each candidate is expected to be written on, by the weights that ship."""
    return [expect_seconds(writer, ended, read_settling_weights()) for writer in writers]


def describe_gain(ranking: Ranking, ended: Sequence[Ended], writer: Writer) -> tuple[float, ...]:
    """Return what the gain of one more answer is predicted from: doubt in the leader, and who is stronger."""
    standings = {each.draft.candidate: each.draft.standing for each in ended}
    leader = ranking.standings[0]
    leading = standings.get(leader.candidate, 0.0)
    doubt = 1 - (leading if ranking.confidence is None else ranking.confidence)
    lead = writer.standing - leading
    ahead = max(0.0, lead)
    is_alone = ranking.compared < 2
    has_rival = not is_alone and ranking.agreeing < ranking.compared
    chance = doubt * writer.standing
    return (
        chance * is_alone,
        chance * has_rival,
        chance * (not is_alone and not has_rival),
        ahead * is_alone,
        ahead * has_rival,
        # How far a weaker model may write a better answer.
        math.exp(-((lead / _CLOSE) ** 2)) * is_alone,
        float(has_fault(leader.reasons)),
    )


def has_fault(reasons: Sequence[str]) -> bool:
    """Return whether a ranking's reasons name a fault of form."""
    return bool({"failed", "empty", "refusal", "wrong_language", "loop", "cut_off"} & set(reasons))


def expect_gain(features: Sequence[float], head: Sequence[float]) -> float:
    """Return the expected gain in quality (0 to 1) of one more answer."""
    return max(0.0, math.fsum(weight * value for weight, value in zip(head, features, strict=True)))


def expect_seconds(writer: Writer, ended: Sequence[Ended], weights: SettlingWeights) -> float:
    """Return how many seconds a candidate is expected to be written on.

    The longer it is compared with the other answers, the likelier it is to be written up to its limit.
    """
    lengths = [math.log(max(_SHORT_CHARS, each.chars)) for each in ended]
    spread = weights.length_spread * math.sqrt(1 + 1 / len(lengths))
    mean = fmean(lengths)
    z = (math.log(max(1, writer.chars)) - mean) / spread
    longer = max(1e-9, _NORMAL.cdf(-z))
    whole = math.exp(mean + spread**2 / 2) * max(1e-12, _NORMAL.cdf(spread - z)) / longer
    runaway = weights.runaway_share / (weights.runaway_share + (1 - weights.runaway_share) * longer)
    seconds = max(0.0, whole - writer.chars) / _measure_speed(writer, ended)
    if not writer.chars:
        # A model that has been silent for long is expected to be so for longer.
        seconds += max(_FIRST_TEXT_SECONDS, writer.waiting_s / 2)
    return min(writer.limit_s, (1 - runaway) * min(seconds, writer.limit_s) + runaway * writer.limit_s)


def _measure_speed(writer: Writer, ended: Sequence[Ended]) -> float:
    if writer.chars >= _MIN_CHARS and writer.writing_s >= _MIN_SECONDS:
        return writer.chars / writer.writing_s
    known = [each.chars / each.writing_s for each in ended if each.writing_s >= _MIN_SECONDS]
    return max(1.0, median(known)) if known else _DEFAULT_CHARS_PER_SECOND
