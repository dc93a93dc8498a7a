"""What one answer says: refusal, polarity, choice, values, moments, items and focus words."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from aggregator.pipeline.agreement.mentions.phrases import Phrase, Run, read_phrase
from aggregator.pipeline.agreement.mentions.salience import MOMENT, VALUE, WORD, Cues, weigh_segment
from aggregator.pipeline.agreement.mentions.sentences import Mentions, load_sentence_reader
from aggregator.pipeline.agreement.question.expected_answer import ExpectedAnswer, read_question, refine_kind
from aggregator.pipeline.agreement.question.question_patterns import LIST, NAME, OPEN
from aggregator.pipeline.agreement.readers.choices import Choice, read_choice
from aggregator.pipeline.agreement.readers.dates import Moment
from aggregator.pipeline.agreement.readers.item_lists import Item, read_items
from aggregator.pipeline.agreement.readers.non_answers import measure_no_verdict, measure_refusal
from aggregator.pipeline.agreement.readers.polarity import Polarity, read_polarity
from aggregator.pipeline.agreement.readers.quantity import Quantity
from aggregator.pipeline.agreement.readers.verdict_cues import Cues as VerdictCues
from aggregator.pipeline.agreement.readers.verdict_cues import (
    TruthQuestion,
    measure_open_cues,
    measure_verdict_cues,
)
from aggregator.pipeline.agreement.readers.verdicts import NO_VERDICT, Verdict, judge_verdict
from aggregator.pipeline.agreement.segments import CODE, AnswerText, Segment, cut_segments
from aggregator.pipeline.answer_type import TRUTH

# The kinds of question whose answers may be lists.
LISTED = {LIST, NAME, OPEN}
_MAX_WORDS, TOP_WORDS, MAX_PHRASES = 120, 6, 12


class Weighed(NamedTuple):
    """A quantity with the salience of being the answer."""

    quantity: Quantity
    salience: float
    cues: Cues = ((), ())


class WeighedMoment(NamedTuple):
    """A date or time with the salience of being the answer."""

    moment: Moment
    salience: float
    cues: Cues = ((), ())


class WeighedTerm(NamedTuple):
    """A content word with the salience of being the answer."""

    word: str
    salience: float
    cues: Cues
    is_known: bool
    is_rejected: bool


@dataclass(frozen=True)
class Reading:
    """What one answer says, most salient first."""

    text: AnswerText
    refusal: float
    no_verdict: float
    polarity: Polarity
    verdict: Verdict
    choice: Choice | None
    values: tuple[Weighed, ...]
    moments: tuple[WeighedMoment, ...]
    items: tuple[Item, ...]
    focus: dict[str, float]
    new_words: frozenset[str]
    words: tuple[WeighedTerm, ...]
    phrases: tuple[Phrase, ...]
    rejected_words: frozenset[str]
    all_words: frozenset[str]
    codes: tuple[str, ...]

    @cached_property
    def top(self) -> tuple[tuple[str, float], ...]:
        """Return the words of the largest shares, the largest first."""
        return self.ranked[:TOP_WORDS]

    @cached_property
    def ranked(self) -> tuple[tuple[str, float], ...]:
        """Return the words with their shares, the largest first."""
        return tuple(sorted(self.focus.items(), key=lambda row: -row[1]))

    @cached_property
    def scaled(self) -> tuple[tuple[str, float], ...]:
        """Return the words by share, with how much finding a word there counts: 1 for the first one."""
        return tuple((word, min(1.0, 0.4 + 0.6 * share / self.ranked[0][1])) for word, share in self.ranked)


def _read_values(
    segments: Sequence[Segment], mentions: Sequence[Mentions]
) -> tuple[list[Weighed], list[WeighedMoment]]:
    """Return the quantities and moments of an answer, most salient first."""
    values: list[Weighed] = []
    moments: list[WeighedMoment] = []
    for segment, found in zip(segments, mentions, strict=True):
        base = weigh_segment(VALUE, segment.cues) if found.values else 0.0
        values += [
            Weighed(each.quantity, base + each.weight, (segment.cues, each.cues)) for each in found.values
        ]
        base = weigh_segment(MOMENT, segment.cues) if found.moments else 0.0
        moments += [
            WeighedMoment(each.mention.moment, base + each.weight, (segment.cues, each.cues))
            for each in found.moments
        ]
    values.sort(key=lambda each: -each.salience)
    moments.sort(key=lambda each: -each.salience)
    return values, moments


def _read_words(
    segments: Sequence[Segment], mentions: Sequence[Mentions]
) -> tuple[list[WeighedTerm], list[tuple[float, Run]]]:
    """Return the words of an answer in order, and its phrases with their saliences."""
    words: list[WeighedTerm] = []
    runs: list[tuple[float, Run]] = []
    for segment, found in zip(segments, mentions, strict=True):
        if not found.words or len(words) >= _MAX_WORDS:
            continue
        base = weigh_segment(WORD, segment.cues)
        words += [
            WeighedTerm(
                each.word, base + each.weight, (segment.cues, each.cues), each.is_known, each.is_rejected
            )
            for each in found.words
        ]
        runs += [(base + run.weight, run) for run in found.runs]
    return words, runs


def _read_phrases(runs: Sequence[tuple[float, Run]]) -> tuple[Phrase, ...]:
    """Return the most salient phrases."""
    best = sorted(runs, key=lambda row: -row[0])[:MAX_PHRASES]
    return tuple(read_phrase(run, salience) for salience, run in best)


def _collect_focus(words: Sequence[WeighedTerm]) -> dict[str, float]:
    """Return the share of each word in the answer: the softmax of its best mention."""
    best: dict[str, float] = {}
    for each in words:
        best[each.word] = max(best.get(each.word, -99.0), each.salience)
    top = max(best.values(), default=0.0)
    weights = {word: math.exp(salience - top) for word, salience in best.items()}
    total = sum(weights.values()) or 1.0
    return {word: weight / total for word, weight in weights.items()}


def measure_verdict(
    expected: ExpectedAnswer, answer: AnswerText, polarity: Polarity, declined: tuple[float, float]
) -> tuple[VerdictCues, VerdictCues]:
    """Return the cues of which verdict an answer gives, and of giving none."""
    question = TruthQuestion(expected.words, expected.asks_bad, expected.is_negated)
    return (
        measure_verdict_cues(answer, polarity, question),
        measure_open_cues(answer, polarity, question, declined),
    )


def _read_verdict(
    expected: ExpectedAnswer, answer: AnswerText, polarity: Polarity, declined: tuple[float, float]
) -> Verdict:
    return judge_verdict(*measure_verdict(expected, answer, polarity, declined))


# A live turn compares the same answers again with each one that ends.
@lru_cache(maxsize=64)
def read_answer(expected: ExpectedAnswer, text: str) -> Reading:
    """Return what an answer to a question says."""
    answer = cut_segments(text)
    reader = load_sentence_reader(expected)
    mentions = [reader.read(each.sentence) for each in answer.segments]
    values, moments = _read_values(answer.segments, mentions)
    words, runs = _read_words(answer.segments, mentions)
    rejected = {each.word for each in words if each.is_rejected}
    kept = [each for each in words if not each.is_rejected]
    is_truth = expected.kind == TRUTH
    refusal, no_verdict = measure_refusal(answer.plain), measure_no_verdict(answer.plain)
    polarity = read_polarity(answer, asks_bad=expected.asks_bad, is_negated=is_truth and expected.is_negated)
    codes = [segment.text for segment in answer.segments if segment.kind == CODE]
    codes += [segment.text[a:b] for segment in answer.segments for a, b in segment.code]
    return Reading(
        text=answer,
        refusal=refusal,
        no_verdict=no_verdict,
        polarity=polarity,
        verdict=_read_verdict(expected, answer, polarity, (refusal, no_verdict)) if is_truth else NO_VERDICT,
        choice=read_choice(answer, expected.options, is_lettered=expected.is_lettered)
        if expected.options
        else None,
        values=tuple(values),
        moments=tuple(moments),
        items=tuple(read_items(answer, expected.words)) if expected.kind in LISTED else (),
        focus=_collect_focus(kept),
        new_words=frozenset(each.word for each in kept if not each.is_known),
        words=tuple(words),
        phrases=() if is_truth else _read_phrases(runs),
        rejected_words=frozenset(rejected - {each.word for each in kept}),
        all_words=frozenset(each.word for each in words),
        codes=tuple(re.sub(r"\s+", " ", code).strip() for code in codes if code.strip()),
    )


def read_answers(prompt: str, texts: Sequence[str]) -> tuple[ExpectedAnswer, list[Reading]]:
    """Return what a prompt asks for, in view of its answers, and what each of them says."""
    expected = refine_kind(read_question(prompt), texts)
    return expected, [read_answer(expected, text) for text in texts]
