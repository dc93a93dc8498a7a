"""The sensitivity gate: a lexicon, patterns and a classifier decide whether a prompt may carry an ad."""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from language.deobfuscation import deobfuscate, fold
from language.lexicon import (
    find_entries,
    matches_class_anywhere,
    matches_crisis_pattern_anywhere,
    remove_idioms,
)
from language.pii import contains_pii
from language.sensitivity_head import (
    CRISIS,
    Classified,
    Suspicion,
    classify,
    classify_by_model,
    is_in_head_or_tail,
    ngram_risk,
)

logger = logging.getLogger(__name__)

SensitivityVerdict = Literal["pass", "block"]
UNREADABLE = "unreadable"
SECRETS = "secrets"
# A longer text is searched in full for crises and personal data only; the rest of the lexicon reads its head
# and tail, as it would delay the turn.
_READ_CHARS = 4_000
# How many passages between head and tail the classifier reads.
_MAX_PASSAGES = 3
# Safe sentences without their context score higher, and several are tried: a passage needs more risk than a
# prompt.
_PASSAGE_MARGIN = 0.6
MAX_PASSAGE_CHARS = 120
MIN_PASSAGE_CHARS = 15
_NO_LETTERS = re.compile(r"[\W_]+")
_END_OF_SENTENCE = re.compile(r"(?<=[.!?。…;]) ")


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a text, and the position where it starts."""

    start: int
    text: str

    @property
    def stop(self) -> int:
        """Return the position after its last character."""
        return self.start + len(self.text)


def split_passages(plain: str) -> list[Passage]:
    """Return all of a text in order: sentences, long ones cut into parts, very short ones joined."""
    spans: list[tuple[int, int]] = []
    for start, stop in _split_spans(plain):
        before = spans[-1] if spans else None
        is_short = before is not None and min(stop - start, before[1] - before[0]) < MIN_PASSAGE_CHARS
        if before is not None and is_short and stop - before[0] <= MAX_PASSAGE_CHARS:
            spans[-1] = (before[0], stop)
        else:
            spans.append((start, stop))
    return [Passage(start, plain[start:stop]) for start, stop in spans]


def _split_spans(plain: str) -> list[tuple[int, int]]:
    spans = []
    ends = [found.end() for found in _END_OF_SENTENCE.finditer(plain)]
    for start, stop in zip([0, *ends], [*ends, len(plain)], strict=True):
        while stop - start > MAX_PASSAGE_CHARS:
            blank = plain.rfind(" ", start + MAX_PASSAGE_CHARS // 2, start + MAX_PASSAGE_CHARS) + 1
            middle = blank or start + MAX_PASSAGE_CHARS
            spans.append((start, middle))
            start = middle
        spans.append((start, stop))
    return spans


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The verdict on a prompt; `needs_help` means that the answer must lead with a help line.

    `used_model` tells that the sentence model was asked.
    """

    verdict: SensitivityVerdict
    classes: tuple[str, ...] = ()
    needs_help: bool = False
    used_model: bool = field(default=False, compare=False)


def judge_sensitivity(text: str) -> Sensitivity:
    """Return whether an ad may stand beside this prompt; the verdict is block if the gate fails."""
    return judge_normalised(text, lambda: normalise(text))


def judge_by_model(text: str) -> Sensitivity:
    """Do the same by the sentence model alone, ten times as slowly: what the two stages are measured by."""
    return judge_normalised(text, lambda: normalise(text), classify_by_model)


def judge_normalised(
    text: str, normalised: Callable[[], str], classifier: Callable[..., Classified] = classify
) -> Sensitivity:
    """Do the same as `judge_sensitivity`, with the text that `normalise` returns."""
    try:
        return _judge(text, normalised(), classifier)
    except Exception:  # Fails closed: no error of the gate may put an ad beside a sensitive prompt.
        logger.exception("the sensitivity gate failed and blocked the ad")
        return Sensitivity("block", (UNREADABLE,))


