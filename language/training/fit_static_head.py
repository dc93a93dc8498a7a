"""Fit the gate's first stage over static vectors: `python -m language.training.fit_static_head [FOLDER]`.

The head is fitted like that of the sentence model. The band of risks in which the sentence model is asked is
chosen on writers that neither head was fitted on.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from language.deobfuscation import deobfuscate
from language.lexicon import remove_idioms
from language.sensitivity_head import (
    CRISIS,
    STATIC_FOURIER_COUNT,
    STATIC_WEIGHTS_FILE,
    STRICT_CLASSES,
    Array,
    Band,
    Thresholds,
    combine_risk,
    fourier_features,
    head_and_tail,
)
from language.static_vectors import read_static
from language.training.fit_sensitivity import (
    HELD_OUT_WRITERS,
    PredictedRisks,
    choose_thresholds,
    fit_head,
    predict_scores,
    save_head,
)
from language.training.probe_features import (
    TRAIN_FOLDER,
    Probe,
    TrainingFeatures,
    extract_features,
    read_folder,
)
from language.training.ridge import DesignMatrix

# Held-out writers are judged in groups by heads fitted without all of a group.
_GROUPS = 3
# How far from the threshold a risk must be for the sentence model not to be asked. A wider band changes next
# to nothing since both heads know what people ask all day.
BELOW, ABOVE = 0.13, 0.3
# The model is asked about a crisis score this far below the lowest for which it led with a help line.
_CRISIS_MARGIN = 0.15


def extract_static_features(probes: Sequence[Probe], features: TrainingFeatures) -> TrainingFeatures:
    """Return the features with static vectors, which have no centre, in place of sentence vectors."""
    plain = [head_and_tail(remove_idioms(deobfuscate(probe.text))) for probe in probes]
    fourier = np.stack([fourier_features(read_static(text).vector, STATIC_FOURIER_COUNT) for text in plain])
    table = DesignMatrix(fourier, features.table.ngrams)
    return replace(features, centre=np.zeros_like(features.centre), table=table)


def choose_band(
    probes: Sequence[Probe], static: PredictedRisks, model: PredictedRisks
) -> tuple[Thresholds, Band]:
    """Return the thresholds of the two stages together, and the band in which the second is asked.

    The lowest threshold is chosen at which they block no more safe probes than the second stage alone.
    """
    alone = choose_thresholds(probes, model)
    safe = ~np.array([probe.is_sensitive for probe in probes])
    most = model.blocked(alone)[safe].mean()
    step = alone.plain - alone.named
    candidates = [float(plain) for plain in np.arange(-0.5, 0.5, 0.01)]
    plain = next(
        plain
        for plain in candidates
        if join_stages(static, model, plain)
        .blocked(replace(alone, plain=plain, named=plain - step))[safe]
        .mean()
        <= most
    )
    is_help = model.crisis > alone.named_help
    least = float(static.crisis[is_help & ~static.matches.always_blocked].min()) - _CRISIS_MARGIN
    return replace(alone, plain=plain, named=plain - step), Band(BELOW, ABOVE, least)


def join_stages(static: PredictedRisks, model: PredictedRisks, threshold: float) -> PredictedRisks:
    """Return the risks of both stages: their mean in the band about a threshold, else those of the first."""
    shifted = static.risks + np.where(static.matches.named, 0.4, 0.0) - threshold
    is_second = (shifted > -BELOW) & (shifted < ABOVE)
    risks: NDArray[np.float64] = np.where(is_second, (static.risks + model.risks) / 2, static.risks)
    return replace(model, risks=risks)


def predict_groups(probes: Sequence[Probe], features: TrainingFeatures) -> Array:
    """Return the scores (n, 3) of the held-out writers' probes, each by a head fitted without its group."""
    writers = np.array([probe.writer for probe in probes])
    scores = np.zeros((len(probes), 1 + len(STRICT_CLASSES)), dtype=np.float32)
    for group in range(_GROUPS):
        is_held_out = np.isin(writers, HELD_OUT_WRITERS[group::_GROUPS])
        scores[is_held_out] = predict_scores(probes, features, ~is_held_out)
    return scores


def as_risks(scores: Array, features: TrainingFeatures, rows: NDArray[np.intp]) -> PredictedRisks:
    """Return the risks and crisis scores of some rows."""
    crisis = scores[rows, 1 + STRICT_CLASSES.index(CRISIS)].astype(np.float64)
    return PredictedRisks(combine_risk(scores[rows]).astype(np.float64), crisis, features.matches.take(rows))


def main(folder: Path) -> None:
    """Fit on every probe of the folder and write the weights."""
    probes = read_folder(folder)
    features = extract_features(probes)
    static = extract_static_features(probes, features)
    rows = np.flatnonzero([probe.writer in HELD_OUT_WRITERS for probe in probes])
    held_out = [probes[int(row)] for row in rows]
    first, second = (as_risks(predict_groups(probes, each), each, rows) for each in (static, features))
    thresholds, band = choose_band(held_out, first, second)
    provenance = f"ridge over {len(probes)} probes written by hand for this project; no other text was used"
    save_head(fit_head(probes, static, thresholds), provenance, STATIC_WEIGHTS_FILE, band)
    sys.stdout.write(f"{provenance}; {thresholds}; {band}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TRAIN_FOLDER)
