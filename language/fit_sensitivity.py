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
from scipy.linalg import solve
from scipy.sparse import csr_array

from language.disguise import undisguise
from language.embed import embed
from language.lexicon import find_classes, find_hints, without_idioms
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
_PENALTY = 0.5
_BIAS_FEATURE = 1.0
# Safe probes that are not written to look sensitive, and the share of them that the gate may block.
_PEACEFUL = ("commerce", "everyday", "fresh", "natural", "ordinary")
_PEACEFUL_BLOCKED = 0.065
_COMMERCE_BLOCKED = 0.045
# The share of probes with an entry of the lexicon, and of those with a plain word, that it may overrule.
_NAMED_OVERRULED = 0.008
_HINTED_OVERRULED = 0.06
# How far above the worst safe probes but a few a crisis must smell before a help line leads the answer.
_HELP_MARGIN = 0.1
_ODDITIES = 3


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
class Table:
    """What the head looks at, a row a probe, and how much every two rows have in common."""

    centre: Array
    waves: Array
    grams: Any
    kinship: Array


@dataclass(frozen=True, slots=True)
class Risks:
    """What a head that has not seen the probes makes of them, and what the word lists found."""

    risks: NDArray[np.float64]
    is_crisis: NDArray[np.bool_]
    names_crisis: NDArray[np.bool_]
    named: NDArray[np.bool_]
    hinted: NDArray[np.bool_]

    def blocked(self, least: Thresholds) -> NDArray[np.bool_]:
        """Return the verdicts under these thresholds."""
        floor = np.where(self.named, least.named, np.where(self.hinted, least.hinted, least.plain))
        verdicts: NDArray[np.bool_] = self.names_crisis | (self.risks > floor)
        return verdicts


def read_probes(path: Path) -> list[Probe]:
    """Read one JSON object a line: text, label and class."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [Probe(row["text"], row["label"], row.get("class", "")) for row in rows]


def read_table(probes: Sequence[Probe]) -> Table:
    """Return the features of every probe; the runs of jamo are sparse, as a line holds few of them."""
    plain = [ends_of(without_idioms(undisguise(probe.text))) for probe in probes]
    vectors = np.stack([embed([text])[0] for text in plain])
    centre = vectors.mean(axis=0)
    waves = np.stack([waves_of(vector - centre) for vector in vectors])
    grams = _stack_sparse([grams_of(text) for text in plain])
    kinship = waves @ waves.T + (grams @ grams.T).toarray() + np.float32(_BIAS_FEATURE**2)
    return Table(centre, waves, grams, kinship.astype(np.float32))


def fit_head(probes: Sequence[Probe], table: Table, thresholds: Thresholds) -> Head:
    """Fit by ridge regression, safe and sensitive weighing the same however many there are of each."""
    classes = class_list(probes)
    pull = _pull(probes, table.kinship, classes)
    weights = np.concatenate([table.waves.T @ pull, table.grams.T @ pull]).T
    biases = pull.sum(axis=0) * np.float32(_BIAS_FEATURE**2)
    return Head(classes, table.centre, weights.astype(np.float32), biases, thresholds)


def cross_fit(probes: Sequence[Probe], table: Table) -> Risks:
    """Judge every probe by a head that has not seen it."""
    folds = np.array([zlib.crc32(probe.text.encode()) % FOLDS for probe in probes])
    classes = class_list(probes)
    scores = np.zeros((len(probes), 1 + len(classes)), dtype=np.float32)
    for fold in range(FOLDS):
        seen, unseen = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        pull = _pull([probes[int(row)] for row in seen], table.kinship[np.ix_(seen, seen)], classes)
        scores[unseen] = table.kinship[np.ix_(unseen, seen)] @ pull
    plain = [without_idioms(undisguise(probe.text)) for probe in probes]
    entries = [find_classes(text) for text in plain]
    return Risks(
        risks=weigh_risk(scores, classes).astype(np.float64),
        is_crisis=scores[:, 1:].argmax(axis=1) == classes.index(CRISIS),
        names_crisis=np.array([CRISIS in names for names in entries]),
        named=np.array([bool(names) for names in entries]),
        hinted=np.array([bool(find_hints(text)) for text in plain]),
    )


def choose_thresholds(probes: Sequence[Probe], judged: Risks) -> Thresholds:
    """Return the wariest thresholds that leave shoppers and everyday prompts alone."""
    sensitive = np.array([probe.is_sensitive for probe in probes])
    peaceful = ~sensitive & np.array([probe.topic in _PEACEFUL for probe in probes])
    commerce = peaceful & np.array([probe.topic == "commerce" for probe in probes])
    hinted_only = judged.hinted & ~judged.named
    named = float(np.quantile(judged.risks[sensitive & judged.named], _NAMED_OVERRULED))
    hinted = float(np.quantile(judged.risks[sensitive & hinted_only], _HINTED_OVERRULED))
    untold = ~sensitive & judged.is_crisis & ~judged.names_crisis
    help_from = float(np.sort(judged.risks[untold])[-_ODDITIES - 1]) + _HELP_MARGIN

    def is_fitting(least: Thresholds) -> bool:
        blocked = judged.blocked(least)
        return bool(
            blocked[peaceful].mean() <= _PEACEFUL_BLOCKED and blocked[commerce].mean() <= _COMMERCE_BLOCKED
        )

    steps = [Thresholds(float(plain), hinted, named, help_from) for plain in np.arange(2.0, -1.0, -0.02)]
    fitting = [least for least in steps if is_fitting(least)]
    return fitting[-1] if fitting else steps[0]


def class_list(probes: Sequence[Probe]) -> tuple[str, ...]:
    """Return the sensitive classes in the order in which the head keeps them."""
    return tuple(sorted({probe.topic for probe in probes if probe.is_sensitive}))


def main(folder: Path) -> None:
    """Fit on every probe in the folder and write the weights."""
    probes = [probe for path in sorted(folder.glob("*.jsonl")) for probe in read_probes(path)]
    table = read_table(probes)
    thresholds = choose_thresholds(probes, cross_fit(probes, table))
    provenance = f"ridge over {len(probes)} probes written by hand for this project; no other text was used"
    save_head(fit_head(probes, table, thresholds), provenance)
    sys.stdout.write(f"{provenance}; {thresholds}\n")


def _pull(probes: Sequence[Probe], kinship: Array, classes: Sequence[str]) -> Array:
    targets = np.array([_target_row(probe, classes) for probe in probes], dtype=np.float32)
    sensitive = targets[:, 0] > 0
    importance = np.where(sensitive, 0.5 / sensitive.mean(), 0.5 / (~sensitive).mean())
    loaded = kinship + np.diag(_PENALTY / importance).astype(np.float32)
    pull: Array = solve(loaded, targets, assume_a="pos", overwrite_a=True, check_finite=False)
    return pull


def _stack_sparse(rows: Sequence[tuple[NDArray[np.intp], Array]]) -> Any:
    columns = np.concatenate([buckets for buckets, _ in rows])
    ends = np.concatenate([[0], np.cumsum([len(buckets) for buckets, _ in rows])])
    counts = np.concatenate([counts for _, counts in rows])
    return csr_array((counts, columns, ends), shape=(len(rows), BUCKETS))


def _target_row(probe: Probe, classes: Sequence[str]) -> list[float]:
    if not probe.is_sensitive:
        return [-1.0] + [0.0] * len(classes)
    return [1.0] + [float(name == probe.topic) for name in classes]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PROBES_FOLDER)