def is_explicit_crisis(text: str) -> bool:
    """Return whether a crisis is stated outright: a fast check before `judge_sensitivity`."""
    try:
        return matches_crisis_pattern_anywhere(deobfuscate(text))
    except Exception:  # `judge_sensitivity` runs on the same text a moment later.
        logger.exception("the lexicon failed")
        return False


def _judge(text: str, plain: str, classifier: Callable[..., Classified]) -> Sensitivity:
    whole, folded = deobfuscate(text), fold(text)
    entries = find_entries(plain)
    classes = tuple(dict.fromkeys(name for name, _ in entries))
    if CRISIS not in classes and len(whole) > _READ_CHARS and matches_class_anywhere(whole, CRISIS):
        classes = (CRISIS, *classes)
    needs_help, used_model = matches_crisis_pattern_anywhere(whole), False
    if needs_help:
        classes = tuple(dict.fromkeys((CRISIS, *classes)))
    elif plain.strip():
        # Also run when the lexicon has found an entry: the name of a drug may mean a crisis, or only a film.
        read = partial(classifier, is_disguised=is_disguised(folded, whole))
        suspicion, used_model = _find_suspicion(plain, entries, read)
        # A help line replaces the answer, so a weak suspicion costs only the ad.
        needs_help = suspicion is not None and suspicion.topic == CRISIS and suspicion.is_strong
        if suspicion is not None:
            classes = tuple(dict.fromkeys((suspicion.topic, *classes)))
        elif CRISIS not in classes:
            classes = ()
    # The folded text is searched too: deobfuscation turns the digits of a password into letters.
    if SECRETS not in classes and (contains_pii(whole) or contains_pii(folded)):
        classes = (*classes, SECRETS)
    return Sensitivity("block" if classes else "pass", classes, needs_help, used_model)


def is_disguised(folded: str, whole: str) -> bool:
    """Return whether deobfuscation has changed letters: separated, replaced or doubled ones, not signs."""
    return _NO_LETTERS.sub("", folded) != _NO_LETTERS.sub("", whole)


def _find_suspicion(
    plain: str, entries: Sequence[tuple[str, int]], read: Callable[..., Classified]
) -> tuple[Suspicion | None, bool]:
    """Classify head and tail together, then the highest-ranked passages one by one.

    The sentence model reads one of them, and more only where they name a crisis.
    """
    names = {name for name, start in entries if is_in_head_or_tail(plain, start)}
    ends = read(plain, tuple(names))
    passages, used_model = _rank_passages(plain, entries), ends.used_model
    if ends.suspicion is not None:
        # The ad is blocked already: only a crisis would change the verdict.
        passages = [(passage, named) for passage, named in passages if CRISIS in named]
    for passage, named in passages:
        classified = read(passage, named, _PASSAGE_MARGIN, may_use_model=not used_model)
        used_model = used_model or classified.used_model
        suspicion = classified.suspicion
        if suspicion is not None and (ends.suspicion is None or suspicion.topic == CRISIS):
            return suspicion, used_model
    return ends.suspicion, used_model


def _rank_passages(plain: str, entries: Sequence[tuple[str, int]]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the passages to classify and the classes of their entries, the riskiest first.

    They hold an entry or lie outside of head and tail.
    """
    if len(plain) <= MAX_PASSAGE_CHARS:
        return []
    ranked = []
    for passage in split_passages(plain):
        named = dict.fromkeys(name for name, start in entries if passage.start <= start < passage.stop)
        if named or not (
            is_in_head_or_tail(plain, passage.start) and is_in_head_or_tail(plain, passage.stop - 1)
        ):
            ranked.append((passage.text, tuple(named)))
    ranked.sort(key=lambda passage: (bool(passage[1]), ngram_risk(passage[0])), reverse=True)
    return ranked[:_MAX_PASSAGES]


def normalise(text: str) -> str:
    """Return the text, or the beginning and end of a long one, without obfuscation and idioms."""
    half = _READ_CHARS // 2
    read = text if len(text) <= _READ_CHARS else f"{text[:half]} {text[-half:]}"
    return remove_idioms(deobfuscate(read))
