"""Which answers of a question say the same, which surely differ, and which were not compared."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

Pair = tuple[int, int]
# Beyond these probabilities a judge is not asked.
SURELY_SAME, SURELY_DIFFERENT = 0.98, 0.02
JUDGED_SAME, JUDGED_DIFFERENT = 0.99, 0.01


class Verdict(StrEnum):
    """What is known about two answers; unknown means that they were not compared, never that they differ."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which probability of saying the same a pair counts as the same, and below which as different."""

    same: float
    different: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Answers by index: groups that say the same, and the verdict on every pair.

    Every answer is in exactly one group. `labels` holds the short answer that was read in each text, or ''.
    """

    groups: tuple[tuple[int, ...], ...]
    verdicts: Mapping[Pair, Verdict]
    probabilities: Mapping[Pair, float]
    thresholds: Thresholds
    labels: tuple[str, ...]
    # The answers that refuse or do not know.
    declined: frozenset[int] = frozenset()

    def judge(self, one: int, other: int) -> Verdict:
        """Return the verdict on two answers."""
        return Verdict.SAME if one == other else self.verdicts[min(one, other), max(one, other)]

    @property
    def unsure(self) -> tuple[Pair, ...]:
        """Return the pairs that a judge may decide: no exact reader and no high or low probability did."""
        return tuple(
            pair for pair, found in self.probabilities.items() if SURELY_DIFFERENT < found < SURELY_SAME
        )

    def decide(self, judged: Mapping[Pair, bool]) -> "Agreement":
        """Return the agreement with a judge's word on pairs that are unsure; others stay as they are."""
        decided = {
            pair: JUDGED_SAME if judged[pair] else JUDGED_DIFFERENT for pair in self.unsure if pair in judged
        }
        if not decided:
            return self
        agreement = group_answers({**self.probabilities, **decided}, self.thresholds, self.labels)
        return replace(agreement, declined=self.declined)


def _logit(probability: float) -> float:
    clipped = min(0.999, max(0.001, probability))
    return math.log(clipped / (1 - clipped))


def _link(one: Sequence[int], other: Sequence[int], probabilities: Mapping[Pair, float]) -> float:
    """Return the probability that two groups say the same: between the mean and the surest pair."""
    logits = [_logit(probabilities[min(a, b), max(a, b)]) for a in one for b in other]
    linked = (sum(logits) / len(logits) + max(logits)) / 2
    return 1 / (1 + math.exp(-linked))


def group_answers(
    probabilities: Mapping[Pair, float], thresholds: Thresholds, labels: Sequence[str]
) -> Agreement:
    """Group answers by the probabilities of their pairs, the surest first."""
    groups = [[index] for index in range(len(labels))]
    while len(groups) > 1:
        linked = {
            (i, j): _link(groups[i], groups[j], probabilities) for i, j in combinations(range(len(groups)), 2)
        }
        (i, j), best = max(linked.items(), key=lambda row: (row[1], row[0]))
        if best < thresholds.same:
            break
        groups[i] = sorted(groups[i] + groups.pop(j))
    groups.sort()
    verdicts: dict[Pair, Verdict] = {}
    for group, other in combinations(groups, 2):
        differ = _link(group, other, probabilities) < thresholds.different
        verdict = Verdict.DIFFERENT if differ else Verdict.UNKNOWN
        verdicts.update({(min(a, b), max(a, b)): verdict for a in group for b in other})
    for group in groups:
        verdicts.update(dict.fromkeys(combinations(group, 2), Verdict.SAME))
    ordered = {pair: verdicts[pair] for pair in combinations(range(len(labels)), 2)}
    return Agreement(
        tuple(tuple(group) for group in groups), ordered, dict(probabilities), thresholds, tuple(labels)
    )
