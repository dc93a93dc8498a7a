"""Measures what two answers of a question share and where they conflict, as features of the head."""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.agreement.candidates import match_candidates, share_candidates, share_numbers
from aggregator.pipeline.agreement.mentions.phrases import match_phrases
from aggregator.pipeline.agreement.question.expected_answer import ExpectedAnswer
from aggregator.pipeline.agreement.question.question_patterns import CHOICE, KINDS, LIST, NAME
from aggregator.pipeline.agreement.readers.choices import BOTH
from aggregator.pipeline.agreement.readers.dates import conflicting_fields, measure_match
from aggregator.pipeline.agreement.readers.item_lists import measure_list_overlap
from aggregator.pipeline.agreement.readers.quantity import (
    are_equal,
    comparable,
    is_same,
    relative_gap,
    rounds_to,
    within_range,
)
from aggregator.pipeline.agreement.readers.verdicts import NO_VERDICT
from aggregator.pipeline.agreement.readers.words import match_words
from aggregator.pipeline.agreement.readings import Reading, Weighed
from aggregator.pipeline.answer_type import DATE, LITERAL, NUMBER, TRUTH

Numbers = NDArray[np.float64]
_TOP, _PHRASES, _PHRASE_FEATURES = 5, 8, 8
FEATURES = (
    "value_both", "value_equal", "value_rounds", "value_gap", "value_expected", "value_found", "value_lead",
    "value_range", "value_numbers",
    "date_both", "date_equal", "date_conflict", "date_expected", "date_found",
    "verdict_same", "verdict_sure",
    "polarity_product", "polarity_lead", "polarity_body", "conditional_differs",
    "choice_equal", "choice_conflict", "choice_margin",
    "list_jaccard", "list_contained", "list_lengths",
    "refusal_both", "refusal_one", "no_verdict_both", "no_verdict_one",
    "code_equal", "code_both", "code_inside",
    "focus_min", "focus_max", "focus_top_min", "focus_top_max", "focus_inside", "focus_rejected",
    "words_jaccard", "phrase_expected", "phrase_top", "phrase_found_min", "phrase_found_max", "phrase_known",
    "phrase_share", "phrase_joined", "phrase_numbers_differ",
    "text_similarity", "text_equal", "negations_differ",
    "length_min", "length_max", "focus_mass_min",
    "candidate_same", "candidate_clear", "number_candidate_same", "number_candidate_clear",
    *(f"asks_{kind}" for kind in KINDS),
    "kind_evidence",
)  # fmt: skip
_NEGATIONS = ("않", "없", "아니", "아닙", "못", "안 ", " not ", "n't", " no ", "never", "cannot")


def _softmax(saliences: Sequence[float]) -> list[float]:
    top = max(saliences)
    weights = [math.exp(each - top) for each in saliences]
    total = sum(weights)
    return [weight / total for weight in weights]


def _find_value(top: Weighed, values: Sequence[Weighed]) -> float:
    """Return how prominent the top value of one answer is in another: 1 is its top, 0 is not in it."""
    for each in values:
        # The most salient come first.
        if is_same(top.quantity, each.quantity):
            return math.exp((each.salience - values[0].salience) / 2)
    return 0.0


def _compare_values(one: Reading, other: Reading) -> list[float]:
    a, b = one.values, other.values
    if not a or not b:
        return [0.0] * 9
    first, second = a[0].quantity, b[0].quantity
    equal, rounded = float(are_equal(first, second)), float(rounds_to(first, second))
    gap = min(3.0, -math.log10(max(1e-3, relative_gap(first, second)))) if comparable(first, second) else -1.0
    p, q = _softmax([each.salience for each in a[:_TOP]]), _softmax([each.salience for each in b[:_TOP]])
    expected = sum(
        x * y
        for x, v in zip(p, a, strict=False)
        for y, w in zip(q, b, strict=False)
        if is_same(v.quantity, w.quantity)
    )
    found = sorted((_find_value(a[0], b), _find_value(b[0], a)))
    leads = [_measure_margin(each) for each in (a, b)]
    numbers = [{round(each.quantity.value, 9) for each in values} for values in (a, b)]
    shared = len(numbers[0] & numbers[1]) / min(len(numbers[0]), len(numbers[1]))
    spread = float(within_range(first, second))
    return [1.0, equal, rounded, gap, expected, found[0] + 0.01 * found[1], min(leads), spread, shared]


def _measure_margin(values: Sequence[Weighed]) -> float:
    """Return by how much the most salient value leads the next different one."""
    for each in values[1:]:
        if not is_same(values[0].quantity, each.quantity):
            return min(4.0, values[0].salience - each.salience)
    return 4.0


