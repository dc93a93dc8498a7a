"""Finds what candidates agree on, and where similar sentences differ in numbers or a negation.

Similarity is that of character bigrams: it takes milliseconds where sentence embeddings take seconds, and
finds less: nearly equal sentences with another number or a negation. A judge's report finds more.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from aggregator.domain.events import Claim
from aggregator.pipeline.ranking.format_checks import CODE_BLOCK
from aggregator.pipeline.types import Draft

SAME_CLAIM_SIMILARITY = 0.72
MAX_CLAIMS = 6
MAX_CLAIM_CHARS = 240
_HASH_BUCKETS = 2_048
MAX_SENTENCES = 14
_MIN_LETTERS = 8
_SENTENCE = re.compile(r"(?<=[.!?。])[*_`\"')\]]*\s+|\n+")
_MARKS = re.compile(r"^[\s#>*\-•\d.)]+|[*_`]+")
_NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s?([^\W\d_]?)")
_NEGATION = re.compile(r"\b(?:not|no|never|cannot)\b|n't\b|않|없|아니|못하|(?:^|\s)안 ", re.I)


def split_sentences(text: str, most: int = MAX_SENTENCES) -> list[str]:
    """Return the first sentences of at least eight characters, without code and markup."""
    found = (_MARKS.sub("", part).strip() for part in _SENTENCE.split(CODE_BLOCK.sub(" ", text)))
    return [sentence for sentence in found if len(sentence) >= _MIN_LETTERS][:most]


def is_contradiction(one: str, other: str) -> bool:
    """Return whether two similar sentences differ in all their numbers of one unit, or in a negation."""
    counts = [
        {(number.replace(",", ""), unit) for number, unit in _NUMBER.findall(text)} for text in (one, other)
    ]
    numbers = [{number for number, _ in each} for each in counts]
    units = [{unit for _, unit in each} for each in counts]
    if numbers[0] and numbers[1] and numbers[0].isdisjoint(numbers[1]) and units[0] & units[1]:
        return True
    return bool(_NEGATION.search(one)) != bool(_NEGATION.search(other))


def vectorise_bigrams(sentences: Sequence[str], *, min_weight: float = 0.1) -> NDArray[np.float32]:
    """Return TF-IDF vectors of hashed character bigrams, unit rows of shape (sentences, buckets).

    The inverse document frequency (Spärck Jones, 1972) is over these sentences, and at least `min_weight`.
    """
    table = np.zeros((len(sentences), _HASH_BUCKETS), dtype=np.float32)
    for row, sentence in enumerate(sentences):
        letters = "".join(letter for letter in sentence.casefold() if letter.isalpha())
        pairs = Counter(pairwise(letters))
        for (first, second), times in pairs.items():
            table[row, (ord(first) * 31 + ord(second)) % _HASH_BUCKETS] += times**0.5
    rarity = np.log((1 + len(sentences)) / (1 + (table > 0).sum(axis=0))).clip(min_weight)
    table *= rarity.astype(np.float32)
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    return np.asarray(table / np.maximum(lengths, 1e-9), dtype=np.float32)


def find_claims(drafts: Sequence[Draft]) -> tuple[Claim, ...]:
    """Return the claims that drafts contradict each other in, then those that all share, cut to size."""
    sentences = [(draft.candidate, sentence) for draft in drafts for sentence in split_sentences(draft.text)]
    if len({candidate for candidate, _ in sentences}) < 2:
        return ()
    rows = vectorise_bigrams([sentence for _, sentence in sentences])
    similarity = rows @ rows.T
    matched: set[int] = set()
    contested, shared = [], []
    for index, (candidate, sentence) in enumerate(sentences):
        if index in matched:
            continue
        matches = _find_matches(index, similarity, sentences, matched)
        matched.update(matches, (index,))
        against = [match for match in matches if is_contradiction(sentence, sentences[match][1])]
        same = [sentences[match][0] for match in matches if match not in against]
        holders = tuple(dict.fromkeys([candidate, *same]))
        text = sentence[:MAX_CLAIM_CHARS]
        if against:
            other_text = sentences[against[0]][1][:MAX_CLAIM_CHARS]
            opponents = tuple(sentences[match][0] for match in against)
            contested.append(Claim("contested", text, holders, opponents, other_text))
        elif len(holders) == len(drafts):
            shared.append(Claim("shared", text, holders))
    return tuple([*contested, *shared][:MAX_CLAIMS])


def _find_matches(
    index: int, similarity: NDArray[np.float32], sentences: Sequence[tuple[str, str]], matched: set[int]
) -> list[int]:
    """Return each other candidate's most similar sentence that is similar enough and not matched yet."""
    nearest: dict[str, int] = {}
    for other, (candidate, _) in enumerate(sentences):
        if (
            candidate == sentences[index][0]
            or other in matched
            or similarity[index, other] < SAME_CLAIM_SIMILARITY
        ):
            continue
        if candidate not in nearest or similarity[index, other] > similarity[index, nearest[candidate]]:
            nearest[candidate] = other
    return sorted(nearest.values())
