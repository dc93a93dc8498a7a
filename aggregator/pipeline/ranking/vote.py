"""Counts the vote of candidates whose answers say the same, and how probable each answer is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aggregator.pipeline.agreement.agreement import Agreement, Verdict
from aggregator.pipeline.agreement.compare import compare_answers
from aggregator.pipeline.agreement.question.expected_answer import read_question
from aggregator.pipeline.agreement.question.question_patterns import OPEN
from aggregator.pipeline.answer_type import OPTION, TRUTH, AnswerType, detect_answer_type
from aggregator.pipeline.ranking.tally import OPEN_CHOICES, Ballot, tally_votes
from aggregator.pipeline.ranking.weights import ModelWeights, get_active_weights
from aggregator.pipeline.types import NOTHING_JUDGED, Draft, JudgedTexts, Question

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


def weigh_answers(
    weights: ModelWeights, question: Question, drafts: Sequence[Draft], answers: Mapping[str, str]
) -> dict[str, float]:
    """Return the probability of every answer that the drafts give, by these weights.

    `answers` is each candidate's answer, equal for equal answers.
    """
    answer_type = detect_answer_type(question.prompt)
    is_option = answer_type is not None and answer_type.kind == OPTION
    ballots = [
        Ballot(draft.candidate, draft.model, draft.vendor, draft.standing, answers[draft.candidate])
        for draft in drafts
    ]
    kind = weights.option_vote if is_option else weights.open_vote
    return tally_votes(kind, ballots, count_choices(answer_type), question.topic)


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


def read_answers(question: Question, texts: Sequence[str]) -> list[str]:
    """Return what each text answers, equal for equal answers; empty for none."""
    given = [index for index, text in enumerate(texts) if text]
    agreement = compare_answers(question, [texts[index] for index in given])
    answers = [""] * len(texts)
    for place, name in enumerate(name_groups(agreement)):
        if place not in agreement.declined:
            answers[given[place]] = name
    return answers


def can_vote(question: Question, drafts: Sequence[Draft]) -> bool:
    """Return whether the answers to a question can be right or wrong, and are no essays."""
    if detect_answer_type(question.prompt):
        return True
    lengths = sorted(len(draft.text) for draft in drafts)
    return read_question(question.prompt).kind != OPEN and lengths[len(lengths) // 2] <= MAX_OPEN_CHARS


def _select_compared(
    agreement: Agreement, names: Sequence[str], probabilities: Mapping[str, float]
) -> list[int]:
    """Return the answers that say the same as the leading group, or surely something else."""
    given = [group for group in agreement.groups if not agreement.declined.issuperset(group)]
    if not given:
        return []
    leading = max(given, key=lambda group: (probabilities[names[group[0]]], -group[0]))
    return [
        index
        for index in range(len(names))
        if agreement.judge(leading[0], index) != Verdict.UNKNOWN and index not in agreement.declined
    ]


def _compare(question: Question, texts: Sequence[str], judged: JudgedTexts) -> Agreement:
    """Compare answers, with a judge's word on pairs of texts that the comparison is unsure of."""
    agreement = compare_answers(question, texts)
    pairs = {pair: frozenset((texts[pair[0]], texts[pair[1]])) for pair in agreement.unsure} if judged else {}
    return agreement.decide({pair: judged[both] for pair, both in pairs.items() if both in judged})


def vote(question: Question, drafts: Sequence[Draft], judged: JudgedTexts = NOTHING_JUDGED) -> Tally | None:
    """Count the drafts by what they say; None when fewer than two, or less than 60 %, can be compared."""
    if len(drafts) < 2 or not can_vote(question, drafts):
        return None
    drafts = sorted(drafts, key=lambda draft: draft.candidate)
    agreement = _compare(question, [draft.text for draft in drafts], judged)
    weights, names = get_active_weights(), name_groups(agreement)
    named = {draft.candidate: name for draft, name in zip(drafts, names, strict=True)}
    compared = _select_compared(agreement, names, weigh_answers(weights, question, drafts, named))
    if len(compared) < 2 or len(compared) < MIN_COMPARED_SHARE * len(drafts):
        return None
    voting = [drafts[index] for index in compared]
    groups = [
        AnswerGroup(
            answer,
            tuple(draft.candidate for draft in voting if named[draft.candidate] == answer),
            probability,
        )
        for answer, probability in weigh_answers(weights, question, voting, named).items()
    ]
    groups.sort(key=lambda group: (-group.probability, -len(group.candidates), group.answer))
    silent = {draft.candidate for draft in drafts} - {drafts[index].candidate for index in compared}
    return Tally(groups=tuple(groups), compared=len(compared), silent=tuple(sorted(silent)))
