"""Measures votes of small panels, and cascades: panels whose unsure votes also ask a stronger model.

A model cascade as in FrugalGPT (Chen et al., 2023). Every panel is measured by weights that were fitted on
other questions; only those that are the best at some price of quality are kept, for the router to choose
from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from aggregator.catalog.vendors import detect_vendor
from aggregator.pipeline.ranking.tally import VoteWeights
from aggregator.pipeline.routing.plan_options import MAX_PER_VENDOR
from aggregator.pipeline.routing_weights import CascadePlan
from aggregator.training.fit_accuracies import measure_accuracies
from aggregator.training.fit_vote import fit_offsets, score_answers
from aggregator.training.response_matrix import ABSTAINED, Codes, Numbers, ResponseMatrix

MIN_ROWS = 60
_PANEL_SIZES = (2, 3)
_SHORTLIST_SIZE = 9
_STRONG_MODELS = 3
# Folds are drawn several times: which questions they hold decides among plans that are nearly as good.
_FOLDS, _DRAWS = 5, 3
_MAX_ROWS = 1_200
_THRESHOLDS = tuple(float(step) for step in np.arange(0.05, 1.0, 0.025))
# How far a plan's quality follows its own labels.
_LABEL_SHARE = 0.5
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class RecordedVotes:
    """Labelled answers of one kind of vote, the weights that its own are shrunk to, and public qualities."""

    responses: ResponseMatrix
    prior: VoteWeights
    standings: Numbers


@dataclass(frozen=True, slots=True)
class _Fold:
    """Held-out questions, and the weights and skills fitted on the others."""

    responses: ResponseMatrix
    weights: VoteWeights
    skills: Numbers

    def count_vote(self, panel: Sequence[str]) -> tuple[Numbers, Numbers]:
        """Return the confidence of a panel's vote and whether it is right, shape (questions,) each."""
        columns = [self.responses.models.index(model) for model in panel]
        answers = np.full_like(self.responses.answers, ABSTAINED)
        answers[:, columns] = self.responses.answers[:, columns]
        panel_responses = self.responses.with_answers(answers).select_models(panel)
        probabilities = score_answers(self.weights, panel_responses, self.skills[columns])[:, :-1]
        leading = probabilities.argmax(axis=1)
        is_right = (leading == panel_responses.gold) & (panel_responses.gold >= 0)
        return probabilities[np.arange(len(leading)), leading], is_right.astype(np.float64)


def _draw_folds(votes: RecordedVotes) -> Iterator[_Fold]:
    chosen = np.random.default_rng(0).permutation(len(votes.responses.gold))[:_MAX_ROWS]
    for draw in range(_DRAWS):
        yield from _split_folds(votes, np.random.default_rng(draw).permutation(chosen))


def _split_folds(votes: RecordedVotes, rows: Codes) -> Iterator[_Fold]:
    fold = np.arange(len(rows)) % _FOLDS
    for number in range(_FOLDS):
        learn = votes.responses.select_rows(rows[fold != number])
        skills = measure_accuracies(learn, votes.standings)
        weights = fit_offsets(learn, votes.prior, skills)
        yield _Fold(votes.responses.select_rows(rows[fold == number]), weights, skills)


def list_panels(models: Sequence[str]) -> list[tuple[str, ...]]:
    """Return every panel of two or three models with at most two of one vendor."""
    panels: list[tuple[str, ...]] = []
    is_mixed = len({detect_vendor(model) for model in models}) > 1
    for size in _PANEL_SIZES:
        for panel in combinations(models, size):
            vendors = [detect_vendor(model) for model in panel]
            if not is_mixed or max(vendors.count(vendor) for vendor in vendors) <= MAX_PER_VENDOR:
                panels.append(panel)
    return panels


