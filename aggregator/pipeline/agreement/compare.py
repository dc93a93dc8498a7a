"""Compares the answers of one question by what they say."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from aggregator.pipeline.agreement.agreement import Agreement, Pair, group_answers
from aggregator.pipeline.agreement.expected_answer import ExpectedAnswer, read_question
from aggregator.pipeline.agreement.features import measure_pair
from aggregator.pipeline.agreement.labels import label_answer
from aggregator.pipeline.agreement.readers.quantities import are_equal
from aggregator.pipeline.agreement.readers.words import match_words
from aggregator.pipeline.agreement.readings import Reading, read_answer
from aggregator.pipeline.agreement.same_answer_head import load_head
from aggregator.pipeline.types import Question

# What exact readers are sure of; the head decides the rest.
SURE_SAME, SURE_DIFFERENT = 0.99, 0.01
REFUSAL = 0.6
MOST_STATED = 3
_EDGES = re.compile(r"^[\s*\"'`.,!~:()]+|[\s*\"'`.,!~:()]+$")


def compare_answers(question: Question, texts: Sequence[str]) -> Agreement:
    """Return which answers of a question say the same, which differ for sure, and which were not compared."""
    return compare_prompt(question.prompt, texts)


def compare_prompt(prompt: str, texts: Sequence[str]) -> Agreement:
    """Compare answers to a prompt without further context."""
    expected, head = read_question(prompt), load_head()
    readings = [read_answer(expected, text) for text in texts]
    pairs = list(combinations(range(len(texts)), 2))
    exact = {pair: _compare_exactly(expected, readings[pair[0]], readings[pair[1]]) for pair in pairs}
    probabilities: dict[Pair, float] = {pair: found for pair, found in exact.items() if found is not None}
    open_pairs = [pair for pair in pairs if pair not in probabilities]
    if open_pairs:
        rows = [measure_pair(expected, readings[one], readings[other]) for one, other in open_pairs]
        probabilities.update(zip(open_pairs, head.predict(rows).tolist(), strict=True))
    labels = [label_answer(expected, reading) for reading in readings]
    declined = frozenset(index for index, reading in enumerate(readings) if reading.refusal > REFUSAL)
    return replace(group_answers(probabilities, head.thresholds, labels), declined=declined)


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


def _bare(reading: Reading) -> str:
    return _EDGES.sub("", " ".join(reading.text.plain.casefold().split()))


def _compare_exactly(expected: ExpectedAnswer, one: Reading, other: Reading) -> float | None:
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
