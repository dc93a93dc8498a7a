"""Counts the vote of candidates whose answers say the same, and how probable each answer is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aggregator.pipeline.agreement.agreement import Agreement, Verdict
from aggregator.pipeline.agreement.compare import compare_answers
from aggregator.pipeline.agreement.expected_answer import OPEN, read_question
from aggregator.pipeline.answer_type import OPTION, TRUTH, AnswerType, detect_answer_type
from aggregator.pipeline.ranking.tally import (
    OPEN_CHOICES,
    VoteWeights,
    WeightedVote,
    tally_votes,
    weigh_standings,
)
from aggregator.pipeline.ranking.weights import ModelWeights, get_active_weights
from aggregator.pipeline.types import Draft, Question

# Less than this share of comparable answers makes no vote.
MIN_COMPARED_SHARE = 0.6
# Answers without a short one in them are essays, which readers prefer by their style.
MAX_OPEN_CHARS = 800


@dataclass(frozen=True, slots=True)
class AnswerGroup:
    """Candidates with the same answer, and the probability that it is right."""

    answer: str
    candidates: tuple[str, ...]
    probability: float


@dataclass(frozen=True, slots=True)
class Tally:
    """Groups most probable first; `silent` candidates could not be compared with the leading answer."""

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


def weigh_votes(
    weights: ModelWeights, drafts: Sequence[Draft], answers: Mapping[str, str], answer_type: AnswerType | None
) -> tuple[list[WeightedVote], VoteWeights]:
    """Return the drafts' votes and their calibration: by learned weights where known, else public quality."""
    learned = weights.learned_vote
    if learned and all(draft.model in learned.weights for draft in drafts):
        pairs = [(draft, answers[draft.candidate]) for draft in drafts]
        return [
            WeightedVote(draft.candidate, key, learned.weigh(draft.model, "", key)) for draft, key in pairs
        ], learned
    is_option = answer_type is not None and answer_type.kind == OPTION
    priors = weigh_standings([draft.standing for draft in drafts], count_choices(answer_type))
    weighted_votes = [
        WeightedVote(draft.candidate, answers[draft.candidate], max(0.0, weight))
        for draft, weight in zip(drafts, priors, strict=True)
    ]
    return weighted_votes, weights.option_vote if is_option else weights.open_vote


def name_groups(agreement: Agreement) -> list[str]:
    """Return the name of each answer's group: its first short answer, with a number where two are equal."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for number, group in enumerate(agreement.groups):
        name = next((agreement.labels[index] for index in group if agreement.labels[index]), "")
        name = f"{name} #{number}" if not name or name in taken else name
        taken.add(name)
        names.update(dict.fromkeys(group, name))
    return [names[index] for index in range(len(agreement.labels))]


def can_vote(question: Question, drafts: Sequence[Draft]) -> bool:
    """Return whether the answers to a question can be right or wrong, and are no essays."""
    if detect_answer_type(question.prompt):
        return True
    lengths = sorted(len(draft.text) for draft in drafts)
    return read_question(question.prompt).kind != OPEN and lengths[len(lengths) // 2] <= MAX_OPEN_CHARS


def _select_compared(
    agreement: Agreement, drafts: Sequence[Draft], votes: Sequence[WeightedVote]
) -> list[int]:
    """Return the answers that say the same as the leading group, or surely something else."""
    weights: dict[str, float] = {}
    for cast in votes:
        weights[cast.answer] = weights.get(cast.answer, 0.0) + cast.weight
    given = [group for group in agreement.groups if not agreement.declined.issuperset(group)]
    if not given:
        return []
    leading = max(given, key=lambda group: (weights[votes[group[0]].answer], -group[0]))
    return [
        index
        for index in range(len(drafts))
        if agreement.judge(leading[0], index) != Verdict.UNKNOWN and index not in agreement.declined
    ]


def vote(question: Question, drafts: Sequence[Draft]) -> Tally | None:
    """Count the drafts by what they say; None when fewer than two, or less than 60 %, can be compared."""
    if len(drafts) < 2 or not can_vote(question, drafts):
        return None
    drafts = sorted(drafts, key=lambda draft: draft.candidate)
    agreement = compare_answers(question, [draft.text for draft in drafts])
    answer_type = detect_answer_type(question.prompt)
    named = dict(zip((draft.candidate for draft in drafts), name_groups(agreement), strict=True))
    weighted_votes, vote_weights = weigh_votes(get_active_weights(), drafts, named, answer_type)
    compared = _select_compared(agreement, drafts, weighted_votes)
    if len(compared) < 2 or len(compared) < MIN_COMPARED_SHARE * len(drafts):
        return None
    weighted_votes, vote_weights = weigh_votes(
        get_active_weights(), [drafts[index] for index in compared], named, answer_type
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
    silent = {draft.candidate for draft in drafts} - {drafts[index].candidate for index in compared}
    return Tally(groups=tuple(groups), compared=len(compared), silent=tuple(sorted(silent)))
