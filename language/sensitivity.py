"""Whether a prompt may carry an ad: words that name a sensitive subject, or a classifier that smells one."""

import logging
from dataclasses import dataclass
from typing import Literal

from language.disguise import undisguise
from language.lexicon import find_classes

logger = logging.getLogger(__name__)

Verdict = Literal["pass", "block"]
CRISIS = "self_harm"
UNREADABLE = "unreadable"
JUDGED_CHARS = 8_000


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
    except Exception:  # The gate fails closed: a broken lexicon or model must cost an ad, never a person.
        logger.exception("the sensitivity gate failed and blocked the ad")
        return Sensitivity("block", (UNREADABLE,))


def _judge(text: str) -> Sensitivity:
    classes = find_classes(undisguise(_ends_of(text)))
    if not classes:
        return Sensitivity("pass")
    return Sensitivity("block", classes, CRISIS in classes)


def _ends_of(text: str) -> str:
    if len(text) <= JUDGED_CHARS:
        return text
    return f"{text[: JUDGED_CHARS // 2]} {text[-JUDGED_CHARS // 2 :]}"
