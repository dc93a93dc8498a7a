"""Tells which answers say a sentence: numbers, dates, names and negation exactly, other words nearly."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.pipeline.agreement.readers.dates import Moment, conflicting_fields
from aggregator.pipeline.agreement.readers.quantity import PLAIN, Quantity, are_equal, rounds_to
from aggregator.pipeline.agreement.readers.words import match_words
from aggregator.pipeline.agreement.rejections import is_self_correction
from aggregator.pipeline.statements.sentences import MAX_SENTENCES, split_sentences
from aggregator.pipeline.statements.statement import ContentTerm, Statement, read_statement

# How alike two words must be to be one name, and two verbs of one stem.
SAME_WORD, SAME_STEM = 0.85, 0.5
# The share of the other sentence's words that the sentence must hold too.
MIN_COVERED = 0.75
_MAX_DENIAL_WORDS = 2
_HANGUL = re.compile("[가-힣]")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class StatedSentence:
    """A sentence of a candidate's answer and what it says."""

    candidate: str
    statement: Statement

    @property
    def text(self) -> str:
        """Return the sentence, verbatim."""
        return self.statement.text


def _denies(statement: Statement) -> bool:
    """Return whether a sentence only denies the one before it: "그것은 사실이 아닙니다."""
    return statement.sign < 0 and len(statement.words) <= _MAX_DENIAL_WORDS and not statement.values


def list_statements(candidate: str, text: str, most: int = MAX_SENTENCES) -> list[StatedSentence]:
    """Return the first sentences that an answer asserts: no questions, nothing that it takes back."""
    statements = [read_statement(sentence) for sentence in split_sentences(text, most)]
    corrected = max((i for i, each in enumerate(statements) if is_self_correction(each.text)), default=0)
    return [
        StatedSentence(candidate, each)
        for i, each in enumerate(statements)
        if i >= corrected
        and not each.is_question
        and not (i + 1 < len(statements) and _denies(statements[i + 1]))
    ]


def _is_same_value(one: Quantity, other: Quantity) -> bool:
    """Return whether two quantities are one: all their digits in one unit, the same value in two."""
    if one.dimension != other.dimension or one.is_approximate != other.is_approximate:
        return False
    if one.factor == other.factor:
        is_counted_alike = one.dimension != PLAIN or one.unit == other.unit
        return is_counted_alike and (one.value, one.high) == (other.value, other.high)
    return are_equal(one, other)


def _have_equal_values(one: Sequence[Quantity], other: Sequence[Quantity]) -> bool:
    """Return whether two sentences give the same numbers in the same order, in any unit and spelling."""
    return len(one) == len(other) and all(_is_same_value(a, b) for a, b in zip(one, other, strict=True))


def _have_equal_moments(one: Sequence[Moment], other: Sequence[Moment]) -> bool:
    """Return whether the other sentence gives the same dates, and no others; it may give them closer."""
    return len(one) == len(other) and all(
        a.fixed <= b.fixed and not conflicting_fields(a, b) for a, b in zip(one, other, strict=True)
    )


def _match_pair(one: ContentTerm, other: ContentTerm, *, is_predicate: bool) -> bool:
    bar = SAME_STEM if is_predicate else SAME_WORD
    if _DIGIT.search(one.folded + other.folded) and one.folded != other.folded:
        return False
    if match_words(one.folded, other.folded) < bar:
        return False
    cases = {one.case, other.case}
    return is_predicate or "" in cases or len(cases) == 1


def _match_words(one: Statement, other: Statement, *, is_asserted: bool = True) -> list[int] | None:
    """Return the places in the other sentence of one sentence's words; None where one of them is missing.

    With `is_asserted`, a word that one sentence only rejects is not one that the other asserts.
    """
    places: list[int] = []
    for index, word in enumerate(one.words):
        is_predicate = index == len(one.words) - 1 and bool(_HANGUL.match(word.folded[-1]))
        found = next(
            (
                place
                for place, each in enumerate(other.words)
                if place not in places
                and (each.is_rejected == word.is_rejected or not is_asserted)
                and _match_pair(word, each, is_predicate=is_predicate and place == len(other.words) - 1)
            ),
            None,
        )
        if found is None:
            return None
        places.append(found)
    return places


