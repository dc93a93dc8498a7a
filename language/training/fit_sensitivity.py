"""Fit the sensitivity classifier on probes: `python -m language.training.fit_sensitivity [FOLDER]`."""

import sys
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from language.sensitivity_head import (
    CRISIS,
    NGRAM_SCORE_COUNT,
    STRICT_CLASSES,
    WEIGHTS_FILE,
    Array,
    Band,
    Head,
    Thresholds,
    combine_risk,
)
from language.training.probe_features import (
    TRAIN_FOLDER,
    Probe,
    RuleMatches,
    TrainingFeatures,
    extract_features,
    read_folder,
)
from language.training.ridge import DesignMatrix, solve_ridge

# Writers who knew neither the lexicon nor one another's lines. Each is judged by a head fitted on all other
# writers, and the thresholds are chosen by those verdicts, as the gate judges people whose writing it was not
# fitted on.
HELD_OUT_WRITERS = (
    "abroad", "adversary", "auditor", "english", "hotline", "latin", "nightshift", "office", "parents",
    "plain_safe", "rural", "tasks", "terse", "young",
)  # fmt: skip
_PENALTY = 2.0
# Safe classes whose prompts should carry ads: they weigh more than those that only resemble sensitive ones.
_COMMERCIAL_CLASSES = ("commerce", "ordinary", "everyday", "natural")
_COMMERCIAL_WEIGHT = 2.5
# The share of these safe classes that the gate may block among held-out writers.
_MAX_BLOCKED_SHARES = {"commerce": 0.053, "ordinary": 0.12}
# How much lower the risk threshold is in a text with an entry of the lexicon.
_NAMED_STEP = 0.4
# How far above the highest crisis score of a safe probe a score must be before a help line leads the answer.
_HELP_MARGIN = 0.15
# Sensitive probes that a head misses, or blocks by less than the margin, weigh more in the next round.
_ROUNDS = 2
_MISSED_WEIGHT = 2.5
_MISS_MARGIN = 0.05
_LARGEST_INT8 = 127


@dataclass(frozen=True, slots=True)
class PredictedRisks:
    """Risks and crisis scores (n,) that a head gives n probes, beside what the rules match."""

    risks: NDArray[np.float64]
    crisis: NDArray[np.float64]
    matches: RuleMatches

    def blocked(self, least: Thresholds, margin: float = 0.0) -> NDArray[np.bool_]:
        """Return the verdicts (n,) under these thresholds, each raised by `margin`."""
        threshold = np.where(self.matches.named, least.named, least.plain)
        verdicts: NDArray[np.bool_] = self.matches.always_blocked | (self.risks > threshold + margin)
        return verdicts


def fit_head(probes: Sequence[Probe], features: TrainingFeatures, thresholds: Thresholds) -> Head:
    """Fit on all probes, in rounds that weigh the probes missed by the round before higher."""
    classes = class_list(probes)
    sensitive = np.array([probe.is_sensitive for probe in probes])
    sample_weights = _sample_weights(probes)
    weights = _solve(probes, features.table, classes[: NGRAM_SCORE_COUNT - 1], sample_weights)
    for _ in range(_ROUNDS):
        predicted = _predict_risks(features.table.multiply(weights), features.matches)
        missed = sensitive & ~predicted.blocked(thresholds, _MISS_MARGIN)
        sample_weights = np.where(missed, _MISSED_WEIGHT * sample_weights, sample_weights)
        weights = _solve(probes, features.table, classes[: NGRAM_SCORE_COUNT - 1], sample_weights)
    idf, fourier = features.idf, features.table.fourier
    without_ngrams = DesignMatrix(fourier, csr_array((len(probes), 0), dtype=np.float32))
    others = _solve(probes, without_ngrams, classes[NGRAM_SCORE_COUNT - 1 :], sample_weights)[:, 1:]
    fourier_weights = np.hstack([weights[: fourier.shape[1]], others[:-1]])
    ngram_weights = weights[fourier.shape[1] : -1] * idf[:, None]
    return Head(
        classes,
        features.centre,
        np.ascontiguousarray(fourier_weights.T),
        np.ascontiguousarray(ngram_weights.T),
        np.concatenate([weights[-1], others[-1]]),
        thresholds,
    )


def predict_held_out_writers(
    probes: Sequence[Probe], features: TrainingFeatures
) -> tuple[NDArray[np.intp], PredictedRisks]:
    """Return the rows of the held-out writers and their risks, each by a head fitted without that writer."""
    writers = np.array([probe.writer for probe in probes])
    rows = np.flatnonzero(np.isin(writers, HELD_OUT_WRITERS))
    scores = np.zeros((len(probes), NGRAM_SCORE_COUNT), dtype=np.float32)
    for writer in HELD_OUT_WRITERS:
        if (writers == writer).any():
            scores[writers == writer] = predict_scores(probes, features, writers != writer)
    return rows, _predict_risks(scores[rows], features.matches.take(rows))


