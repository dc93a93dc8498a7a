"""Fits the sensitivity head on hand-written probes: `python -m language.fit_sensitivity [FOLDER]`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from language.disguise import undisguise
from language.embed import embed
from language.lexicon import find_classes, tells_crisis, without_idioms
from language.pasted import holds_secret
from language.ridge import Table, solve_ridge
from language.sensitivity_head import (
    BUCKETS,
    BY_GRAMS,
    CRISIS,
    STRICT,
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
# Files of writers who knew neither the lexicon nor one another. Each is judged by a head fitted on all that
# others wrote, and by that the thresholds are chosen: a stranger is what the gate will meet.
STRANGERS = (
    "abroad", "adversary", "auditor", "english", "hotline", "latin", "nightshift", "office", "parents",
    "plain_safe", "rural", "tasks", "terse", "young",
)  # fmt: skip
_PENALTY = 2.0
# Safe probes whose ads are the ones to keep: they count for more than what only looks sensitive.
_PEACEFUL = ("commerce", "ordinary", "everyday", "natural")
_PEACEFUL_IMPORTANCE = 2.5
# The shares of them that the gate may block among strangers; ordinary prompts seldom have an ad to lose.
_MOST_BLOCKED = {"commerce": 0.055, "ordinary": 0.12}
# How much less risk it takes beside an entry of the lexicon.
_NAMED_STEP = 0.4
# How far above the worst safe probes a crisis must smell before a help line leads the answer.
_HELP_MARGIN = 0.15
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
    writer: str = ""

    @property
    def is_sensitive(self) -> bool:
        """Say whether an ad beside this prompt would be wrong."""
        return self.label == "sensitive"


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in each probe without a head; `surely` blocks whatever a head says.

    What is `doubtful` has an entry of a crisis and does not tell one outright.
    """

    surely: NDArray[np.bool_]
    named: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of the probes before any head; `centre` is their mean vector.

    The table holds runs of jamo times their `rarity`, which the weights of the head take over.
    """

    found: Found
    centre: Array
    rarity: Array
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
        floor = np.where(found.named, least.named, least.plain)
        verdicts: NDArray[np.bool_] = found.surely | (self.risks > floor + spare)
        return verdicts


def read_probes(path: Path) -> list[Probe]:
    """Read one JSON object a line: text, label and class."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [Probe(row["text"], row["label"], row.get("class", ""), path.stem) for row in rows]


def read_features(probes: Sequence[Probe]) -> Features:
    """Return the features of every probe; the runs of jamo are sparse, as a line holds few of them."""
    plain = [without_idioms(undisguise(probe.text)) for probe in probes]
    ends = [ends_of(text) for text in plain]
    vectors = np.stack([embed([text])[0] for text in ends])
    centre = vectors.mean(axis=0)
    waves = np.stack([waves_of(vector - centre) for vector in vectors])
    grams = _stack_sparse([grams_of(text) for text in ends])
    rarity = _rarity(grams)
    return Features(_look_up(plain), centre, rarity, Table(waves, _scale(grams, rarity)))


def fit_head(probes: Sequence[Probe], features: Features, thresholds: Thresholds) -> Head:
    """Fit on all probes, in rounds: what was missed counts more in the next."""
    classes = class_list(probes)
    sensitive = np.array([probe.is_sensitive for probe in probes])
    importance = _importance(probes)
    weights = _solve(probes, features.table, classes[: BY_GRAMS - 1], importance)
    for _ in range(_ROUNDS):
        judged = _judge(features.table.weigh(weights), features.found)
        missed = sensitive & ~judged.blocked(thresholds, _NARROW)
        importance = np.where(missed, _MISSED_IMPORTANCE * importance, importance)
        weights = _solve(probes, features.table, classes[: BY_GRAMS - 1], importance)
    rarity, waves = features.rarity, features.table.waves
    alone = Table(waves, csr_array((len(probes), 0), dtype=np.float32))
    others = _solve(probes, alone, classes[BY_GRAMS - 1 :], importance)[:, 1:]
    wave_weights = np.hstack([weights[: waves.shape[1]], others[:-1]])
    gram_weights = weights[waves.shape[1] : -1] * rarity[:, None]
    return Head(
        classes,
        features.centre,
        np.ascontiguousarray(wave_weights.T),
        np.ascontiguousarray(gram_weights.T),
        np.concatenate([weights[-1], others[-1]]),
        thresholds,
    )


def judge_strangers(probes: Sequence[Probe], features: Features) -> tuple[NDArray[np.intp], Risks]:
    """Return the rows that strangers wrote, and each judged by a head that has seen nothing of its writer."""
    writers = np.array([probe.writer for probe in probes])
    rows = np.flatnonzero(np.isin(writers, STRANGERS))
    scores = np.zeros((len(probes), BY_GRAMS), dtype=np.float32)
    for writer in STRANGERS:
        seen, unseen = np.flatnonzero(writers != writer), np.flatnonzero(writers == writer)
        some = [probes[int(row)] for row in seen]
        if len(unseen):
            weights = _solve(some, features.table.take(seen), STRICT, _importance(some))
            scores[unseen] = features.table.take(unseen).weigh(weights)
    found = features.found
    return rows, _judge(scores[rows], Found(found.surely[rows], found.named[rows], found.doubtful[rows]))


