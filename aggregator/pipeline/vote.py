"""Count answers that mean the same: who says what, and how likely the leading answer is right."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.pipeline.answers import ShortAnswer, extract_answer
from aggregator.pipeline.expectations import OPTION, TRUTH, Expectation, find_expectation
from aggregator.pipeline.shapes import Draft, Question

PRIOR_SCALE = 0.6
LEADER_GUARD = 0.2
OPEN_CHOICES = 20
EXTRACTED_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Cast:
    """One model's vote: the answer it gives and the weight its word has."""

    voter: str
    answer: str
    weight: float


@dataclass(frozen=True, slots=True)
class AnswerGroup:
    """Candidates that give the same answer, and how likely that answer is right."""

    answer: str
    candidates: tuple[str, ...]
    probability: float


@dataclass(frozen=True, slots=True)
class Tally:
    """Groups likeliest first; `none_probability` is that of no group being right."""

    kind: str
    groups: tuple[AnswerGroup, ...]
    compared: int
    none_probability: float
    silent: tuple[str, ...] = field(default=())

    @property
    def agreeing(self) -> int:
        """How many candidates give the leading answer."""
        return len(self.groups[0].candidates)

    @property
    def confidence(self) -> float:
        """The probability that the leading answer is right."""
        return self.groups[0].probability


def count_choices(expectation: Expectation | None) -> int:
    """Return among how many answers a guess would choose."""
    if expectation and expectation.kind == OPTION:
        return max(2, len(expectation.options))
    return 2 if expectation and expectation.kind == TRUTH else OPEN_CHOICES


def weigh_standings(standings: Sequence[float], choices: int) -> list[float]:
    """Turn public accuracies into vote weights; followers count less, lest they outvote a clear leader."""
    guard = 1 + LEADER_GUARD * max(0, len(standings) - 2)
    best = max(standings, default=0.0)
    weights = []
    for standing in standings:
        sure = min(0.98, max(1 / choices + 0.02, standing))
        weight = PRIOR_SCALE * math.log(sure * (choices - 1) / (1 - sure))
        weights.append(weight if standing >= best else weight / guard)
    return weights


def tally_casts(
    casts: Sequence[Cast], none_scores: Sequence[float] = (0.0,), scale: float = 1.0, bend: float = 1.0
) -> tuple[dict[str, float], float]:
    """Return the probability of every answer, and of none being right; they sum to one.

    The score of none being right depends on how many different answers were given, one first; a bend below
    one says that each further vote is worth a little less, since models share their mistakes.
    """
    scores: dict[str, float] = {}
    for cast in sorted(casts, key=lambda cast: (cast.answer, cast.voter, cast.weight)):
        scores[cast.answer] = scores.get(cast.answer, 0.0) + cast.weight
    scores = {answer: scale * score**bend for answer, score in scores.items()}
    none_score = none_scores[min(len(scores), len(none_scores)) - 1]
    top = max([none_score, *scores.values()])
    exponents = {answer: math.exp(score - top) for answer, score in scores.items()}
    nothing = math.exp(none_score - top)
    total = nothing + sum(exponents.values())
    return {answer: value / total for answer, value in exponents.items()}, nothing / total


def lead_answer(probabilities: Mapping[str, float]) -> tuple[str, float]:
    """Return the likeliest answer and its probability; of equals the first by name, and ("", 0) of none."""
    if not probabilities:
        return "", 0.0
    answer = min(probabilities, key=lambda name: (-probabilities[name], name))
    return answer, probabilities[answer]


def read_answers(question: Question, drafts: Sequence[Draft]) -> Mapping[str, ShortAnswer]:
    """Return the short answer of every draft that gives one, by candidate."""
    expectation = find_expectation(question.prompt)
    found = {draft.candidate: extract_answer(draft.text, expectation) for draft in drafts}
    return {candidate: answer for candidate, answer in found.items() if answer}


def vote(question: Question, drafts: Sequence[Draft]) -> Tally | None:
    """Count the drafts' short answers; None when fewer than two can be compared or most give none."""
    answers = read_answers(question, drafts)
    if len(answers) < 2 or len(answers) < EXTRACTED_SHARE * len(drafts):
        return None
    expectation = find_expectation(question.prompt)
    voting = sorted((draft for draft in drafts if draft.candidate in answers), key=lambda d: d.candidate)
    weights = weigh_standings([draft.standing for draft in voting], count_choices(expectation))
    casts = [
        Cast(draft.candidate, answers[draft.candidate].key, weight)
        for draft, weight in zip(voting, weights, strict=True)
    ]
    probabilities, nothing = tally_casts(casts)
    groups = [
        AnswerGroup(answer, tuple(cast.voter for cast in casts if cast.answer == answer), probability)
        for answer, probability in probabilities.items()
    ]
    groups.sort(key=lambda group: (-group.probability, -len(group.candidates), group.answer))
    kinds = {answer.kind for answer in answers.values()}
    return Tally(
        kind=kinds.pop() if len(kinds) == 1 else "phrase",
        groups=tuple(groups),
        compared=len(voting),
        none_probability=nothing,
        silent=tuple(sorted(draft.candidate for draft in drafts if draft.candidate not in answers)),
    )
