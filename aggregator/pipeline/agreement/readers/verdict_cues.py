"""The cues of an answer to a yes/no question: which way it answers, and whether it answers one way at all."""

import math
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from aggregator.pipeline.agreement.readers.polarity import (
    Polarity,
    measure_sign,
    read_yes_or_no,
    split_clauses,
)
from aggregator.pipeline.agreement.readers.words import list_words, match_words
from aggregator.pipeline.agreement.segments import AnswerText, Segment

Cues = Mapping[str, float]
_HANGUL = re.compile("[가-힣]+")
_LATIN = re.compile("[A-Za-z']+")
_KOREAN_NEGATION = re.compile(
    r"않|없|아니|아닙|아님|못|안\s|안\s?(?:되|돼|됩|됨|된)|말(?:아|고|라)|마세요|마$|마\."
)
_BEFORE_NEGATED = re.compile(r"(?:안|못)\s$")
_ENGLISH_NEGATION = re.compile(r"\b(?:not|no|never|cannot|nothing|neither|without|hardly|barely)\b|n't", re.I)
_VARIES = re.compile(r"따라|다르|다릅|달라|나름|depend|var(?:y|ies)|up to you|some (?:people|do)")
_REFERS = re.compile(r"상의|문의|상담|확인해\s?보|알려\s?주|consult|ask your|check with|call your|talk to")
_CONDITION = re.compile(r"(?<!지)면\s|경우|때는|\bif\b|\bunless\b|\bwhen\b|\bas long as\b|\bonly\b|만\s")
_PART = re.compile(r"[,;]|고\s|\bbut\b")
_MAX_SEGMENTS, _MAX_WORDS, _TAIL_WORDS, _HEAD_WORDS = 12, 30, 4, 8
_PHRASE_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class TruthQuestion:
    """What the cues need of a yes/no question: its words, and which way it is put."""

    words: frozenset[str]
    asks_bad: bool
    is_negated: bool


@lru_cache(maxsize=512)
def _measure_restated(words: frozenset[str], text: str) -> float:
    """Return +1 where a sentence repeats a word of the question, -1 where it negates it, else 0."""
    rows = [
        row
        for row in list_words(text)
        if row[0] in words or any(match_words(row[0], word) >= 0.75 for word in words)
    ]
    if not rows:
        return 0.0
    start, end = rows[-1][2], rows[-1][3]
    if _HANGUL.search(text):
        negations = len(_KOREAN_NEGATION.findall(text[start : end + 14]))
        negations += bool(_BEFORE_NEGATED.search(text[:start]))
    else:
        negations = len(_ENGLISH_NEGATION.findall(text[max(0, start - 25) : end]))
    return -1.0 if negations % 2 else 1.0


@lru_cache(maxsize=512)
def _list_phrases(text: str, role: str) -> frozenset[str]:
    """Return the endings and stems of the last Korean words, or the English words and their pairs."""
    hangul = _HANGUL.findall(text)
    if hangul:
        tail = " ".join(hangul[-_TAIL_WORDS:])
        ends = {f"{role} end {tail[-size:]}" for size in range(2, 8) if len(tail) >= size}
        stems = {word[:size] for word in hangul[-_HEAD_WORDS:] for size in (2, 3) if len(word) >= size}
        return frozenset(ends | {f"{role} head {stem}" for stem in stems})
    words = [word.casefold() for word in _LATIN.findall(text)][:_MAX_WORDS]
    pairs = (f"{role} word {one} {other}" for one, other in pairwise(words))
    opened = (f"{role} opens {word}" for word in words[:3])
    return frozenset((*(f"{role} word {word}" for word in words), *pairs, *opened))


def _end_of(text: str) -> str:
    """Return the clause of a Korean sentence that holds its verdict, or an English sentence."""
    return (split_clauses(text) or [text])[-1] if _HANGUL.search(text) else text


def _list_asserted(answer: AnswerText) -> list[Segment]:
    asserted = [each for each in answer.segments if not each.text.rstrip().endswith("?")]
    return asserted[:_MAX_SEGMENTS] or list(answer.segments[:1])


def _add_sentence(cues: dict[str, float], name: str, segment: Segment, sign: float, restated: float) -> None:
    cues[f"sign {name}"] += sign
    cues[f"restated {name}"] += restated
    if segment.is_belief:
        cues[f"belief {name}"] += sign