def _is_in_order(places: Sequence[int], statement: Statement) -> bool:
    """Return whether words keep their order, or only subject and complement of a sentence are exchanged."""
    ordered = sorted(places)
    if list(places) == ordered:
        return True
    if len(places) < 3 or len(statement.values) + len(statement.moments) > 1:
        return False
    return any([*places[cut:], *places[:cut]] == ordered for cut in range(1, len(places)))


def has_equal_details(one: Statement, other: Statement) -> bool:
    """Return whether numbers, dates, calculations, limits and negation of two sentences are the same."""
    return (
        _have_equal_values(one.values, other.values)
        and _have_equal_moments(one.moments, other.moments)
        and one.operators == other.operators
        and one.joints == other.joints
        and one.limits == other.limits
        and one.negations % 2 == other.negations % 2
        and one.sign * other.sign >= 0
    )


def is_stated_by(sentence: Statement, other: Statement) -> bool:
    """Return whether another sentence says what this one says."""
    if sentence.text == other.text:
        return True
    if other.is_question or sentence.is_question or not has_equal_details(sentence, other):
        return False
    places = _match_words(sentence, other)
    if places is None or not (places or sentence.values or sentence.moments):
        return False
    return len(places) >= MIN_COVERED * len(other.words) and _is_in_order(places, sentence)


def _find_changed_value(one: Statement, other: Statement) -> bool:
    """Return whether two sentences differ in one number and that surely: it is no rounding of the other."""
    pairs = list(zip(one.values, other.values, strict=False))
    changed = [i for i, (a, b) in enumerate(pairs) if not _is_same_value(a, b)]
    if len(one.values) != len(other.values) or len(changed) != 1:
        return False
    a, b = pairs[changed[0]]
    # Of two sums with other operands, neither is wrong.
    is_result = not one.operators or changed[0] == len(pairs) - 1
    is_surely_other = not are_equal(a, b) and not rounds_to(a, b)
    return is_result and a.dimension == b.dimension and a.unit == b.unit and is_surely_other


def _find_changed_moment(one: Statement, other: Statement) -> bool:
    """Return whether two sentences differ in one date."""
    pairs = list(zip(one.moments, other.moments, strict=False))
    changed = [1 for a, b in pairs if conflicting_fields(a, b)]
    return len(one.moments) == len(other.moments) and len(changed) == 1


def is_contradicted_by(sentence: Statement, other: Statement) -> bool:
    """Return whether another sentence says the same but for one number or date, or for a negation."""
    if other.is_question or sentence.is_question or sentence.operators != other.operators:
        return False
    if not (sentence.words or sentence.operators) or sentence.limits != other.limits:
        return False
    forth = _match_words(sentence, other, is_asserted=False)
    back = _match_words(other, sentence, is_asserted=False)
    if forth is None or back is None or not _is_in_order(forth, sentence):
        return False
    is_negated = sentence.negations % 2 != other.negations % 2
    values = _have_equal_values(sentence.values, other.values)
    moments = _have_equal_moments(sentence.moments, other.moments)
    if values and moments:
        return is_negated
    if is_negated:
        return False
    return (moments and _find_changed_value(sentence, other)) or (
        values and _find_changed_moment(sentence, other)
    )


def find_saying(sentence: Statement, stated: Sequence[StatedSentence]) -> dict[str, str]:
    """Return the candidates that say a sentence, each with the sentence of its own that does."""
    saying: dict[str, str] = {}
    for each in stated:
        if each.candidate not in saying and is_stated_by(sentence, each.statement):
            saying[each.candidate] = each.text
    return saying