def _compare_moments(wanted: frozenset[str], one: Reading, other: Reading) -> list[float]:
    a, b = one.moments, other.moments
    if not a or not b:
        return [0.0] * 5
    first, second = a[0].moment, b[0].moment
    conflict = conflicting_fields(first, second)
    if wanted & (first.fixed & second.fixed):
        conflict &= wanted
    p, q = _softmax([each.salience for each in a[:_TOP]]), _softmax([each.salience for each in b[:_TOP]])
    expected = sum(
        x * y * measure_match(v.moment, w.moment, wanted)
        for x, v in zip(p, a, strict=False)
        for y, w in zip(q, b, strict=False)
    )
    found = min(
        max(measure_match(top.moment, each.moment, wanted) for each in rest[:8])
        for top, rest in ((a[0], b), (b[0], a))
    )
    return [1.0, measure_match(first, second, wanted), float(bool(conflict)), expected, found]


def _weigh_verdict(reading: Reading) -> float:
    """Return the verdict: weaker where only predicates give it or they conflict, 0 where none is given."""
    polarity = reading.polarity
    if reading.refusal > 0.6 or (reading.no_verdict >= 0.6 and not polarity.opening):
        return 0.0
    if not polarity.opening:
        return math.tanh(polarity.body)
    if polarity.opening * polarity.body < -0.3:
        return 0.4 * polarity.sign
    return float(polarity.sign)


def _compare_verdicts(one: Reading, other: Reading) -> list[float]:
    a, b = one.polarity, other.polarity
    is_read = one.verdict is not NO_VERDICT and other.verdict is not NO_VERDICT
    sure = [max(each.verdict.affirms, each.verdict.denies, each.verdict.is_open) for each in (one, other)]
    polarity = [
        one.verdict.match(other.verdict) if is_read else 0.0,
        min(sure) if is_read else 0.0,
        _weigh_verdict(one) * _weigh_verdict(other),
        float(a.opening * b.opening),
        math.tanh(a.body) * math.tanh(b.body),
        float(a.is_conditional != b.is_conditional),
    ]
    if one.choice is None or other.choice is None:
        return [*polarity, 0.0, 0.0, 0.0]
    equal = one.choice.index == other.choice.index
    clear = min(one.choice.margin, other.choice.margin)
    both = BOTH in {one.choice.index, other.choice.index}
    return [*polarity, float(equal), float(not equal) * (0.6 if both else 1.0), clear]


def _compare_declined(one: Reading, other: Reading) -> list[float]:
    a, b, c, d = one.refusal, other.refusal, one.no_verdict, other.no_verdict
    return [min(a, b), abs(a - b), min(c, d), abs(c - d)]


def _compare_codes(one: Reading, other: Reading) -> list[float]:
    if not one.codes and not other.codes:
        return [0.0, 0.0, 0.0]
    plain = [" ".join(each.text.plain.split()) for each in (one, other)]
    inside = [
        any(code in text for code in codes)
        for codes, text in ((one.codes, plain[1]), (other.codes, plain[0]))
    ]
    shared = bool(set(one.codes) & set(other.codes))
    return [float(shared), float(bool(one.codes and other.codes)), float(sum(inside)) / 2]


def _cover(one: Reading, other: Reading) -> tuple[float, float]:
    """Return the shares of one answer's focus, of all its heaviest words and of the first, in the other."""
    if not one.top:
        return 0.0, 0.0
    places = dict(other.scaled)
    total, covered, first = 0.0, 0.0, 0.0
    for index, (word, weight) in enumerate(one.top):
        total += weight
        covered += weight * (places[word] if word in places else _find_word(word, other.scaled))
        if not index:
            first = covered / total
    return covered / total, first


def _find_word(word: str, scaled: Sequence[tuple[str, float]]) -> float:
    """Return how surely a word stands among others that begin with the heaviest, times its scale."""
    best = 0.0
    for each, scale in scaled:
        if scale <= best:
            break
        if found := match_words(word, each):
            best = max(best, found * scale)
    return best


def _find_inside(one: Reading, other: Reading) -> float:
    """Return the share of one answer's heaviest words that stand anywhere in the other."""
    top = one.top[:2]
    total = sum(weight for _, weight in top)
    hits = sum(
        weight
        for word, weight in top
        if word in other.all_words or any(match_words(word, each) >= 0.75 for each in other.all_words)
    )
    return hits / total if total else 0.0


def _compare_words(one: Reading, other: Reading) -> list[float]:
    forward, backward = _cover(one, other), _cover(other, one)
    whole, tops = sorted((forward[0], backward[0])), sorted((forward[1], backward[1]))
    shorter, longer = sorted((one, other), key=lambda each: len(each.all_words))
    rejected = [
        any(match_words(a.top[0][0], each) >= 0.8 for each in b.rejected_words) if a.top else False
        for a, b in ((one, other), (other, one))
    ]
    shared = len(one.all_words & other.all_words)
    union = len(one.all_words) + len(other.all_words) - shared
    return [
        *whole,
        *tops,
        _find_inside(shorter, longer),
        float(any(rejected)),
        shared / union if union else 0.0,
    ]


