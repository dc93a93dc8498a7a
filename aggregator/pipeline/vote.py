"""Count answers that mean the same: who says what, and how likely the leading answer is right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.pipeline.answers import ShortAnswer, extract_answer
from aggregator.pipeline.expectations import OPTION, TRUTH, Expectation, find_expectation
from aggregator.pipeline.heads import Heads, current_heads
from aggregator.pipeline.shapes import Draft, Question
from aggregator.pipeline.tally import OPEN_CHOICES, Cast, VoteHead, tally_casts, weigh_standings

EXTRACTED_SHARE = 0.6


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


def read_answers(question: Question, drafts: Sequence[Draft]) -> Mapping[str, ShortAnswer]:
    """Return the short answer of every draft that gives one, by candidate."""
    expectation = find_expectation(question.prompt)
    found = {draft.candidate: extract_answer(draft.text, expectation) for draft in drafts}
    return {candidate: answer for candidate, answer in found.items() if answer}


def cast_votes(
    heads: Heads, drafts: Sequence[Draft], answers: Mapping[str, ShortAnswer], expectation: Expectation | None
) -> tuple[list[Cast], VoteHead]:
    """Return the drafts' weighted votes and the head that counts them: learned weights, or public priors."""
    learned = heads.learned_vote
    if learned and all(draft.model in learned.weights for draft in drafts):
        keys = [answers[draft.candidate].key for draft in drafts]
        pairs = zip(drafts, keys, strict=True)
        return [
            Cast(draft.candidate, key, learned.weigh(draft.model, "", key)) for draft, key in pairs
        ], learned
    is_option = expectation is not None and expectation.kind == OPTION
    weights = weigh_standings([draft.standing for draft in drafts], count_choices(expectation))
    casts = [
        Cast(draft.candidate, answers[draft.candidate].key, max(0.0, weight))
        for draft, weight in zip(drafts, weights, strict=True)
    ]
    return casts, heads.option_vote if is_option else heads.open_vote


def vote(question: Question, drafts: Sequence[Draft]) -> Tally | None:
    """Count the drafts' short answers; None when fewer than two can be compared or most give none."""
    answers = read_answers(question, drafts)
    if len(answers) < 2 or len(answers) < EXTRACTED_SHARE * len(drafts):
        return None
    voting = sorted((draft for draft in drafts if draft.candidate in answers), key=lambda d: d.candidate)
    casts, head = cast_votes(current_heads(), voting, answers, find_expectation(question.prompt))
    probabilities, nothing = tally_casts(casts, head.none_scores, head.scale, head.bend)
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
