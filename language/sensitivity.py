"""Whether a prompt may carry an ad: entries that name a sensitive subject, weighed by a classifier."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from language.deobfuscation import deobfuscate, fold
from language.lexicon import (
    find_entries,
    matches_class_anywhere,
    matches_crisis_pattern_anywhere,
    remove_idioms,
)
from language.passages import MAX_PASSAGE_CHARS, split_passages
from language.pii import contains_pii
from language.sensitivity_head import (
    CRISIS,
    Suspicion,
    classify,
    head_and_tail,
    is_in_head_or_tail,
    ngram_risk,
)

logger = logging.getLogger(__name__)

Verdict = Literal["pass", "block"]
UNREADABLE = "unreadable"
SECRETS = "secrets"
# A pasted book is searched for a crisis and for secrets; the rest of the lexicon, which would hold up the
# turn, reads both of its ends.
_READ_CHARS = 4_000
# Besides its ends, the head reads so many passages of a long text.
_MAX_PASSAGES = 3
# Torn from what is around it an innocent sentence looks odd, and there are several: each takes more risk.
_PASSAGE_MARGIN = 0.6


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What the gate made of a prompt; `needs_help` means the answer must lead with a help line."""

    verdict: Verdict
    classes: tuple[str, ...] = ()
    needs_help: bool = False


def judge_sensitivity(text: str) -> Sensitivity:
    """Say whether an ad may stand beside this prompt; whatever goes wrong inside, the verdict is block."""
    try:
        return _judge(text)
    except Exception:  # Fails closed: a broken gate must cost an ad, never a person.
        logger.exception("the sensitivity gate failed and blocked the ad")
        return Sensitivity("block", (UNREADABLE,))


def embedding_excerpt(text: str) -> str:
    """Return the part of a prompt whose vector the gate takes; whoever asks for it again finds it kept."""
    return head_and_tail(_read_plain(text))


def _read_plain(text: str) -> str:
    return remove_idioms(deobfuscate(_truncate_middle(text)))


def is_explicit_crisis(text: str) -> bool:
    """Say at once whether a crisis is told outright; `judge_sensitivity` also hears one told otherwise."""
    try:
        return matches_crisis_pattern_anywhere(deobfuscate(text))
    except Exception:  # What cannot be read here is judged in full a moment later.
        logger.exception("the lexicon failed")
        return False


def _judge(text: str) -> Sensitivity:
    whole, plain = deobfuscate(text), _read_plain(text)
    places = find_entries(plain)
    classes = tuple(dict.fromkeys(name for name, _ in places))
    if CRISIS not in classes and len(whole) > _READ_CHARS and matches_class_anywhere(whole, CRISIS):
        classes = (CRISIS, *classes)
    needs_help = matches_crisis_pattern_anywhere(whole)
    if needs_help:
        classes = tuple(dict.fromkeys((CRISIS, *classes)))
    elif plain.strip():
        # Asked even when the lexicon has found an entry: a drug named may be a crisis told, or only a film.
        smell = _find_suspicion(plain, places)
        # A help line takes the place of the answer, so a faint smell costs the ad and no more.
        needs_help = smell is not None and smell.topic == CRISIS and smell.is_strong
        if smell is not None:
            classes = tuple(dict.fromkeys((smell.topic, *classes)))
        elif CRISIS not in classes:
            classes = ()
    # As written too: taking disguises off spells out the digits of a password.
    if SECRETS not in classes and (contains_pii(whole) or contains_pii(fold(text))):
        classes = (*classes, SECRETS)
    return Sensitivity("block" if classes else "pass", classes, needs_help)


def _find_suspicion(plain: str, places: Sequence[tuple[str, int]]) -> Suspicion | None:
    """Return what the ends of a text smell of, or the passages between them that are the likeliest to."""
    names = {name for name, start in places if is_in_head_or_tail(plain, start)}
    ends_suspicion = classify(plain, tuple(names))
    between = _rank_passages(plain, places)
    if ends_suspicion is not None:
        # Nothing to lose but a crisis: the ad is lost already.
        between = [(passage, named) for passage, named in between if CRISIS in named]
    for passage, named in between:
        smell = classify(passage, named, _PASSAGE_MARGIN)
        if smell is not None and (ends_suspicion is None or smell.topic == CRISIS):
            return smell
    return ends_suspicion


def _rank_passages(plain: str, places: Sequence[tuple[str, int]]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the passages worth a vector of their own: with an entry, or never read at the ends."""
    if len(plain) <= MAX_PASSAGE_CHARS:
        return []
    told = []
    for passage in split_passages(plain):
        named = dict.fromkeys(name for name, start in places if passage.start <= start < passage.stop)
        if named or not (
            is_in_head_or_tail(plain, passage.start) and is_in_head_or_tail(plain, passage.stop - 1)
        ):
            told.append((passage.text, tuple(named)))
    # A vector takes most of a millisecond a letter; jamo say fairly well which passages deserve one.
    told.sort(key=lambda passage: (bool(passage[1]), ngram_risk(passage[0])), reverse=True)
    return told[:_MAX_PASSAGES]


def _truncate_middle(text: str) -> str:
    half = _READ_CHARS // 2
    return text if len(text) <= _READ_CHARS else f"{text[:half]} {text[-half:]}"
