"""Compares the answers of one question by what they say."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from aggregator.pipeline.agreement.agreement import Agreement, Pair, group_answers
from aggregator.pipeline.agreement.exact import REFUSAL, compare_exactly, compare_stated
from aggregator.pipeline.agreement.features import measure_pairs
from aggregator.pipeline.agreement.labels import label_answer
from aggregator.pipeline.agreement.readings import read_answers
from aggregator.pipeline.agreement.same_answer_head import load_head
from aggregator.pipeline.agreement.stated_answer import read_stated_answer
from aggregator.pipeline.answer_type import detect_answer_type
from aggregator.pipeline.types import Question


def compare_answers(question: Question, texts: Sequence[str]) -> Agreement:
    """Return which answers of a question say the same, which differ for sure, and which were not compared."""
    return compare_prompt(question.prompt, texts)


def compare_prompt(prompt: str, texts: Sequence[str]) -> Agreement:
    """Compare answers to a prompt without further context."""
    expected, readings = read_answers(prompt, texts)
    head = load_head()
    pairs = list(combinations(range(len(texts)), 2))
    answer_type = detect_answer_type(prompt)
    stated = [read_stated_answer(text, answer_type) for text in texts]
    probabilities: dict[Pair, float] = {}
    for one, other in pairs:
        found = compare_stated(stated[one], stated[other])
        if found is None:
            found = compare_exactly(expected, readings[one], readings[other])
        if found is not None:
            probabilities[one, other] = found
    open_pairs = [pair for pair in pairs if pair not in probabilities]
    if open_pairs:
        rows = measure_pairs(expected, readings, open_pairs)
        probabilities.update(zip(open_pairs, head.predict(rows).tolist(), strict=True))
    labels = [label_answer(expected, reading) for reading in readings]
    declined = frozenset(index for index, reading in enumerate(readings) if reading.refusal > REFUSAL)
    return replace(group_answers(probabilities, head.thresholds[expected.kind], labels), declined=declined)
