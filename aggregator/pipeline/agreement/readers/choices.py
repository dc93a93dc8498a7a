"""Reads which of the question's alternatives an answer chooses, and which it only compares or rejects."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.pipeline.agreement.readers.words import list_words, match_words
from aggregator.pipeline.agreement.segments import AnswerText, Segment
from aggregator.pipeline.answer_type import LETTERS, parse_option_letter

BOTH = -2
_LETTER = re.compile(
    r"(?:^|[\s(\[\"'*:])([A-Ja-j]|10|[1-9])(?:[)\].:,]|번|(?=\s*$)|(?=\s*[-–(])|(?=[은는이가입예야]))"
)
_BOTH = re.compile(
    r"둘\s?다|둘 모두|양쪽 다|모두 (?:가능|맞|괜찮)|상관없|아무거나|차이(?:가|는)?\s?(?:거의\s)?없|비슷(?:해"
    r"|하"
    r"|합)"
    r"|\bboth\b"
    r"|\beither (?:one|is|works)\b|\bneither\b|\bno difference\b|\bthe same\b",
    re.I,
)
_AFTER_PREFERRED = re.compile(
    r"^\s?(?:이|가|을|를|은|는|쪽이|쪽을|이요|요|로|으로)?\s?(?:더\s|훨씬\s|제일\s|가장\s|조금\s|좀\s)?(?:더|훨씬|낫|나아|나은|좋|추천|맞|정답"
    r"|빠르|싸|저렴|유리|선택|적합|입니다|이에요|예요|이요|요\b|가 답)"
    r"|^\s?(?:is|would be|wins|are|has|gives|works|tends to be)\s?(?:the\s)?(?:\w+\s)?(?:better|best"
    r"|correct|right|answer|winner|safer|cheaper|faster|healthier|more|larger|bigger|higher|way to go|one)?",
    re.I,
)
_AFTER_COMPARED = re.compile(
    r"^\s?(?:보다|에 비해|대비|말고|대신|(?:은|는)?\s?(?:아니|틀|잘못))|^\s?(?:is|are)\s?(?:not|n't|wrong"
    r"|incorrect)",
    re.I,
)
_BEFORE_COMPARED = re.compile(
    r"(?:\bthan|\bover|\binstead of|\brather than|\bnot|\bunlike|\bversus|\bcompared (?:to"
    r"|with))\s+(?:the\s|a\s|an\s)?$",
    re.I,
)
_BEFORE_PREFERRED = re.compile(
    r"(?:\brecommend|\bgo (?:with|for)|\bchoose|\bpick|\bprefer|\bsuggest|\bcorrect (?:answer"
    r"|option) is|\buse|\bget|\bit's|\bit is|\banswer is|\banswer:|정답은|답은|정답:|답:)\s+(?:the\s|a\s"
    r"|an\s)?$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The index of the chosen alternative (BOTH for all), and by how much it leads."""

    index: int
    margin: float


def _find_option(segment: Segment, words: Sequence[str]) -> list[tuple[int, int]]:
    """Return where a segment mentions an alternative: most of its words, near each other."""
    if not words:
        return []
    rows = list_words(segment.text)
    spans = []
    for at, (folded, _, start, end) in enumerate(rows):
        if match_words(folded, words[0]) < 0.75:
            continue
        rest = rows[at : at + len(words) + 2]
        hits = sum(any(match_words(row[0], word) >= 0.75 for row in rest) for word in words)
        if hits >= math.ceil(0.6 * len(words)):
            last = max(row[3] for row in rest if any(match_words(row[0], word) >= 0.75 for word in words))
            spans.append((start, max(end, last) if len(words) > 1 else end))
    return spans


def _weigh_mention(segment: Segment, start: int, end: int) -> float:
    before, after = segment.text[max(0, start - 24) : start], segment.text[end : end + 18]
    # The particle of the word stands inside its span: look for "보다" in it as well.
    written = segment.text[start:end]
    weight = math.exp(0.6 * min(3.0, max(-3.0, segment.weight)))
    if segment.sentence.is_bold(start, end):
        weight *= 2.0
    is_compared = written.endswith(("보다", "보다는", "말고", "대신")) or _AFTER_COMPARED.search(after)
    if is_compared or _BEFORE_COMPARED.search(before) or segment.sentence.is_rejected(start, end):
        return -weight
    if _AFTER_PREFERRED.search(after) or _BEFORE_PREFERRED.search(before):
        weight *= 2.0
    return weight


def _score_options(answer: AnswerText, options: Sequence[Sequence[str]]) -> list[float]:
    scores = [0.0] * len(options)
    for segment in answer.segments:
        for index, words in enumerate(options):
            for start, end in _find_option(segment, words):
                scores[index] += _weigh_mention(segment, start, end)
    return scores


def _read_letters(answer: AnswerText, count: int) -> list[float]:
    scores = [0.0] * count
    for segment in answer.segments:
        found = _LETTER.search(segment.text)
        letter = parse_option_letter(found[1]) if found else ""
        if found and letter in LETTERS[:count] and (found.start() < 3 or segment.is_labelled):
            is_rejected = segment.sentence.is_rejected(found.start(1), found.end(1))
            scores[LETTERS.index(letter)] += (-1.0 if is_rejected else 3.0) * math.exp(
                0.6 * min(3.0, segment.weight)
            )
    return scores


def read_choice(answer: AnswerText, options: Sequence[str], *, is_lettered: bool) -> Choice | None:
    """Return the alternative that an answer chooses, or None when it names none."""
    words = [[folded for folded, *_ in list_words(option)] for option in options]
    scores = _score_options(answer, words)
    if is_lettered:
        lettered = _read_letters(answer, len(options))
        scores = [a + b for a, b in zip(scores, lettered, strict=True)]
    order = sorted(range(len(scores)), key=lambda index: -scores[index])
    if answer.segments and _BOTH.search(answer.segments[0].text) and len(options) == 2:
        return Choice(BOTH, 1.0)
    if not order or (scores[order[0]] <= 0 and min(scores) >= 0):
        return None
    total = sum(abs(score) for score in scores)
    return Choice(order[0], (scores[order[0]] - scores[order[1]]) / total if total else 0.0)
