"""Approximate sentence vectors from a table of token vectors, in a hundredth of the sentence model's time.

`language.training.fit_static_vectors` distils the table from the sentence model (static embeddings as of
Arora et al. 2017 and Model2Vec, refined by regression on sentence vectors): a text's vector is the
direction of the sum of its tokens' vectors. Texts are split as by the sentence model (Kudo 2018), with its
Korean and English pieces only.
"""

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

Array = NDArray[np.float32]
TABLE_FILE = Path(__file__).with_name("static_vectors.npz")
WORD_START = "▁"
OTHER_PIECE, JAMO_PIECE = "<other>", "<jamo>"
_RUN = re.compile(r"[가-힣]+|[a-z]+|[ㄱ-ㅣ]+|[0-9]|[^\w\s]|[^\W가-힣a-z0-9ㄱ-ㅣ]+")
_UNKNOWN_SCORE = -30.0
_WORD_CACHE_SIZE = 20_000
_READING_CACHE_SIZE = 64
_NIBBLE = 8
LONGEST_PIECE = 16
# Words of Latin letters that fall into pieces as short as these are names, typing errors, or Korean typed
# with Latin letters.
_SHORT_PIECE = 2.2
_LEAST_KNOWN = 0.7


@dataclass(frozen=True, slots=True)
class StaticReading:
    """A text's unit vector (384,) about the mean sentence vector, and whether its words are known."""

    vector: Array
    is_known: bool


@dataclass(frozen=True, slots=True)
class TokenTable:
    """Pieces with their log probabilities, and their vectors: `steps` (p,) times `levels` (p, 384)."""

    rows: dict[str, int]
    scores: list[float]
    levels: NDArray[np.int8]
    steps: Array
    _words: LRUCache[str, tuple[int, ...]] = field(default_factory=lambda: LRUCache(_WORD_CACHE_SIZE))

    def read(self, text: str) -> StaticReading:
        """Return the vector of a text that has passed `deobfuscate`."""
        rows: list[int] = []
        known = letters = latin_pieces = latin_letters = 0
        for found in _RUN.finditer(text):
            run, pieces = found.group(), self._split_run(found, text)
            rows += pieces
            if run[0].isalpha():
                letters += len(run)
                known += len(run) if pieces and pieces[0] != self.rows[OTHER_PIECE] else 0
            if "a" <= run[0] <= "z":
                latin_pieces += max(1, len(pieces))
                latin_letters += len(run)
        is_spelled = latin_letters >= _SHORT_PIECE * latin_pieces or 2 * latin_letters < letters
        vector = self.sum_vectors(rows or [self.rows[OTHER_PIECE]])
        return StaticReading(vector, is_spelled and known >= _LEAST_KNOWN * letters)

    def list_rows(self, text: str) -> list[int]:
        """Return the rows of a text's pieces, in order."""
        rows = [row for found in _RUN.finditer(text) for row in self._split_run(found, text)]
        return rows or [self.rows[OTHER_PIECE]]

    def sum_vectors(self, rows: list[int]) -> Array:
        """Return the unit vector (384,) of these pieces."""
        total: Array = np.einsum("r,rd->d", self.steps[rows], self.levels[rows].astype(np.float32))
        return total / np.float32(max(float(np.linalg.norm(total)), 1e-9))

    def _split_run(self, found: re.Match[str], text: str) -> tuple[int, ...]:
        run = found.group()
        if "가" <= run[0] <= "힣" or "a" <= run[0] <= "z":
            is_start = found.start() == 0 or text[found.start() - 1] == " "
            return self._split_word(WORD_START + run if is_start else run)
        row = self.rows.get(run, self.rows[JAMO_PIECE if "ㄱ" <= run[0] <= "ㅣ" else OTHER_PIECE])
        return (row,)

    def _split_word(self, word: str) -> tuple[int, ...]:
        rows = self._words.get(word)
        if rows is None:
            rows = self._words[word] = self._find_best_split(word)
        return rows

    def _find_best_split(self, word: str) -> tuple[int, ...]:
        """Return the most probable pieces of a word, by Viterbi's algorithm; unknown letters have none."""
        count = len(word)
        best, before = [0.0] + [-1e9] * count, [(0, -1)] * (count + 1)
        for start in range(count):
            for stop in range(start + 1, min(count, start + LONGEST_PIECE) + 1):
                row = self.rows.get(word[start:stop], -1)
                if row < 0 and stop > start + 1:
                    continue
                score = best[start] + (self.scores[row] if row >= 0 else _UNKNOWN_SCORE)
                if score > best[stop]:
                    best[stop], before[stop] = score, (start, row)
        rows, stop = [], count
        while stop:
            stop, row = before[stop]
            if row >= 0:
                rows.append(row)
        return tuple(reversed(rows))


@cache
def load_token_table() -> TokenTable:
    """Return the table that ships, read once per process."""
    with np.load(TABLE_FILE, allow_pickle=False) as file:
        pieces = bytes(file["pieces"]).decode().split("\n")
        levels = unpack_levels(file["levels"])
        steps = file["steps"].astype(np.float32)
        return TokenTable(
            {piece: row for row, piece in enumerate(pieces)}, file["scores"].tolist(), levels, steps
        )


# The gate, the topics and the router read the same excerpt of a prompt one after another.
@lru_cache(_READING_CACHE_SIZE)
def read_static(text: str) -> StaticReading:
    """Return the approximate vector of a text that has passed `deobfuscate`."""
    return load_token_table().read(text)


def pack_levels(levels: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Return levels of -7 to 7, shape (p, 384), as two to a byte, shape (p, 192)."""
    shifted = (levels + _NIBBLE).astype(np.uint8)
    return np.asarray(shifted[:, ::2] << 4 | shifted[:, 1::2], dtype=np.uint8)


def unpack_levels(packed: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Return the levels that `pack_levels` packed."""
    levels = np.empty((len(packed), 2 * packed.shape[1]), dtype=np.int8)
    levels[:, ::2] = (packed >> 4).astype(np.int8) - _NIBBLE
    levels[:, 1::2] = (packed & 0xF).astype(np.int8) - _NIBBLE
    return levels
