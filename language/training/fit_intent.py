"""Fit the intent head: `python -m language.training.fit_intent [--vectors FILE]`.

A teacher that reads sentence vectors, n-grams and pieces is fitted on the labelled passes and labels the
project's unlabelled prompts (self-training; Hinton et al. 2015). The head, which reads no sentence vector, is
fitted on both. Its logistic curves and thresholds come from writers that neither has seen: each pass is
scored by a head and a teacher fitted on the other passes.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array, hstack

from language.embed import embed_anew
from language.intent import MAX_SHARE, PIECE_BUCKETS, SCORES, WEIGHTS_FILE, Features, extract_features
from language.reading import PromptReading
from language.sensitivity_head import HASH_BUCKETS, Array, clip_for_model, fourier_features
from language.training.intent_passes import TRAIN_FOLDER, IntentPrompt, read_passes, read_unlabelled
from language.training.ridge import DesignMatrix, solve_ridge

_TEACHER_PENALTY, _PENALTY = 1.0, 0.3
# A teacher's label is worth this much of a writer's.
_TAUGHT_WEIGHT = 0.5
# The sentence vector counts more than the sparse features beside it.
_VECTOR_WEIGHT = np.float32(1.4)
_LARGEST_INT8 = 127
_COMMERCIAL, _WORK = range(len(SCORES))

Rows = NDArray[np.intp]
Float64Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Corpus:
    """The labelled prompts, and the features of these and of the unlabelled ones after them.

    `targets` (2, n) are 1, -1, or 0 where nobody has labelled a prompt, for each of SCORES.
    """

    labelled: Sequence[IntentPrompt]
    teacher: DesignMatrix
    student: DesignMatrix
    targets: Array

    @property
    def unlabelled_rows(self) -> Rows:
        """The rows of the prompts that the teacher labels."""
        return np.arange(len(self.labelled), self.student.fourier.shape[0])


def read_corpus(vectors_file: Path | None) -> Corpus:
    """Read the prompts and compute their features; `vectors_file` keeps sentence vectors between runs."""
    labelled = read_passes(TRAIN_FOLDER)
    readings = [PromptReading(text) for text in [each.text for each in labelled] + read_unlabelled()]
    features = [extract_features(each.text, each.excerpt) for each in readings]
    sparse = csr_array(hstack([_stack_jamo(features), _stack_pieces(features)]).tocsr())
    vectors = _embed_all([each.excerpt for each in readings], vectors_file)
    centre = vectors[: len(labelled)].mean(axis=0)
    sentence = _VECTOR_WEIGHT * np.stack([fourier_features(vector - centre) for vector in vectors])
    work = [0 if each.work is None else 2 * each.work - 1 for each in labelled]
    return Corpus(
        labelled=labelled,
        teacher=DesignMatrix(sentence, sparse),
        student=DesignMatrix(np.stack([each.fourier for each in features]), sparse),
        targets=np.array([[2 * each.is_commercial - 1 for each in labelled], work], dtype=np.float32),
    )


def _embed_all(texts: Sequence[str], file: Path | None) -> Array:
    clipped = [clip_for_model(text) for text in texts]
    known: dict[str, Array] = {}
    if file and file.exists():
        with np.load(file, allow_pickle=False) as kept:
            known = dict(zip(kept["texts"].tolist(), kept["vectors"], strict=True))
    for text in clipped:
        if text not in known:
            known[text] = embed_anew(text)
    if file:
        np.savez(file, texts=np.array(list(known)), vectors=np.stack(list(known.values())))
    return np.stack([known[text] for text in clipped])


def _stack_jamo(features: Sequence[Features]) -> csr_array:
    return _stack([(each.jamo, each.jamo_counts) for each in features], HASH_BUCKETS)


def _stack_pieces(features: Sequence[Features]) -> csr_array:
    return _stack([(each.pieces, each.piece_counts) for each in features], PIECE_BUCKETS)


def _stack(rows: Sequence[tuple[Rows, Array]], width: int) -> csr_array:
    starts = np.concatenate([[0], np.cumsum([len(buckets) for buckets, _ in rows])])
    buckets, counts = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    return csr_array((counts, buckets, starts), shape=(len(rows), width))


def fit_weights(corpus: Corpus, score: int, rows: Rows) -> Array:
    """Return the head's weights (w,) of a score, fitted on these labelled rows and on what they teach."""
    rows = rows[corpus.targets[score, rows] != 0]
    targets = corpus.targets[score, rows][:, None]
    unlabelled = corpus.unlabelled_rows
    taught = solve_ridge(corpus.teacher.take(rows), targets, np.ones(len(rows)), _TEACHER_PENALTY)
    labels = corpus.teacher.take(unlabelled).multiply(taught)
    sample_weights = np.concatenate([np.ones(len(rows)), np.full(len(unlabelled), _TAUGHT_WEIGHT)])
    table = corpus.student.take(np.concatenate([rows, unlabelled]))
    weights: Array = solve_ridge(table, np.concatenate([targets, labels]), sample_weights, _PENALTY)[:, 0]
    return weights


