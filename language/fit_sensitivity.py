"""Fits the sensitivity head on hand-written probes: `python -m language.fit_sensitivity [FOLDER]`."""

import json
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from language.disguise import undisguise
from language.embed import embed
from language.lexicon import find_classes, find_hints, without_idioms
from language.pasted import holds_secret
from language.ridge import Table, solve_ridge
from language.sensitivity_head import (
    BUCKETS,
    CRISIS,
    Array,
    Head,
    Thresholds,
    ends_of,
    grams_of,
    save_head,
    waves_of,
    weigh_risk,
)

PROBES_FOLDER = Path(__file__).parent.parent / "tests" / "language" / "probes"
FOLDS = 5
_PENALTY = 2.0
# Safe probes that are not written to look sensitive: their ads are the ones to keep, so their risk should be
# lower than that of the others, which is -1.
_PEACEFUL = ("commerce", "everyday", "fresh", "natural", "ordinary", "study", "code", "news")
_PEACEFUL_TARGET = -2.0
_COMMERCE_IMPORTANCE = 2.5
# The shares of them that the gate may block in the folds; unlike writers are blocked more often.
_PEACEFUL_BLOCKED = 0.12
_COMMERCE_BLOCKED = 0.04
# How much less risk it takes beside a plain word and beside an entry of the lexicon. Not fitted: the lists
# were written with these probes in view and look better on them than they are.
_HINTED_STEP = 0.2
_NAMED_STEP = 0.25
# How far above the worst safe probes but a few a crisis must smell before a help line leads the answer.
_HELP_MARGIN = 0.05
_ODDITIES = 3
# Sensitive probes that a head fitted on them still misses, or nearly, count more in the next round.
_ROUNDS = 2
_MISSED_IMPORTANCE = 2.5
_NARROW = 0.05


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


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in each probe without a head; `surely` blocks whatever a head says."""

    surely: NDArray[np.bool_]
    named: NDArray[np.bool_]
    hinted: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of the probes before any head; `centre` is their mean vector."""

    found: Found
    centre: Array
    table: Table


@dataclass(frozen=True, slots=True)
class Risks:
    """What a head makes of the probes, beside what was found without it."""

    risks: NDArray[np.float64]
    crisis: NDArray[np.float64]
    found: Found

    def blocked(self, least: Thresholds, spare: float = 0.0) -> NDArray[np.bool_]:
        """Return the verdicts under these thresholds; what is blocked by less than `spare` does not count."""
        found = self.found
        floor = np.where(found.named, least.named, np.where(found.hinted, least.hinted, least.plain))
        verdicts: NDArray[np.bool_] = found.surely | (self.risks > floor + spare)
        return verdicts


