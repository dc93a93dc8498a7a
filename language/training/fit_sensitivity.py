"""Fit the sensitivity classifier on probes: `python -m language.training.fit_sensitivity [FOLDER]`."""

import json
import sys
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
    NGRAM_SCORE_COUNT,
    STRICT_CLASSES,
    Array,
    Head,
    Thresholds,
    combine_risk,
    fourier_features,
    head_and_tail,
    jamo_ngrams,
    save_head,
)
from language.training.ridge import DesignMatrix, solve_ridge

PROBES_FOLDER = Path(__file__).parents[2] / "tests" / "language" / "probes"
# Files of writers who knew neither the lexicon nor one another. Each is judged by a head fitted on all that
# others wrote, and by that the thresholds are chosen: a stranger is what the gate will meet.
HELD_OUT_WRITERS = (
    "abroad", "adversary", "auditor", "english", "hotline", "latin", "nightshift", "office", "parents",
    "plain_safe", "rural", "tasks", "terse", "young",
)  # fmt: skip
_PENALTY = 2.0
# Safe probes whose ads are the ones to keep: they count for more than what only looks sensitive.
_COMMERCIAL_CLASSES = ("commerce", "ordinary", "everyday", "natural")
_COMMERCIAL_IMPORTANCE = 2.5
# The shares of them that the gate may block among strangers; ordinary prompts seldom have an ad to lose.
_MAX_BLOCKED_SHARES = {"commerce": 0.055, "ordinary": 0.12}
# How much less risk it takes beside an entry of the lexicon.
_NAMED_STEP = 0.4
# How far above the worst safe probes a crisis must smell before a help line leads the answer.
_HELP_MARGIN = 0.15
# Sensitive probes that a head fitted on them still misses, or nearly, count more in the next round.
_ROUNDS = 2
_MISSED_IMPORTANCE = 2.5
_MISS_MARGIN = 0.05


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
class RuleMatches:
    """What was found in each probe without a head; `always_blocked` blocks whatever a head says.

    What is `ambiguous_crisis` has an entry of a crisis and does not tell one outright.
    """

    always_blocked: NDArray[np.bool_]
    named: NDArray[np.bool_]
    ambiguous_crisis: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TrainingFeatures:
    """What is known of the probes before any head; `centre` is their mean vector.

    The table holds runs of jamo times their `rarity`, which the weights of the head take over.
    """

    found: RuleMatches
    centre: Array
    rarity: Array
    table: DesignMatrix


@dataclass(frozen=True, slots=True)
class PredictedRisks:
    """What a head makes of the probes, beside what was found without it."""

    risks: NDArray[np.float64]
    crisis: NDArray[np.float64]
    found: RuleMatches

    def blocked(self, least: Thresholds, margin: float = 0.0) -> NDArray[np.bool_]:
        """Return the verdicts under these thresholds; a margin below `margin` does not count."""
        found = self.found
        floor = np.where(found.named, least.named, least.plain)
        verdicts: NDArray[np.bool_] = found.always_blocked | (self.risks > floor + margin)
        return verdicts


