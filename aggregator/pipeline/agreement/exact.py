"""Decides pairs of answers that exact readers are sure of: equal texts, bare values, lettered choices."""

import re

from aggregator.pipeline.agreement.expected_answer import ExpectedAnswer
from aggregator.pipeline.agreement.readers.quantity import are_equal
from aggregator.pipeline.agreement.readers.words import match_words
from aggregator.pipeline.agreement.readings import Reading

SURE_SAME, SURE_DIFFERENT = 0.99, 0.01
REFUSAL = 0.6
MOST_STATED = 3
_EDGES = re.compile(r"^[\s*\"'`.,!~:()]+|[\s*\"'`.,!~:()]+$")


def _bare(reading: Reading) -> str:
    return _EDGES.sub("", " ".join(reading.text.plain.casefold().split()))


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


def compare_exactly(expected: ExpectedAnswer, one: Reading, other: Reading) -> float | None:
    """Return the probability for equal texts, bare values and lettered choices; None for all others."""
    texts = _bare(one), _bare(other)
    if not all(texts):
        return 0.5
    if texts[0] == texts[1]:
        return SURE_SAME
    if (one.refusal > 0.9) != (other.refusal > 0.9) and max(map(len, texts)) < 200:
        return SURE_DIFFERENT
    if (
        expected.is_lettered
        and one.choice
        and other.choice
        and min(one.choice.margin, other.choice.margin) > 0.6
    ):
        return SURE_SAME if one.choice.index == other.choice.index else SURE_DIFFERENT
    if _state_the_same(one, other):
        return SURE_SAME
    values = [
        reading.values[0].quantity
        for reading in (one, other)
        if len(reading.values) == 1 and not reading.focus
    ]
    if (
        len(values) == 2
        and values[0].dimension == values[1].dimension
        and not one.moments
        and not other.moments
    ):
        is_short = max(map(len, texts)) <= 24
        if is_short and are_equal(values[0], values[1]):
            return SURE_SAME
    return None