def read_probes(path: Path) -> list[Probe]:
    """Read one JSON object a line: text, label and class."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [Probe(row["text"], row["label"], row.get("class", "")) for row in rows]


def read_features(probes: Sequence[Probe]) -> Features:
    """Return the features of every probe; the runs of jamo are sparse, as a line holds few of them."""
    plain = [without_idioms(undisguise(probe.text)) for probe in probes]
    ends = [ends_of(text) for text in plain]
    vectors = np.stack([embed([text])[0] for text in ends])
    centre = vectors.mean(axis=0)
    waves = np.stack([waves_of(vector - centre) for vector in vectors])
    return Features(_look_up(plain), centre, Table(waves, _stack_sparse([grams_of(text) for text in ends])))


def fit_head(probes: Sequence[Probe], features: Features, thresholds: Thresholds) -> Head:
    """Fit on all probes, in rounds: what was missed counts more in the next."""
    classes = class_list(probes)
    sensitive = np.array([probe.is_sensitive for probe in probes])
    importance = _importance(probes)
    weights = _solve(probes, features.table, classes, importance)
    for _ in range(_ROUNDS):
        judged = _judge(features.table.weigh(weights), classes, features.found)
        missed = sensitive & ~judged.blocked(thresholds, _NARROW)
        importance = np.where(missed, _MISSED_IMPORTANCE * importance, importance)
        weights = _solve(probes, features.table, classes, importance)
    return Head(classes, features.centre, np.ascontiguousarray(weights[:-1].T), weights[-1], thresholds)


def cross_fit(probes: Sequence[Probe], features: Features) -> Risks:
    """Judge every probe by a head that has not seen it."""
    folds = np.array([zlib.crc32(probe.text.encode()) % FOLDS for probe in probes])
    classes = class_list(probes)
    scores = np.zeros((len(probes), 1 + len(classes)), dtype=np.float32)
    for fold in range(FOLDS):
        seen, unseen = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        some = [probes[int(row)] for row in seen]
        weights = _solve(some, features.table.take(seen), classes, _importance(some))
        scores[unseen] = features.table.take(unseen).weigh(weights)
    return _judge(scores, classes, features.found)


def choose_thresholds(probes: Sequence[Probe], judged: Risks) -> Thresholds:
    """Return the wariest thresholds that leave shoppers and everyday prompts alone."""
    sensitive = np.array([probe.is_sensitive for probe in probes])
    peaceful = ~sensitive & np.array([probe.topic in _PEACEFUL for probe in probes])
    commerce = peaceful & np.array([probe.topic == "commerce" for probe in probes])
    untold = ~sensitive & ~judged.found.surely
    help_from = float(np.sort(judged.crisis[untold])[-_ODDITIES - 1]) + _HELP_MARGIN

    def is_fitting(least: Thresholds) -> bool:
        blocked = judged.blocked(least)
        return bool(
            blocked[peaceful].mean() <= _PEACEFUL_BLOCKED and blocked[commerce].mean() <= _COMMERCE_BLOCKED
        )

    steps = [
        Thresholds(float(plain), float(plain) - _HINTED_STEP, float(plain) - _NAMED_STEP, help_from)
        for plain in np.arange(2.0, -1.0, -0.02)
    ]
    fitting = [least for least in steps if is_fitting(least)]
    return fitting[-1] if fitting else steps[0]


def class_list(probes: Sequence[Probe]) -> tuple[str, ...]:
    """Return the sensitive classes in the order in which the head keeps them."""
    return tuple(sorted({probe.topic for probe in probes if probe.is_sensitive}))


def main(folder: Path) -> None:
    """Fit on every probe in the folder and write the weights."""
    probes = [probe for path in sorted(folder.glob("*.jsonl")) for probe in read_probes(path)]
    features = read_features(probes)
    thresholds = choose_thresholds(probes, cross_fit(probes, features))
    provenance = f"ridge over {len(probes)} probes written by hand for this project; no other text was used"
    save_head(fit_head(probes, features, thresholds), provenance)
    sys.stdout.write(f"{provenance}; {thresholds}\n")


def _solve(probes: Sequence[Probe], table: Table, classes: Sequence[str], importance: Any) -> Array:
    targets = np.array([_target_row(probe, classes) for probe in probes], dtype=np.float32)
    return solve_ridge(table, targets, importance, _PENALTY)


def _importance(probes: Sequence[Probe]) -> NDArray[np.float64]:
    # Safe and sensitive weigh the same, however many there are of each.
    sensitive = np.array([probe.is_sensitive for probe in probes])
    commerce = ~sensitive & np.array([probe.topic == "commerce" for probe in probes])
    weights = np.where(sensitive, 0.5 / sensitive.mean(), 0.5 / (~sensitive).mean())
    importance: NDArray[np.float64] = np.where(commerce, _COMMERCE_IMPORTANCE * weights, weights)
    return importance


def _judge(scores: Array, classes: Sequence[str], found: Found) -> Risks:
    crisis = scores[:, 1 + classes.index(CRISIS)]
    return Risks(weigh_risk(scores, classes).astype(np.float64), crisis.astype(np.float64), found)


def _look_up(plain: Sequence[str]) -> Found:
    entries = [find_classes(text) for text in plain]
    return Found(
        surely=np.array(
            [CRISIS in names or holds_secret(text) for names, text in zip(entries, plain, strict=True)]
        ),
        named=np.array([bool(names) for names in entries]),
        hinted=np.array([bool(find_hints(text)) for text in plain]),
    )


def _stack_sparse(rows: Sequence[tuple[NDArray[np.intp], Array]]) -> Any:
    columns = np.concatenate([buckets for buckets, _ in rows])
    ends = np.concatenate([[0], np.cumsum([len(buckets) for buckets, _ in rows])])
    counts = np.concatenate([counts for _, counts in rows])
    return csr_array((counts, columns, ends), shape=(len(rows), BUCKETS))


def _target_row(probe: Probe, classes: Sequence[str]) -> list[float]:
    if not probe.is_sensitive:
        risk = _PEACEFUL_TARGET if probe.topic in _PEACEFUL else -1.0
        return [risk] + [0.0] * len(classes)
    return [1.0] + [float(name == probe.topic) for name in classes]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PROBES_FOLDER)