def read_probes(path: Path) -> list[Probe]:
    """Read one JSON object a line: text, label and class."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [Probe(row["text"], row["label"], row.get("class", ""), path.stem) for row in rows]


def extract_features(probes: Sequence[Probe]) -> TrainingFeatures:
    """Return the features of every probe; the runs of jamo are sparse, as a line holds few of them."""
    plain = [remove_idioms(deobfuscate(probe.text)) for probe in probes]
    ends = [head_and_tail(text) for text in plain]
    vectors = np.stack([embed([text])[0] for text in ends])
    centre = vectors.mean(axis=0)
    waves = np.stack([fourier_features(vector - centre) for vector in vectors])
    grams = _stack_sparse([jamo_ngrams(text) for text in ends])
    rarity = _inverse_document_frequency(grams)
    return TrainingFeatures(_match_rules(plain), centre, rarity, DesignMatrix(waves, _scale(grams, rarity)))


def fit_head(probes: Sequence[Probe], features: TrainingFeatures, thresholds: Thresholds) -> Head:
    """Fit on all probes, in rounds: what was missed counts more in the next."""
    classes = class_list(probes)
    sensitive = np.array([probe.is_sensitive for probe in probes])
    importance = _sample_weights(probes)
    weights = _solve(probes, features.table, classes[: NGRAM_SCORE_COUNT - 1], importance)
    for _ in range(_ROUNDS):
        judged = _predict_risks(features.table.weigh(weights), features.found)
        missed = sensitive & ~judged.blocked(thresholds, _MISS_MARGIN)
        importance = np.where(missed, _MISSED_IMPORTANCE * importance, importance)
        weights = _solve(probes, features.table, classes[: NGRAM_SCORE_COUNT - 1], importance)
    rarity, waves = features.rarity, features.table.waves
    alone = DesignMatrix(waves, csr_array((len(probes), 0), dtype=np.float32))
    others = _solve(probes, alone, classes[NGRAM_SCORE_COUNT - 1 :], importance)[:, 1:]
    fourier_weights = np.hstack([weights[: waves.shape[1]], others[:-1]])
    ngram_weights = weights[waves.shape[1] : -1] * rarity[:, None]
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
    """Return the rows that strangers wrote, and each judged by a head that has seen nothing of its writer."""
    writers = np.array([probe.writer for probe in probes])
    rows = np.flatnonzero(np.isin(writers, HELD_OUT_WRITERS))
    scores = np.zeros((len(probes), NGRAM_SCORE_COUNT), dtype=np.float32)
    for writer in HELD_OUT_WRITERS:
        seen, unseen = np.flatnonzero(writers != writer), np.flatnonzero(writers == writer)
        some = [probes[int(row)] for row in seen]
        if len(unseen):
            weights = _solve(some, features.table.take(seen), STRICT_CLASSES, _sample_weights(some))
            scores[unseen] = features.table.take(unseen).weigh(weights)
    found = features.found
    return rows, _predict_risks(
        scores[rows], RuleMatches(found.always_blocked[rows], found.named[rows], found.ambiguous_crisis[rows])
    )


def choose_thresholds(probes: Sequence[Probe], judged: PredictedRisks) -> Thresholds:
    """Return the wariest thresholds that leave shoppers and ordinary prompts alone."""
    safe = ~np.array([probe.is_sensitive for probe in probes])
    topics = np.array([probe.topic for probe in probes])
    shares = {topic: (safe & (topics == topic), most) for topic, most in _MAX_BLOCKED_SHARES.items()}
    worst = float(judged.crisis[safe & ~judged.found.always_blocked].max()) + _HELP_MARGIN
    ambiguous = judged.crisis[safe & judged.found.ambiguous_crisis]
    named_worst = min(worst, float(ambiguous.max(initial=0.0)) + _HELP_MARGIN)

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
    return STRICT_CLASSES + tuple(
        sorted({probe.topic for probe in probes if probe.is_sensitive} - set(STRICT_CLASSES))
    )


def main(folder: Path) -> None:
    """Fit on every probe in the folder and write the weights."""
    probes = [probe for path in sorted(folder.glob("*.jsonl")) for probe in read_probes(path)]
    features = extract_features(probes)
    rows, judged = predict_held_out_writers(probes, features)
    thresholds = choose_thresholds([probes[int(row)] for row in rows], judged)
    provenance = f"ridge over {len(probes)} probes written by hand for this project; no other text was used"
    save_head(fit_head(probes, features, thresholds), provenance)
    sys.stdout.write(f"{provenance}; {thresholds}\n")


def _solve(probes: Sequence[Probe], table: DesignMatrix, classes: Sequence[str], importance: Any) -> Array:
    targets = np.array([_target_row(probe, classes) for probe in probes], dtype=np.float32)
    return solve_ridge(table, targets, importance, _PENALTY)


def _sample_weights(probes: Sequence[Probe]) -> NDArray[np.float64]:
    # Safe and sensitive weigh the same, however many there are of each.
    sensitive = np.array([probe.is_sensitive for probe in probes])
    commercial = ~sensitive & np.array([probe.topic in _COMMERCIAL_CLASSES for probe in probes])
    weights = np.where(sensitive, 0.5 / sensitive.mean(), 0.5 / (~sensitive).mean())
    importance: NDArray[np.float64] = np.where(commercial, _COMMERCIAL_IMPORTANCE * weights, weights)
    return importance


def _predict_risks(scores: Array, found: RuleMatches) -> PredictedRisks:
    crisis = scores[:, 1 + STRICT_CLASSES.index(CRISIS)]
    return PredictedRisks(combine_risk(scores).astype(np.float64), crisis.astype(np.float64), found)


def _match_rules(plain: Sequence[str]) -> RuleMatches:
    entries = [find_classes(text) for text in plain]
    told = np.array([matches_crisis_pattern(text) for text in plain])
    crisis = np.array([CRISIS in names for names in entries])
    return RuleMatches(
        always_blocked=told | crisis | np.array([contains_pii(text) for text in plain]),
        named=np.array([bool(names) for names in entries]),
        ambiguous_crisis=crisis & ~told,
    )


def _inverse_document_frequency(grams: Any) -> Array:
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
    return csr_array((counts, columns, ends), shape=(len(rows), HASH_BUCKETS))


def _target_row(probe: Probe, classes: Sequence[str]) -> list[float]:
    risk = 1.0 if probe.is_sensitive else -1.0
    return [risk] + [float(probe.is_sensitive and name == probe.topic) for name in classes]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PROBES_FOLDER)