def score_unseen_writers(corpus: Corpus, score: int) -> Array:
    """Return a score (n,) of every labelled prompt, by a head fitted on the other writers."""
    writers = np.array([each.writer for each in corpus.labelled])
    scores = np.zeros(len(writers), dtype=np.float32)
    for writer in sorted(set(writers)):
        own, others = np.flatnonzero(writers == writer), np.flatnonzero(writers != writer)
        weights = fit_weights(corpus, score, others)
        scores[own] = corpus.student.take(own).multiply(weights[:, None])[:, 0]
    return scores


def fit_calibration(scores: Array, is_hit: NDArray[np.bool_]) -> Float64Array:
    """Return the slope and the level (2,) of the likeliest logistic curve (Platt 1999)."""

    def loss(calibration: Float64Array) -> float:
        margins = (calibration[0] * scores + calibration[1]) * np.where(is_hit, -1, 1)
        return float(np.logaddexp(0, margins).mean())

    calibration: Float64Array = minimize(loss, np.array([2.0, 0.0]), method="Nelder-Mead").x
    return calibration


def find_thresholds(probabilities: Float64Array) -> Float64Array:
    """Return the probabilities (MAX_SHARE,) that 1 % to MAX_SHARE % of these prompts exceed."""
    shares = np.arange(1, MAX_SHARE + 1) / 100
    thresholds: Float64Array = np.quantile(probabilities, 1 - shares)
    return thresholds


def measure_auc(scores: Array, is_hit: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve."""
    ranks = scores.argsort().argsort()
    hits = int(is_hit.sum())
    return float((ranks[is_hit].sum() - hits * (hits - 1) / 2) / (hits * (len(scores) - hits)))


def calibrate(corpus: Corpus) -> tuple[Float64Array, Float64Array]:
    """Return the curves (2, 2) and the thresholds (2, MAX_SHARE), and report how well the scores separate."""
    curves, thresholds = [], []
    is_commercial = corpus.targets[_COMMERCIAL] > 0
    for score, name in enumerate(SCORES):
        scores = score_unseen_writers(corpus, score)
        known, is_hit = corpus.targets[score] != 0, corpus.targets[score] > 0
        calibration = fit_calibration(scores[known], is_hit[known])
        probabilities = 1 / (1 + np.exp(-(calibration[0] * scores + calibration[1])))
        others = ~is_commercial if score == _COMMERCIAL else is_commercial
        curves.append(calibration)
        thresholds.append(find_thresholds(probabilities[others]))
        sys.stdout.write(f"{name}: AUC of unseen writers {measure_auc(scores[known], is_hit[known]):.4f}\n")
        for share in (1, 2, 3, 4, 5, 10):
            least = thresholds[-1][share - 1]
            sys.stdout.write(
                f"  {share:>2} %: above {least:.3f}, recall {np.mean(probabilities[is_hit] > least):.3f}\n"
            )
    return np.array(curves).T, np.array(thresholds)


def save_head(corpus: Corpus, curves: Float64Array, thresholds: Float64Array, path: Path) -> None:
    """Fit on every pass and write the weights, the sparse ones as int8."""
    rows = np.arange(len(corpus.labelled))
    weights = np.stack([fit_weights(corpus, score, rows) for score in range(len(SCORES))])
    width = corpus.student.fourier.shape[1]
    fourier, jamo, pieces = np.split(weights[:, :-1], [width, width + HASH_BUCKETS], axis=1)
    steps = np.stack([np.abs(part).max(axis=1) / _LARGEST_INT8 for part in (jamo, pieces)])
    np.savez_compressed(
        path,
        fourier=fourier.astype(np.float16),
        jamo=np.round(jamo / steps[0][:, None]).astype(np.int8),
        pieces=np.round(pieces / steps[1][:, None]).astype(np.int8),
        steps=steps.astype(np.float32),
        biases=weights[:, -1].astype(np.float32),
        curves=curves.astype(np.float32),
        thresholds=thresholds.astype(np.float32),
        provenance=f"{len(rows)} prompts written for this project, {len(corpus.unlabelled_rows)} unlabelled",
    )
    sys.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes\n")


def main() -> None:
    """Fit on every pass of the train folder and write the weights."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path, help="keep sentence vectors in this .npz file between runs")
    corpus = read_corpus(parser.parse_args().vectors)
    save_head(corpus, *calibrate(corpus), WEIGHTS_FILE)


if __name__ == "__main__":
    main()