def measure_verdict_cues(answer: AnswerText, polarity: Polarity, question: TruthQuestion) -> Cues:
    """Return the signed cues: positive where they affirm what is asked."""
    cues: dict[str, float] = defaultdict(float)
    segments = _list_asserted(answer)
    if not segments:
        return cues
    language = "ko" if _HANGUL.search(answer.plain) else "en"
    put = f"{language} {'negated' if question.is_negated else 'plain'}"
    first, last = segments[0], segments[-1]
    concluding = next((each for each in reversed(segments) if each.is_concluding), None)
    opening = read_yes_or_no(first.text)
    turned = -opening if question.is_negated and language == "ko" else opening
    cues["opening"] = turned
    cues[f"opening {put}"] = turned
    cues[f"opening {put} {'bad' if question.asks_bad else 'good'}"] = turned
    for name, segment in (("first", first), ("last", last), ("concluding", concluding)):
        if segment is None:
            continue
        sign = measure_sign(segment.text, asks_bad=question.asks_bad)
        restated = _measure_restated(question.words, segment.text)
        _add_sentence(cues, name, segment, sign, restated)
        _add_sentence(cues, f"{name} {put}", segment, sign, restated)
        if not opening:
            cues[f"sign {name} unopened"] += sign
        if len(segments) == 1:
            _add_sentence(cues, f"{name} only", segment, sign, restated)
    cues["body"] = math.tanh(polarity.body)
    cues[f"body {put}"] = cues["body"]
    cues["later opening"] = 0.0 if opening else polarity.opening
    _add_phrases(cues, first, last, -1.0 if question.asks_bad else 1.0)
    return cues


def _add_phrases(cues: dict[str, float], first: Segment, last: Segment, direction: float) -> None:
    weight = _PHRASE_WEIGHT * direction
    sentences = (first,) if first is last else (first, last)
    for role, segment in zip(("first", "last"), sentences, strict=False):
        for phrase in _list_phrases(_end_of(segment.text), role):
            cues[phrase] += weight
    for segment in sentences:
        for phrase in _list_phrases(_end_of(segment.text), "any"):
            cues[phrase] += weight


def measure_open_cues(
    answer: AnswerText, polarity: Polarity, question: TruthQuestion, declined: tuple[float, float]
) -> Cues:
    """Return the cues of giving no verdict; `declined` says how surely it refuses, and that it depends."""
    segments = _list_asserted(answer)
    if not segments:
        return {"bias": 1.0}
    plain = answer.plain
    first = segments[0].text
    first_and_last = [
        measure_sign(each.text, asks_bad=question.asks_bad) for each in (segments[0], segments[-1])
    ]
    parts = [measure_sign(part, asks_bad=question.asks_bad) for part in _PART.split(first) if part]
    opening = read_yes_or_no(first)
    mixed, conditional = float(min(parts, default=0) < 0 < max(parts, default=0)), _CONDITION.search(first)
    cues = {
        "bias": 1.0,
        "refusal": declined[0],
        "depends": declined[1],
        "unopened": float(not opening),
        "strength": abs(math.tanh(polarity.body)),
        "length": math.log1p(len(plain)) / 5,
        "asks back": float(plain.rstrip().endswith("?")),
        "conditional": float(polarity.is_conditional),
        "varies": float(bool(_VARIES.search(plain))),
        "refers": float(bool(_REFERS.search(plain))),
        "turns": float(first_and_last[0] * first_and_last[1] < 0),
        "opening turns": float(opening * polarity.body < -0.3),
        "mixed": mixed,
        "condition first": float(bool(conditional)),
        "mixed condition": mixed * bool(conditional),
        "single": float(len(segments) == 1),
    }
    cues.update(dict.fromkeys(_list_terms(plain), _PHRASE_WEIGHT))
    return cues


def _list_terms(plain: str) -> list[str]:
    """Return the English words of an answer and the beginnings of its Korean ones, alone and in pairs."""
    hangul = (word[:2] for word in _HANGUL.findall(plain) if len(word) > 1)
    words = [*_LATIN.findall(plain.casefold()), *hangul][: 2 * _MAX_WORDS]
    return [f"word {word}" for word in words] + [f"word {one} {other}" for one, other in pairwise(words)]