def predict_scores(
    probes: Sequence[Probe], features: TrainingFeatures, is_fitted: NDArray[np.bool_]
) -> Array:
    """Return the scores of the probes that are not fitted on, by a head fitted on the others."""
    fitted, held_out = np.flatnonzero(is_fitted), np.flatnonzero(~is_fitted)
    some = [probes[int(row)] for row in fitted]
    weights = _solve(some, features.table.take(fitted), STRICT_CLASSES, _sample_weights(some))
    return features.table.take(held_out).multiply(weights)


def choose_thresholds(probes: Sequence[Probe], predicted: PredictedRisks) -> Thresholds:
    """Return the lowest thresholds at which no safe class is blocked more often than it may be."""
    safe = ~np.array([probe.is_sensitive for probe in probes])
    topics = np.array([probe.topic for probe in probes])
    limits = {topic: (safe & (topics == topic), most) for topic, most in _MAX_BLOCKED_SHARES.items()}
    matches = predicted.matches
    help_threshold = float(predicted.crisis[safe & ~matches.always_blocked].max()) + _HELP_MARGIN
    ambiguous = predicted.crisis[safe & matches.ambiguous_crisis]
    named_help = min(help_threshold, float(ambiguous.max(initial=0.0)) + _HELP_MARGIN)

    def is_within_limits(least: Thresholds) -> bool:
        blocked = predicted.blocked(least)
        return all(not rows.any() or blocked[rows].mean() <= most for rows, most in limits.values())

    candidates = [
        Thresholds(float(plain), float(plain) - _NAMED_STEP, help_threshold, named_help)
        for plain in np.arange(2.0, -1.0, -0.02)
    ]
    allowed = [least for least in candidates if is_within_limits(least)]
    return allowed[-1] if allowed else candidates[0]


def class_list(probes: Sequence[Probe]) -> tuple[str, ...]:
    """Return the sensitive classes in the order of the head's scores: the strict ones first."""
    return STRICT_CLASSES + tuple(
        sorted({probe.topic for probe in probes if probe.is_sensitive} - set(STRICT_CLASSES))
    )


def save_head(head: Head, provenance: str, path: Path = WEIGHTS_FILE, band: Band | None = None) -> None:
    """Write the weights as int8 with a float step per row, and what they were fitted on."""
    fourier, fourier_steps = _quantise(head.fourier_weights)
    ngrams, ngram_steps = _quantise(head.ngram_weights)
    np.savez_compressed(
        path,
        classes=np.array(head.classes),
        centre=head.centre.astype(np.float32),
        waves=fourier,
        wave_steps=fourier_steps,
        grams=ngrams,
        gram_steps=ngram_steps,
        biases=head.biases.astype(np.float32),
        thresholds=np.array(astuple(head.thresholds), dtype=np.float32),
        provenance=np.array(provenance),
        band=np.array(astuple(band) if band else (), dtype=np.float32),
    )


def main(folder: Path) -> None:
    """Fit on every probe in the folder and write the weights."""
    probes = read_folder(folder)
    features = extract_features(probes)
    rows, predicted = predict_held_out_writers(probes, features)
    thresholds = choose_thresholds([probes[int(row)] for row in rows], predicted)
    provenance = f"ridge over {len(probes)} probes written by hand for this project; no other text was used"
    save_head(fit_head(probes, features, thresholds), provenance)
    sys.stdout.write(f"{provenance}; {thresholds}\n")


def _solve(
    probes: Sequence[Probe], table: DesignMatrix, classes: Sequence[str], sample_weights: NDArray[np.float64]
) -> Array:
    targets = np.array([_target_row(probe, classes) for probe in probes], dtype=np.float32)
    return solve_ridge(table, targets, sample_weights, _PENALTY)


def _sample_weights(probes: Sequence[Probe]) -> NDArray[np.float64]:
    # Safe and sensitive probes weigh the same in sum, however many there are of each.
    sensitive = np.array([probe.is_sensitive for probe in probes])
    commercial = ~sensitive & np.array([probe.topic in _COMMERCIAL_CLASSES for probe in probes])
    balanced = np.where(sensitive, 0.5 / sensitive.mean(), 0.5 / (~sensitive).mean())
    weights: NDArray[np.float64] = np.where(commercial, _COMMERCIAL_WEIGHT * balanced, balanced)
    return weights


def _predict_risks(scores: Array, matches: RuleMatches) -> PredictedRisks:
    crisis = scores[:, 1 + STRICT_CLASSES.index(CRISIS)]
    return PredictedRisks(combine_risk(scores).astype(np.float64), crisis.astype(np.float64), matches)


def _quantise(weights: Array) -> tuple[NDArray[np.int8], Array]:
    steps = np.abs(weights).max(axis=1) / _LARGEST_INT8
    return np.round(weights / steps[:, None]).astype(np.int8), steps.astype(np.float32)


def _target_row(probe: Probe, classes: Sequence[str]) -> list[float]:
    risk = 1.0 if probe.is_sensitive else -1.0
    return [risk] + [float(probe.is_sensitive and name == probe.topic) for name in classes]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TRAIN_FOLDER)
