"""Whether a prompt may carry an ad: entries that name a sensitive subject, weighed by a classifier."""

import logging
from dataclasses import dataclass
from typing import Literal

from language.disguise import fold, undisguise
from language.lexicon import find_classes, tells_crisis, without_idioms
from language.pasted import holds_secret
from language.sensitivity_head import CRISIS, classify, ends_of

logger = logging.getLogger(__name__)

Verdict = Literal["pass", "block"]
UNREADABLE = "unreadable"
SECRETS = "secrets"
# A pasted book is read at both ends; past this the lexicon would hold up the turn.
_READ_CHARS = 4_000


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


def read_gist(text: str) -> str:
    """Return the part of a prompt whose vector the gate takes; whoever asks for it again finds it kept."""
    return ends_of(_read_plain(text))


def _read_plain(text: str) -> str:
    return without_idioms(undisguise(_ends_of(text)))


def names_crisis(text: str) -> bool:
    """Say at once whether a crisis is told outright; `judge_sensitivity` also hears one told otherwise."""
    try:
        return tells_crisis(_read_plain(text))
    except Exception:  # What cannot be read here is judged in full a moment later.
        logger.exception("the lexicon failed")
        return False


def _judge(text: str) -> Sensitivity:
    plain = _read_plain(text)
    classes = find_classes(plain)
    needs_help = tells_crisis(plain)
    if needs_help:
        classes = tuple(dict.fromkeys((CRISIS, *classes)))
    elif plain.strip():
        # Asked even when the lexicon has found an entry: a drug named may be a crisis told, or only a film.
        smell = classify(plain, classes)
        # A help line takes the place of the answer, so a faint smell costs the ad and no more.
        needs_help = smell is not None and smell.topic == CRISIS and smell.is_strong
        if smell is not None:
            classes = tuple(dict.fromkeys((smell.topic, *classes)))
        elif CRISIS not in classes:
            classes = ()
    # As written too: taking disguises off spells out the digits of a password.
    if SECRETS not in classes and (holds_secret(plain) or holds_secret(fold(_ends_of(text)))):
        classes = (*classes, SECRETS)
    return Sensitivity("block" if classes else "pass", classes, needs_help)


def _ends_of(text: str) -> str:
    half = _READ_CHARS // 2
    return text if len(text) <= _READ_CHARS else f"{text[:half]} {text[-half:]}"
