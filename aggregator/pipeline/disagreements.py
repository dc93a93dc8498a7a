"""Where candidates agree and differ: sentences aligned by meaning, told apart by numbers and negation."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.shapes import Draft

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
SAME_CLAIM = 0.92
SENTENCES_EACH = 14
_LEAST_LETTERS = 8
_FENCE = re.compile(r"```.*?(?:```|$)", re.S)
_SENTENCE = re.compile(r"(?<=[.!?。])\s+|\n+")
_MARKS = re.compile(r"^[\s#>*\-•\d.)]+|[*_`]+")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_NEGATION = re.compile(r"\b(?:not|no|never|cannot)\b|n't\b|않|없|아니|못하|안 ", re.I)


@dataclass(frozen=True, slots=True)
class Claim:
    """Something said: shared by all, added by one, held by some, or contested in number or negation."""

    kind: str
    text: str
    candidates: tuple[str, ...]
    against: tuple[str, ...] = ()
    other_text: str = ""


def split_sentences(text: str) -> list[str]:
    """Return the first sentences of a text worth comparing, code and marks aside."""
    found = (_MARKS.sub("", part).strip() for part in _SENTENCE.split(_FENCE.sub(" ", text)))
    return [sentence for sentence in found if len(sentence) >= _LEAST_LETTERS][:SENTENCES_EACH]


def clash(one: str, other: str) -> bool:
    """Tell whether two sentences about the same thing differ in their numbers or in a negation."""
    numbers = [{number.replace(",", "") for number in _NUMBER.findall(text)} for text in (one, other)]
    if numbers[0] and numbers[1] and numbers[0].isdisjoint(numbers[1]):
        return True
    return bool(_NEGATION.search(one)) != bool(_NEGATION.search(other))


def map_disagreements(drafts: Sequence[Draft], embed: Embed) -> tuple[Claim, ...]:
    """Return the drafts' claims, contested ones first, then shared, then those that few hold."""
    said = [(draft.candidate, sentence) for draft in drafts for sentence in split_sentences(draft.text)]
    if len({candidate for candidate, _ in said}) < 2:
        return ()
    rows = embed([sentence for _, sentence in said])
    alike = rows @ rows.T
    taken: set[int] = set()
    claims = []
    for place, (candidate, sentence) in enumerate(said):
        if place in taken:
            continue
        mates = _find_mates(place, alike, said, taken)
        taken.update(mates, (place,))
        same = [mate for mate in mates if not clash(sentence, said[mate][1])]
        against = [mate for mate in mates if mate not in same]
        holders = tuple(dict.fromkeys([candidate, *(said[mate][0] for mate in same)]))
        kind = "contested" if against else _name_kind(len(holders), len(drafts))
        other = said[against[0]][1] if against else ""
        claims.append(Claim(kind, sentence, holders, tuple(said[mate][0] for mate in against), other))
    order = {"contested": 0, "shared": 1, "held_by_some": 2, "added_by_one": 3}
    return tuple(sorted(claims, key=lambda claim: order[claim.kind]))


def _name_kind(holders: int, drafts: int) -> str:
    if holders == drafts:
        return "shared"
    return "added_by_one" if holders == 1 else "held_by_some"


def _find_mates(
    place: int, alike: NDArray[np.float32], said: Sequence[tuple[str, str]], taken: set[int]
) -> list[int]:
    """Return each other candidate's nearest sentence, if it is near enough and not yet spoken for."""
    nearest: dict[str, int] = {}
    for other, (candidate, _) in enumerate(said):
        if candidate == said[place][0] or other in taken or alike[place, other] < SAME_CLAIM:
            continue
        if candidate not in nearest or alike[place, other] > alike[place, nearest[candidate]]:
            nearest[candidate] = other
    return sorted(nearest.values())
