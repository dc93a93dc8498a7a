"""Fits the sensitivity head on hand-written probes: `python -m language.fit_sensitivity [FOLDER]`."""

import json
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from language.disguise import undisguise
from language.embed import DIMENSIONS
from language.lexicon import find_classes, without_idioms
from language.sensitivity_head import Array, Head, features_of, save_head

PROBES_FOLDER = Path(__file__).parent.parent / "tests" / "language" / "probes"
FOLDS = 5
_PENALTY = 1.0
_BIAS_FEATURE = 0.7
CRISIS = "self_harm"
STRICT = (CRISIS, "minors")
# The share of sensitive probes, none seen in fitting, that lexicon and head together must catch.
_RECALL = 0.9965
# The share of safe probes, none seen in fitting, that the head alone may block.
_SAFE_BLOCKED = 0.025
# How far above the worst safe probe a crisis must smell before a help line takes the answer's place.
_CRISIS_MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class Probe:
    """One labelled prompt."""

    text: str
    label: str
    topic: str

    @property
    def is_sensitive(self) -> bool:
        """Say whether an ad beside this prompt would be wrong."""
        return self.label == "sensitive"


def read_probes(path: Path) -> list[Probe]:
    """Read one JSON object a line: text, label and class."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [Probe(row["text"], row["label"], row.get("class", "")) for row in rows]


def read_features(probes: Sequence[Probe]) -> tuple[Array, Array]:
    """Return the mean sentence vector and a row of features for every probe, not yet centred."""
    nowhere = np.zeros(DIMENSIONS, dtype=np.float32)
    rows = np.stack([features_of(without_idioms(undisguise(probe.text)), nowhere) for probe in probes])
    centre = rows[:, :DIMENSIONS].mean(axis=0)
    vectors = rows[:, :DIMENSIONS] - centre
    rows[:, :DIMENSIONS] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return centre, rows


def fit_head(probes: Sequence[Probe], centre: Array, rows: Array, thresholds: tuple[float, float]) -> Head:
    """Fit by ridge regression, safe and sensitive weighing the same however many there are of each."""
    classes = tuple(sorted({probe.topic for probe in probes if probe.is_sensitive}))
    targets = np.array([_target_row(probe, classes) for probe in probes])
    inputs = np.hstack([rows, np.full((len(rows), 1), _BIAS_FEATURE)]).astype(np.float64)
    sensitive = targets[:, 0] > 0
    importance = np.where(sensitive, 0.5 / sensitive.mean(), 0.5 / (~sensitive).mean())
    pull = np.linalg.solve(inputs @ inputs.T + np.diag(_PENALTY / importance), targets)
    solution = (inputs.T @ pull).T
    return Head(
        classes=classes,
        centre=centre,
        weights=solution[0, :-1].astype(np.float32),
        bias=float(solution[0, -1] * _BIAS_FEATURE),
        class_weights=solution[1:, :DIMENSIONS].astype(np.float32),
        threshold=thresholds[0],
        crisis_threshold=thresholds[1],
    )


def cross_fit(
    probes: Sequence[Probe], centre: Array, rows: Array
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the risk and the likeliest class of every probe by a head that has not seen it."""
    folds = np.array([zlib.crc32(probe.text.encode()) % FOLDS for probe in probes])
    risks = np.zeros(len(probes))
    likeliest = [""] * len(probes)
    for fold in range(FOLDS):
        seen = np.flatnonzero(folds != fold)
        head = fit_head([probes[int(position)] for position in seen], centre, rows[seen], (0.0, 0.0))
        for position in np.flatnonzero(folds == fold):
            risks[position] = head.risk(rows[position])
            likeliest[position] = head.likeliest(rows[position])
    return risks, tuple(likeliest)


def choose_threshold(probes: Sequence[Probe], risks: NDArray[np.float64]) -> float:
    """Return the highest risk that, with the lexicon, lets hardly any probe through and no strict one."""
    sensitive = sum(probe.is_sensitive for probe in probes)
    unnamed = sorted(
        (float(risk), probe.topic in STRICT)
        for probe, risk in zip(probes, risks, strict=True)
        if probe.is_sensitive and not find_classes(undisguise(probe.text))
    )
    may_miss = int((1 - _RECALL) * sensitive)
    strict = [risk for risk, is_strict in unnamed if is_strict]
    safe = [float(risk) for probe, risk in zip(probes, risks, strict=True) if not probe.is_sensitive]
    # The lexicon knows these probes; what it has never met needs the head to stay this wary.
    wary = float(np.quantile(safe, 1 - _SAFE_BLOCKED))
    return min([wary, unnamed[may_miss][0] - 1e-4, *(risk - 1e-4 for risk in strict)])


def choose_crisis_threshold(
    probes: Sequence[Probe], risks: NDArray[np.float64], likeliest: Sequence[str]
) -> float:
    """Return a risk of self-harm that no safe probe comes near."""
    worst = max(
        risk
        for probe, risk, topic in zip(probes, risks, likeliest, strict=True)
        if not probe.is_sensitive and topic == CRISIS
    )
    return float(worst) + _CRISIS_MARGIN


def main(folder: Path) -> None:
    """Fit on every probe in the folder and write the weights."""
    probes = [probe for path in sorted(folder.glob("*.jsonl")) for probe in read_probes(path)]
    centre, rows = read_features(probes)
    risks, likeliest = cross_fit(probes, centre, rows)
    thresholds = choose_threshold(probes, risks), choose_crisis_threshold(probes, risks, likeliest)
    provenance = f"ridge over {len(probes)} probes written by hand for this project; no other text was used"
    save_head(fit_head(probes, centre, rows, thresholds), provenance)
    sys.stdout.write(f"{provenance}; thresholds {thresholds[0]:.3f} and {thresholds[1]:.3f}\n")


def _target_row(probe: Probe, classes: Sequence[str]) -> list[float]:
    if not probe.is_sensitive:
        return [-1.0] + [0.0] * len(classes)
    return [1.0] + [float(name == probe.topic) for name in classes]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PROBES_FOLDER)
