"""Decides pairs of answers that exact readers are sure of: equal texts, bare values, lettered choices."""

import re
from functools import lru_cache

from aggregator.pipeline.agreement.question.expected_answer import ExpectedAnswer
from aggregator.pipeline.agreement.question.question_patterns import NAME
from aggregator.pipeline.agreement.readers.quantity import Quantity, are_equal, rounds_to
from aggregator.pipeline.agreement.readers.words import match_words
from aggregator.pipeline.agreement.readings import Reading
from aggregator.pipeline.agreement.stated_answer import ShortAnswer
from aggregator.pipeline.answer_type import DATE, LITERAL, NUMBER, OPTION, PHRASE, TRUTH

SURE_SAME, UNKNOWN, SURE_DIFFERENT = 0.99, 0.5, 0.01
HINT_OF_REFUSAL, REFUSAL, SURE_REFUSAL = 0.2, 0.6, 0.9
MOST_STATED, BARE_CHARS, STATED_CHARS, CLEAR = 3, 24, 60, 0.6
_EDGES = re.compile(r"^[\s*\"'`.,!~:()]+|[\s*\"'`.,!~:()]+$")


# Numbers and dates are read with their units instead, and rounded.
_COMPARED_WHOLE = {OPTION, LITERAL, PHRASE, TRUTH}
_EXCLUSIVE = {OPTION, LITERAL}
# A list or a program may differ in a letter that is no word.
_NAMED = {NAME, NUMBER, DATE, TRUTH}


def compare_stated(one: ShortAnswer | None, other: ShortAnswer | None) -> float | None:
    """Return the probability for two answers that texts mark as theirs; None where form decides nothing."""
    if not one or not other or one.kind != other.kind or one.kind not in _COMPARED_WHOLE:
        return None
    if one == other:
        return SURE_SAME
    return SURE_DIFFERENT if one.kind in _EXCLUSIVE else None


@lru_cache(maxsize=128)
def _strip_edges(plain: str) -> str:
    return _EDGES.sub("", " ".join(plain.casefold().split()))


def _bare(reading: Reading) -> str:
    return _strip_edges(reading.text.plain)


def _state_the_same(one: Reading, other: Reading) -> bool:
    """Return whether two sentences add the same few words to the question, and reject or count nothing."""
    words = one.new_words, other.new_words
    if not all(1 <= len(each) <= MOST_STATED for each in words) or one.rejected_words or other.rejected_words:
        return False
    if one.values or other.values or one.moments or other.moments or one.refusal or other.refusal:
        return False
    if one.polarity.sign * other.polarity.sign < 0:
        return False
    return all(any(match_words(a, b) >= 0.9 for b in words[1]) for a in words[0]) and all(
        any(match_words(a, b) >= 0.9 for a in words[0]) for b in words[1]
    )


def _compare_choices(one: Reading, other: Reading) -> float | None:
    """Return the probability for two clear choices among lettered options."""
    if not one.choice or not other.choice or min(one.choice.margin, other.choice.margin) <= CLEAR:
        return None
    if one.choice.index == other.choice.index:
        return SURE_SAME
    return SURE_DIFFERENT if max(len(_bare(one)), len(_bare(other))) <= BARE_CHARS else None


def _compare_bare_values(one: Reading, other: Reading) -> float | None:
    """Return the probability for two answers that are nothing but a number of one dimension."""
    for reading in (one, other):
        if len(reading.values) != 1 or reading.focus or reading.moments or len(_bare(reading)) > BARE_CHARS:
            return None
    first, second = one.values[0].quantity, other.values[0].quantity
    if first.dimension != second.dimension:
        return None
    if are_equal(first, second):
        return SURE_SAME
    return None if rounds_to(first, second) else SURE_DIFFERENT


def _find_added_value(expected: ExpectedAnswer, reading: Reading) -> Quantity | None:
    """Return the one number that a short answer adds to those of the question, if it stands as the answer."""
    added = [
        value
        for value in reading.values
        if not any(
            value.quantity.unit == each.unit and are_equal(value.quantity, each)
            for each in expected.quantities
        )
    ]
    if len(added) != 1 or added[0].salience <= 0 or reading.rejected_words or reading.polarity.sign < 0:
        return None
    is_plain = not reading.moments and not reading.refusal and len(_bare(reading)) <= STATED_CHARS
    return added[0].quantity if is_plain else None


def _only_denies(reading: Reading) -> bool:
    """Return whether an answer says of its only number that it is not the answer."""
    return len(reading.values) == 1 and reading.values[0].salience < 0 and reading.polarity.sign < 0


def _add_the_same(expected: ExpectedAnswer, one: Reading, other: Reading) -> bool:
    """Return whether both answers restate the numbers of a question and add one and the same."""
    if expected.kind != NUMBER:
        return False
    first, second = _find_added_value(expected, one), _find_added_value(expected, other)
    if not first or not second or first.dimension != second.dimension:
        return False
    return are_equal(first, second)


def compare_exactly(expected: ExpectedAnswer, one: Reading, other: Reading) -> float | None:
    """Return the probability for equal texts, bare values and lettered choices; None for all others."""
    texts = _bare(one), _bare(other)
    if not all(texts):
        return UNKNOWN
    if texts[0] == texts[1] or min(one.refusal, other.refusal) > REFUSAL:
        return SURE_SAME
    weaker, surer = sorted((one.refusal, other.refusal))
    if weaker < HINT_OF_REFUSAL and surer > SURE_REFUSAL and max(map(len, texts)) < 200:
        return SURE_DIFFERENT
    if expected.is_lettered and (chosen := _compare_choices(one, other)) is not None:
        return chosen
    if expected.kind == NUMBER and (_only_denies(one) or _only_denies(other)):
        return UNKNOWN
    if (expected.kind in _NAMED and _state_the_same(one, other)) or _add_the_same(expected, one, other):
        return SURE_SAME
    return _compare_bare_values(one, other)
