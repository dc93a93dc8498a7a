"""Where candidates agree and differ: sentences aligned by letters, told apart by numbers and negation.

Aligning by letters takes milliseconds where sentence vectors take seconds, and finds less: nearly the same
sentence with another number or a negation. A judge, where there is one, finds more.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from aggregator.domain.events import Claim
from aggregator.pipeline.types import Draft

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
SAME_CLAIM_SIMILARITY = 0.72
MAX_CLAIMS = 6
MAX_CLAIM_CHARS = 240
_HASH_BUCKETS = 2_048
MAX_SENTENCES = 14
_MIN_LETTERS = 8
_FENCE = re.compile(r"```.*?(?:```|$)", re.S)
_SENTENCE = re.compile(r"(?<=[.!?。])[*_`\"')\]]*\s+|\n+")
_MARKS = re.compile(r"^[\s#>*\-•\d.)]+|[*_`]+")
_NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s?([^\W\d_]?)")
_NEGATION = re.compile(r"\b(?:not|no|never|cannot)\b|n't\b|않|없|아니|못하|(?:^|\s)안 ", re.I)


def split_sentences(text: str, most: int = MAX_SENTENCES) -> list[str]:
    """Return the first sentences of a text worth comparing, code and marks aside."""
    found = (_MARKS.sub("", part).strip() for part in _SENTENCE.split(_FENCE.sub(" ", text)))
    return [sentence for sentence in found if len(sentence) >= _MIN_LETTERS][:most]


def is_contradiction(one: str, other: str) -> bool:
    """Tell whether two sentences about the same thing differ in their numbers or in a negation."""
    counts = [
        {(number.replace(",", ""), unit) for number, unit in _NUMBER.findall(text)} for text in (one, other)
    ]
    numbers = [{number for number, _ in each} for each in counts]
    units = [{unit for _, unit in each} for each in counts]
    if numbers[0] and numbers[1] and numbers[0].isdisjoint(numbers[1]) and units[0] & units[1]:
        return True
    return bool(_NEGATION.search(one)) != bool(_NEGATION.search(other))


def vectorise_bigrams(sentences: Sequence[str], *, least: float = 0.1) -> NDArray[np.float32]:
    """Return one unit row a sentence: its pairs of letters, rare ones counting more, all at least `least`."""
    table = np.zeros((len(sentences), _HASH_BUCKETS), dtype=np.float32)
    for row, sentence in enumerate(sentences):
        letters = "".join(letter for letter in sentence.casefold() if letter.isalpha())
        pairs = Counter(pairwise(letters))
        for (first, second), times in pairs.items():
            table[row, (ord(first) * 31 + ord(second)) % _HASH_BUCKETS] += times**0.5
    rarity = np.log((1 + len(sentences)) / (1 + (table > 0).sum(axis=0))).clip(least)
    table *= rarity.astype(np.float32)
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    return np.asarray(table / np.maximum(lengths, 1e-9), dtype=np.float32)


def find_claims(drafts: Sequence[Draft]) -> tuple[Claim, ...]:
    """Return what a page shows of the map: contradictions first, then what all share, cut to size."""
    claims = [
        claim
        for claim in map_disagreements(drafts, vectorise_bigrams)
        if claim.kind in {"contested", "shared"}
    ]
    return tuple(
        Claim(
            claim.kind,
            claim.text[:MAX_CLAIM_CHARS],
            claim.candidates,
            claim.against,
            claim.other_text[:MAX_CLAIM_CHARS],
        )
        for claim in claims[:MAX_CLAIMS]
    )


def map_disagreements(
    drafts: Sequence[Draft], embed: Embed = vectorise_bigrams, *, alike_from: float = SAME_CLAIM_SIMILARITY
) -> tuple[Claim, ...]:
    """Return the drafts' claims, contested ones first, then shared, then those that few hold."""
    said = [(draft.candidate, sentence) for draft in drafts for sentence in split_sentences(draft.text)]
    if len({candidate for candidate, _ in said}) < 2:
        return ()
    rows = embed([sentence for _, sentence in said])
    alike = np.where(rows @ rows.T >= alike_from, rows @ rows.T, -1.0).astype(np.float32)
    taken: set[int] = set()
    claims = []
    for place, (candidate, sentence) in enumerate(said):
        if place in taken:
            continue
        matches = _find_matches(place, alike, said, taken)
        taken.update(matches, (place,))
        same = [matched for matched in matches if not is_contradiction(sentence, said[matched][1])]
        against = [matched for matched in matches if matched not in same]
        holders = tuple(dict.fromkeys([candidate, *(said[matched][0] for matched in same)]))
        kind = "contested" if against else _name_kind(len(holders), len(drafts))
        other = said[against[0]][1] if against else ""
        claims.append(Claim(kind, sentence, holders, tuple(said[matched][0] for matched in against), other))
    order = {"contested": 0, "shared": 1, "held_by_some": 2, "added_by_one": 3}
    return tuple(sorted(claims, key=lambda claim: order[claim.kind]))


def _name_kind(holders: int, drafts: int) -> str:
    if holders == drafts:
        return "shared"
    return "added_by_one" if holders == 1 else "held_by_some"


def _find_matches(
    place: int, alike: NDArray[np.float32], said: Sequence[tuple[str, str]], taken: set[int]
) -> list[int]:
    """Return each other candidate's nearest sentence, if it is near enough and not yet spoken for."""
    nearest: dict[str, int] = {}
    for other, (candidate, _) in enumerate(said):
        if candidate == said[place][0] or other in taken or alike[place, other] < 0:
            continue
        if candidate not in nearest or alike[place, other] > alike[place, nearest[candidate]]:
            nearest[candidate] = other
    return sorted(nearest.values())