def choose_thresholds(probes: Sequence[Probe], judged: Risks) -> Thresholds:
    """Return the wariest thresholds that leave shoppers and ordinary prompts alone."""
    safe = ~np.array([probe.is_sensitive for probe in probes])
    topics = np.array([probe.topic for probe in probes])
    shares = {topic: (safe & (topics == topic), most) for topic, most in _MOST_BLOCKED.items()}
    worst = float(judged.crisis[safe & ~judged.found.surely].max()) + _HELP_MARGIN
    doubted = judged.crisis[safe & judged.found.doubtful]
    named_worst = min(worst, float(doubted.max(initial=0.0)) + _HELP_MARGIN)

    def is_fitting(least: Thresholds) -> bool:
        blocked = judged.blocked(least)
        return all(not rows.any() or blocked[rows].mean() <= most for rows, most in shares.values())

    steps = [
        Thresholds(float(plain), float(plain) - _NAMED_STEP, worst, named_worst)
        for plain in np.arange(2.0, -1.0, -0.02)
    ]
    fitting = [least for least in steps if is_fitting(least)]
    return fitting[-1] if fitting else steps[0]


def class_list(probes: Sequence[Probe]) -> tuple[str, ...]:
    """Return the sensitive classes in the order in which the head keeps them: the strict ones first."""
    return STRICT + tuple(sorted({probe.topic for probe in probes if probe.is_sensitive} - set(STRICT)))


def main(folder: Path) -> None:
    """Fit on every probe in the folder and write the weights."""
    probes = [probe for path in sorted(folder.glob("*.jsonl")) for probe in read_probes(path)]
    features = read_features(probes)
    rows, judged = judge_strangers(probes, features)
    thresholds = choose_thresholds([probes[int(row)] for row in rows], judged)
    provenance = f"ridge over {len(probes)} probes written by hand for this project; no other text was used"
    save_head(fit_head(probes, features, thresholds), provenance)
    sys.stdout.write(f"{provenance}; {thresholds}\n")


def _solve(probes: Sequence[Probe], table: Table, classes: Sequence[str], importance: Any) -> Array:
    targets = np.array([_target_row(probe, classes) for probe in probes], dtype=np.float32)
    return solve_ridge(table, targets, importance, _PENALTY)


def _importance(probes: Sequence[Probe]) -> NDArray[np.float64]:
    # Safe and sensitive weigh the same, however many there are of each.
    sensitive = np.array([probe.is_sensitive for probe in probes])
    peaceful = ~sensitive & np.array([probe.topic in _PEACEFUL for probe in probes])
    weights = np.where(sensitive, 0.5 / sensitive.mean(), 0.5 / (~sensitive).mean())
    importance: NDArray[np.float64] = np.where(peaceful, _PEACEFUL_IMPORTANCE * weights, weights)
    return importance


def _judge(scores: Array, found: Found) -> Risks:
    crisis = scores[:, 1 + STRICT.index(CRISIS)]
    return Risks(weigh_risk(scores).astype(np.float64), crisis.astype(np.float64), found)


def _look_up(plain: Sequence[str]) -> Found:
    entries = [find_classes(text) for text in plain]
    told = np.array([tells_crisis(text) for text in plain])
    crisis = np.array([CRISIS in names for names in entries])
    return Found(
        surely=told | crisis | np.array([holds_secret(text) for text in plain]),
        named=np.array([bool(names) for names in entries]),
        doubtful=crisis & ~told,
    )


def _rarity(grams: Any) -> Array:
    # What few probes hold says more: one for a run that none holds, nothing for one that all do.
    held = np.bincount(grams.indices, minlength=grams.shape[1])
    rarity = np.log((1 + grams.shape[0]) / (1 + held)) / np.log(1 + grams.shape[0])
    scaled = _scale(grams, rarity)
    # On the whole runs of jamo keep the weight beside the vector that they had.
    kept = np.sqrt((grams.data**2).sum() / (scaled.data**2).sum())
    weighed: Array = (kept * rarity).astype(np.float32)
    return weighed


def _scale(grams: Any, rarity: NDArray[Any]) -> Any:
    scaled = (grams.data * rarity[grams.indices]).astype(np.float32)
    return csr_array((scaled, grams.indices, grams.indptr), shape=grams.shape)


def _stack_sparse(rows: Sequence[tuple[NDArray[np.intp], Array]]) -> Any:
    columns = np.concatenate([buckets for buckets, _ in rows])
    ends = np.concatenate([[0], np.cumsum([len(buckets) for buckets, _ in rows])])
    counts = np.concatenate([counts for _, counts in rows])
    return csr_array((counts, columns, ends), shape=(len(rows), BUCKETS))


def _target_row(probe: Probe, classes: Sequence[str]) -> list[float]:
    risk = 1.0 if probe.is_sensitive else -1.0
    return [risk] + [float(probe.is_sensitive and name == probe.topic) for name in classes]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PROBES_FOLDER)