def fit_cascades(votes: Sequence[RecordedVotes], costs: dict[str, float]) -> tuple[CascadePlan, ...]:
    """Return the votes and cascades on the convex hull of measured quality against cost, cheapest first.

    `costs` are the mean costs of an answer by model; models without one are left out.
    """
    usable = [row for row in votes if len(row.responses.gold) >= MIN_ROWS]
    folds = [fold for row in usable for fold in _draw_folds(row)]
    if not folds:
        return ()
    shared = set(costs).intersection(*(fold.responses.models for fold in folds))
    skills = {
        model: float(np.mean([fold.skills[fold.responses.models.index(model)] for fold in folds]))
        for model in shared
    }
    order = sorted(shared, key=lambda model: (-skills[model], costs[model], model))[:_SHORTLIST_SIZE]
    found: list[_Measured] = []
    for panel in list_panels(order):
        stronger = [
            model for model in order if model not in panel and skills[model] > max(skills[m] for m in panel)
        ]
        found += _measure_panel(panel, stronger[:_STRONG_MODELS], folds, costs)
    hull = _keep_hull(_estimate_qualities(found))
    return tuple(replace(plan, compared=tuple(sorted(shared))) for plan in hull)


@dataclass(frozen=True, slots=True)
class _Measured:
    """A plan with its mean cost, the mean confidence of its answers, and the share of them that is right."""

    cost: float
    plan: CascadePlan
    confidence: float
    right: float


def _measure(folds: Sequence[_Fold], panel: Sequence[str]) -> tuple[Numbers, Numbers]:
    counted = [fold.count_vote(panel) for fold in folds]
    return np.concatenate([row[0] for row in counted]), np.concatenate([row[1] for row in counted])


def _measure_panel(
    panel: tuple[str, ...], stronger: Sequence[str], folds: Sequence[_Fold], costs: dict[str, float]
) -> list[_Measured]:
    confidences, right = _measure(folds, panel)
    base = sum(costs[model] for model in panel)
    vote = CascadePlan(panel, "", 0.0, 0.0, 0.0)
    found = [_Measured(base, vote, float(confidences.mean()), float(right.mean()))]
    for strong in stronger:
        confidences_after, right_after = _measure(folds, (*panel, strong))
        for threshold in _THRESHOLDS:
            is_escalated = confidences < threshold
            rate = float(is_escalated.mean())
            if not 0 < rate < 1:
                continue
            plan = CascadePlan(panel, strong, round(threshold, _DIGITS), 0.0, round(rate, _DIGITS))
            confidence = float(np.where(is_escalated, confidences_after, confidences).mean())
            is_right = float(np.where(is_escalated, right_after, right).mean())
            found.append(_Measured(base + rate * costs[strong], plan, confidence, is_right))
    return found


def _estimate_qualities(found: Sequence[_Measured]) -> list[tuple[float, CascadePlan]]:
    """Return every plan with its cost and quality: how often it is right, shrunk to its confidence.

    The best of many plans by labels alone is the luckiest. Confidences have less noise; by how much all of
    them together are too high or too low is corrected.
    """
    if not found:
        return []
    bias = float(np.mean([row.right - row.confidence for row in found]))
    estimated = []
    for row in found:
        prior = row.confidence + bias
        quality = round(prior + _LABEL_SHARE * (row.right - prior), _DIGITS)
        estimated.append((row.cost, replace(row.plan, quality=quality)))
    return estimated


def _keep_hull(found: Sequence[tuple[float, CascadePlan]]) -> tuple[CascadePlan, ...]:
    hull: list[tuple[float, CascadePlan]] = []
    for cost, plan in sorted(found, key=lambda row: (row[0], -row[1].quality, row[1].panel)):
        if hull and plan.quality <= hull[-1][1].quality:
            continue
        while len(hull) >= 2 and _slope(hull[-2], (cost, plan)) >= _slope(hull[-2], hull[-1]):
            hull.pop()
        hull.append((cost, plan))
    return tuple(plan for _, plan in hull)


def _slope(one: tuple[float, CascadePlan], other: tuple[float, CascadePlan]) -> float:
    return (other[1].quality - one[1].quality) / max(other[0] - one[0], 1e-12)
