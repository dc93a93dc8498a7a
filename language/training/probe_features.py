"""Reads probes, and computes their features once, before any head is fitted."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from language.deobfuscation import deobfuscate
from language.embed import embed
from language.lexicon import find_classes, matches_crisis_pattern, remove_idioms
from language.pii import contains_pii
from language.sensitivity_head import (
    CRISIS,
    HASH_BUCKETS,
    Array,
    fourier_features,
    head_and_tail,
    jamo_ngrams,
)
from language.training.ridge import DesignMatrix

_FOLDER = Path(__file__).parents[2] / "data" / "sensitivity"
TRAIN_FOLDER = _FOLDER / "train"
HELDOUT_FOLDER = _FOLDER / "heldout"
_SUFFIX = ".jsonl.gz"


@dataclass(frozen=True, slots=True)
class Probe:
    """One labelled prompt; `topic` is its class, `writer` the stem of its file."""

    text: str
    label: str
    topic: str
    writer: str = ""

    @property
    def is_sensitive(self) -> bool:
        """Return whether an ad beside this prompt would be wrong."""
        return self.label == "sensitive"


def read_probes(path: Path) -> list[Probe]:
    """Read one gzip-compressed file of JSON lines with the keys text, label and class."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    writer = path.name.removesuffix(_SUFFIX)
    return [Probe(row["text"], row["label"], row.get("class", ""), writer) for row in rows]


def read_folder(folder: Path) -> list[Probe]:
    """Read every file of a folder, in the order of the files' names."""
    return [probe for path in sorted(folder.glob(f"*{_SUFFIX}")) for probe in read_probes(path)]


@dataclass(frozen=True, slots=True)
class RuleMatches:
    """What the lexicon and the patterns find in n probes, without a head; every array has the shape (n,).

    `always_blocked` probes are blocked whatever a head says, `named` ones hold an entry of the lexicon, and
    `ambiguous_crisis` ones hold an entry of self-harm without matching a crisis pattern.
    """

    always_blocked: NDArray[np.bool_]
    named: NDArray[np.bool_]
    ambiguous_crisis: NDArray[np.bool_]

    def take(self, rows: NDArray[np.intp]) -> "RuleMatches":
        """Return these rows alone."""
        return RuleMatches(self.always_blocked[rows], self.named[rows], self.ambiguous_crisis[rows])


@dataclass(frozen=True, slots=True)
class TrainingFeatures:
    """Features of n probes; `centre` (384,) is their mean sentence vector.

    The n-gram columns of `table` are scaled by `idf` (HASH_BUCKETS,), which `fit_head` folds into the
    weights.
    """

    matches: RuleMatches
    centre: Array
    idf: Array
    table: DesignMatrix


def extract_features(probes: Sequence[Probe]) -> TrainingFeatures:
    """Return the features of every probe; the n-grams are sparse, as a line holds few of them."""
    plain = [remove_idioms(deobfuscate(probe.text)) for probe in probes]
    excerpts = [head_and_tail(text) for text in plain]
    vectors = np.stack([embed([text])[0] for text in excerpts])
    centre = vectors.mean(axis=0)
    fourier = np.stack([fourier_features(vector - centre) for vector in vectors])
    ngrams = _stack_sparse([jamo_ngrams(text) for text in excerpts])
    idf = _inverse_document_frequency(ngrams)
    table = DesignMatrix(fourier, _scale_columns(ngrams, idf))
    return TrainingFeatures(_match_rules(plain), centre, idf, table)


def _match_rules(plain: Sequence[str]) -> RuleMatches:
    classes = [find_classes(text) for text in plain]
    explicit = np.array([matches_crisis_pattern(text) for text in plain])
    crisis = np.array([CRISIS in names for names in classes])
    return RuleMatches(
        always_blocked=explicit | crisis | np.array([contains_pii(text) for text in plain]),
        named=np.array([bool(names) for names in classes]),
        ambiguous_crisis=crisis & ~explicit,
    )


def _inverse_document_frequency(ngrams: Any) -> Array:
    # Smoothed and divided by its largest value (Spärck Jones 1972): 1 for a bucket of no probe, 0 for one of
    # all.
    document_counts = np.bincount(ngrams.indices, minlength=ngrams.shape[1])
    idf = np.log((1 + ngrams.shape[0]) / (1 + document_counts)) / np.log(1 + ngrams.shape[0])
    scaled = _scale_columns(ngrams, idf)
    # The n-grams as a whole keep their norm, so that they stay as important as the vector.
    norm_ratio = np.sqrt((ngrams.data**2).sum() / (scaled.data**2).sum())
    normalised: Array = (norm_ratio * idf).astype(np.float32)
    return normalised


def _scale_columns(ngrams: Any, factors: NDArray[Any]) -> Any:
    scaled = (ngrams.data * factors[ngrams.indices]).astype(np.float32)
    return csr_array((scaled, ngrams.indices, ngrams.indptr), shape=ngrams.shape)


def _stack_sparse(rows: Sequence[tuple[NDArray[np.intp], Array]]) -> Any:
    columns = np.concatenate([buckets for buckets, _ in rows])
    row_starts = np.concatenate([[0], np.cumsum([len(buckets) for buckets, _ in rows])])
    counts = np.concatenate([counts for _, counts in rows])
    return csr_array((counts, columns, row_starts), shape=(len(rows), HASH_BUCKETS))