def _compare_phrases(one: Reading, other: Reading) -> list[float]:
    a, b = one.phrases[:_PHRASES], other.phrases[:_PHRASES]
    if not a or not b:
        return [0.0] * _PHRASE_FEATURES
    p, q = _softmax([each.salience for each in a]), _softmax([each.salience for each in b])
    match = [[match_phrases(v, w) for w in b] for v in a]
    expected = sum(x * y * match[i][j] for i, x in enumerate(p) for j, y in enumerate(q))
    forward = max(match[0][j] * min(1.0, q[j] / q[0]) for j in range(len(b)))
    backward = max(match[i][0] * min(1.0, p[i] / p[0]) for i in range(len(a)))
    known = float(a[0].is_known) + float(b[0].is_known)
    joined = float(a[0].is_joined != b[0].is_joined)
    numbers = a[0].numbers, b[0].numbers
    counted = float(all(numbers) and numbers[0].isdisjoint(numbers[1]))
    found = min(forward, backward), max(forward, backward)
    return [expected, match[0][0], *found, known, min(p[0], q[0]), joined, counted]


@lru_cache(maxsize=128)
def _fold_text(plain: str) -> str:
    return "".join(plain.casefold().split())


@lru_cache(maxsize=128)
def _list_grams(text: str) -> frozenset[tuple[str, str]]:
    return frozenset(pairwise(text))


@lru_cache(maxsize=128)
def _count_negations(plain: str) -> int:
    return sum(plain.count(mark) for mark in _NEGATIONS)


def _compare_texts(one: Reading, other: Reading) -> list[float]:
    texts = [_fold_text(each.text.plain) for each in (one, other)]
    grams = [_list_grams(text) for text in texts]
    shared = len(grams[0] & grams[1])
    union = len(grams[0]) + len(grams[1]) - shared
    trimmed = [text.strip(".!?~*\"'") for text in texts]
    negations = [_count_negations(each.text.plain) % 2 for each in (one, other)]
    lengths = sorted(math.log1p(len(text)) for text in texts)
    mass = min(each.top[0][1] if each.top else 0.0 for each in (one, other))
    return [
        shared / union if union else 0.0,
        float(trimmed[0] == trimmed[1]),
        float(negations[0] != negations[1]),
        *lengths,
        mass,
    ]


def _weigh_kind(kind: str, found: Mapping[str, float]) -> float:
    """Return the evidence of the reader that the question's kind is about, from -1 (conflict) to 1."""
    if kind == TRUTH:
        return 2 * found["verdict_same"] - 1
    if kind == NUMBER and found["value_both"]:
        return max(found["value_expected"], 0.8 * found["value_found"]) * 2 - 1
    if kind == DATE and found["date_both"]:
        return found["date_expected"] - found["date_conflict"]
    if kind == CHOICE:
        return (found["choice_equal"] - found["choice_conflict"]) * (0.3 + 0.7 * found["choice_margin"])
    if kind == LIST:
        return found["list_jaccard"] * 2 - 1
    if kind == LITERAL and found["code_both"]:
        return found["code_equal"] * 2 - 1
    if kind == NAME:
        return found["phrase_expected"] + found["candidate_same"] - 1
    return found["phrase_expected"] * 2 - 1 if kind in {NUMBER, DATE} else 0.0


def _is_valued(kind: str, one: Reading, other: Reading) -> bool:
    """Return whether a verdict, number or date says what both answer, so that names need not be compared."""
    if kind == NUMBER:
        return bool(one.values and other.values)
    return kind == TRUTH or (kind == DATE and bool(one.moments and other.moments))


def measure_pairs(
    expected: ExpectedAnswer, readings: Sequence[Reading], pairs: Sequence[tuple[int, int]]
) -> list[list[float]]:
    """Return the features of pairs of answers, given by their indices."""
    names, numbers = [list[float]()] * len(readings), [list[float]()] * len(readings)
    if expected.kind != TRUTH:
        names, numbers = share_candidates(readings), share_numbers(expected, readings)
    return [
        _measure_pair(
            expected,
            readings[a],
            readings[b],
            (*match_candidates(names[a], names[b]), *match_candidates(numbers[a], numbers[b])),
        )
        for a, b in pairs
    ]


def _measure_pair(
    expected: ExpectedAnswer, one: Reading, other: Reading, candidates: Sequence[float]
) -> list[float]:
    """Return the features of a pair of answers, in the order of FEATURES; the pair has no order.

    Numbers and dates in the answers to a yes/no question are details that say nothing about the verdict.
    """
    is_truth = expected.kind == TRUTH
    lengths = abs(len(one.items) - len(other.items)) / max(len(one.items), len(other.items), 1)
    measured = [
        *([0.0] * 9 if is_truth else _compare_values(one, other)),
        *([0.0] * 5 if is_truth else _compare_moments(expected.fields, one, other)),
        *_compare_verdicts(one, other),
        *measure_list_overlap(one.items, other.items),
        lengths,
        *_compare_declined(one, other),
        *_compare_codes(one, other),
        *_compare_words(one, other),
        *(
            [0.0] * _PHRASE_FEATURES
            if _is_valued(expected.kind, one, other)
            else _compare_phrases(one, other)
        ),
        *_compare_texts(one, other),
        *candidates,
        *(float(expected.kind == kind) for kind in KINDS),
    ]
    evidence = _weigh_kind(expected.kind, dict(zip(FEATURES, measured, strict=False)))
    return [*measured, evidence]
