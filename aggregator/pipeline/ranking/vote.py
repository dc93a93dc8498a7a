"""Counts the vote of candidates whose short answers are equal, and how probable each answer is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aggregator.pipeline.answer_type import OPTION, TRUTH, AnswerType, detect_answer_type
from aggregator.pipeline.ranking.answer_extraction import ShortAnswer, extract_answer
from aggregator.pipeline.ranking.tally import (
    OPEN_CHOICES,
    VoteWeights,
    WeightedVote,
    tally_votes,
    weigh_standings,
)
from aggregator.pipeline.ranking.weights import ModelWeights, get_active_weights
from aggregator.pipeline.types import Draft, Question

MIN_EXTRACTED_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class AnswerGroup:
    """Candidates with the same answer, and the probability that it is right."""

    answer: str
    candidates: tuple[str, ...]
    probability: float


@dataclass(frozen=True, slots=True)
class Tally:
    """Groups most probable first; `silent` candidates give no answer that can be compared."""

    groups: tuple[AnswerGroup, ...]
    compared: int
    silent: tuple[str, ...] = ()

    @property
    def agreeing(self) -> int:
        """The number of candidates that give the leading answer."""
        return len(self.groups[0].candidates)

    @property
    def confidence(self) -> float:
        """The probability that the leading answer is right."""
        return self.groups[0].probability


def count_choices(answer_type: AnswerType | None) -> int:
    """Return the number of answers that a guess chooses from."""
    if answer_type and answer_type.kind == OPTION:
        return max(2, len(answer_type.options))
    return 2 if answer_type and answer_type.kind == TRUTH else OPEN_CHOICES


def extract_answers(question: Question, drafts: Sequence[Draft]) -> Mapping[str, ShortAnswer]:
    """Return the short answer of every draft that gives one, by candidate."""
    answer_type = detect_answer_type(question.prompt)
    found = {draft.candidate: extract_answer(draft.text, answer_type) for draft in drafts}
    return {candidate: answer for candidate, answer in found.items() if answer}


def weigh_votes(
    weights: ModelWeights,
    drafts: Sequence[Draft],
    answers: Mapping[str, ShortAnswer],
    answer_type: AnswerType | None,
) -> tuple[list[WeightedVote], VoteWeights]:
    """Return the drafts' votes and their calibration: by learned weights where known, else public quality."""
    learned = weights.learned_vote
    if learned and all(draft.model in learned.weights for draft in drafts):
        keys = [answers[draft.candidate].key for draft in drafts]
        pairs = zip(drafts, keys, strict=True)
        return [
            WeightedVote(draft.candidate, key, learned.weigh(draft.model, "", key)) for draft, key in pairs
        ], learned
    is_option = answer_type is not None and answer_type.kind == OPTION
    priors = weigh_standings([draft.standing for draft in drafts], count_choices(answer_type))
    weighted_votes = [
        WeightedVote(draft.candidate, answers[draft.candidate].key, max(0.0, weight))
        for draft, weight in zip(drafts, priors, strict=True)
    ]
    return weighted_votes, weights.option_vote if is_option else weights.open_vote


def vote(question: Question, drafts: Sequence[Draft]) -> Tally | None:
    """Count the drafts' short answers; None when fewer than two, or less than 60 % of drafts, give one."""
    answers = extract_answers(question, drafts)
    if len(answers) < 2 or len(answers) < MIN_EXTRACTED_SHARE * len(drafts):
        return None
    voting = sorted(
        (draft for draft in drafts if draft.candidate in answers), key=lambda draft: draft.candidate
    )
    weighted_votes, vote_weights = weigh_votes(
        get_active_weights(), voting, answers, detect_answer_type(question.prompt)
    )
    probabilities, _ = tally_votes(
        weighted_votes, vote_weights.none_scores, vote_weights.scale, vote_weights.bend
    )
    groups = [
        AnswerGroup(
            answer,
            tuple(weighted_vote.voter for weighted_vote in weighted_votes if weighted_vote.answer == answer),
            probability,
        )
        for answer, probability in probabilities.items()
    ]
    groups.sort(key=lambda group: (-group.probability, -len(group.candidates), group.answer))
    return Tally(
        groups=tuple(groups),
        compared=len(voting),
        silent=tuple(sorted(draft.candidate for draft in drafts if draft.candidate not in answers)),
    )
