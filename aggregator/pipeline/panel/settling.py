"""Decides whether an answer is worth waiting for the candidates that are still being written.

Waiting is worth its time while the expected gain in quality is above the price of the seconds. The gain and
the spread of lengths are learned from recorded answers: `python -m bench.settling --fit`.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import NormalDist, fmean, median

from aggregator.pipeline.ranking.tally import OPEN_CHOICES, convert_to_log_odds
from aggregator.pipeline.types import Draft, Ranking
from aggregator.pipeline.waiting_price import SECOND_PRICE

WEIGHTS_FILE = Path(__file__).with_name("settling_weights.json")
# A speed is measured over this many characters and seconds at least.
_MIN_CHARS, _MIN_SECONDS = 20, 0.3
# That another answer is shorter says nothing about how long one is going to be.
_SHORT_CHARS = 40
_DEFAULT_CHARS_PER_SECOND, _FIRST_TEXT_SECONDS = 60.0, 1.0
_NORMAL = NormalDist()
# Models whose public quality differs by less are about equally good.
_CLOSE = 0.1
# An answer is compared with another one before it stands, unless that one is far from its end; a vote and a
# fused answer, which are made of several, wait longer.
MIN_COMPARED, COMPARED_WAIT_S, COMBINED_WAIT_S = 2, 15.0, 60.0
_FAULTS = frozenset({"failed", "empty", "refusal", "wrong_language", "loop", "cut_off"})


@dataclass(frozen=True, slots=True)
class SettlingWeights:
    """The expected gain of further answers, where answers are compared and where readers' preference decides.

    `length_spread` is the deviation of the logarithm of a length from those of other models' answers;
    `runaway_share` is the share of answers that are written up to a limit.
    """

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
    is_combined: bool,
    weights: SettlingWeights | None = None,
) -> bool:
    """Return whether the candidates still being written are not worth waiting for.

    `is_votable` tells whether answers to the question can be right or wrong, `is_combined` whether the
    strategy makes one answer of several.
    """
    weights = weights or read_settling_weights()
    waits = sorted(
        ((expect_seconds(writer, ended, weights), writer) for writer in writers), key=lambda wait: wait[0]
    )
    if len(ended) < MIN_COMPARED:
        if any(seconds <= (COMBINED_WAIT_S if is_combined else COMPARED_WAIT_S) for seconds, _ in waits):
            return False
        if is_combined:
            return True
    for number, (seconds, _) in enumerate(waits, 1):
        further = [writer for _, writer in waits[:number]]
        if expect_gain(ranking, ended, further, weights, is_votable=is_votable) > SECOND_PRICE * seconds:
            return False
    return True


def expect_gain(
    ranking: Ranking,
    ended: Sequence[Ended],
    further: Sequence[Writer],
    weights: SettlingWeights,
    *,
    is_votable: bool,
) -> float:
    """Return the expected gain in quality (0 to 1) of some further answers."""
    features = describe_gain(ranking, ended, further, is_votable=is_votable)
    head = weights.compared if is_votable else weights.open
    return max(0.0, math.fsum(weight * value for weight, value in zip(head, features, strict=True)))


def describe_gain(
    ranking: Ranking, ended: Sequence[Ended], further: Sequence[Writer], *, is_votable: bool
) -> tuple[float, ...]:
    """Return what the gain of some further answers is predicted from."""
    standings = {each.draft.candidate: each.draft.standing for each in ended}
    leader = ranking.standings[0]
    leading = standings.get(leader.candidate, 0.0)
    is_faulty = not _FAULTS.isdisjoint(leader.reasons)
    strongest = max(writer.standing for writer in further)
    ahead = max(0.0, strongest - leading)
    if not is_votable:
        # How far weaker models may write a better answer.
        close = math.fsum(math.exp(-(((writer.standing - leading) / _CLOSE) ** 2)) for writer in further)
        return (1 - leading, ahead, close, float(is_faulty))
    doubt = 1 - (leading if ranking.confidence is None else ranking.confidence)
    if is_faulty:
        # What a faulty answer says is neither a vote nor likely to be right.
        doubt, standings = 1.0, {**standings, leader.candidate: 0.0}
    open_to_change = doubt * _measure_opposition(ranking, standings, further)
    is_alone = ranking.compared < 2
    is_divided = not is_alone and ranking.agreeing < ranking.compared
    return (
        open_to_change * is_alone,
        open_to_change * is_divided,
        open_to_change * (not is_alone and not is_divided),
        ahead * is_alone,
        ahead * is_divided,
    )


def _measure_opposition(ranking: Ranking, standings: Mapping[str, float], further: Sequence[Writer]) -> float:
    """Return by what share further answers could outvote the leading one if they all opposed it, 0 if not."""
    votes: dict[int, float] = {}
    for row in ranking.standings:
        votes[row.group] = votes.get(row.group, 0.0) + _weigh_vote(standings.get(row.candidate, 0.0))
    leading = votes.pop(ranking.standings[0].group)
    opposing = max(votes.values(), default=0.0) + math.fsum(_weigh_vote(each.standing) for each in further)
    return max(0.0, 1 - leading / opposing)


def _weigh_vote(standing: float) -> float:
    return float(convert_to_log_odds([standing], OPEN_CHOICES)[0])


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
