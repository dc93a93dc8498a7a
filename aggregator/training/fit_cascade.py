"""Fits a cascade: a cheap panel, and the confidence below which its vote also asks a strong model.

A model cascade as in FrugalGPT (Chen et al., 2023).
Not yet served: it will be served by the live-ensemble work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from aggregator.catalog.vendors import detect_vendor
from aggregator.pipeline.ranking.tally import VoteWeights, weigh_standings
from aggregator.pipeline.routing.escalation import needs_escalation
from aggregator.pipeline.routing.plan_options import MAX_PER_VENDOR
from aggregator.training.fit_vote import fit_vote_weights
from aggregator.training.learned_vote import count_vote
from aggregator.training.response_matrix import Codes, Numbers, ResponseMatrix, encode_one_hot

_PANEL_SIZES = (1, 2, 3, 4)
_SHORTLIST_SIZE = 12
_FOLDS = 3
_THRESHOLDS = tuple(float(step) for step in np.arange(0.05, 1.0, 0.025))
_COST_MARGIN = 0.99


@dataclass(frozen=True, slots=True)
class Cascade:
    """A cheap panel, a strong model, the escalation threshold, and vote weights without and with it."""

    panel: tuple[str, ...]
    strong: str
    threshold: float
    panel_weights: VoteWeights
    full_weights: VoteWeights


def run_cascade(cascade: Cascade, given: Mapping[str, str], topic: str) -> tuple[str, float, bool]:
    """Return the answer, its probability and whether the strong model was asked."""
    panel_answers = {model: given[model] for model in cascade.panel}
    answer, confidence = count_vote(cascade.panel_weights, panel_answers, topic)
    if not needs_escalation(confidence, cascade.threshold):
        return answer, confidence, False
    answer, confidence = count_vote(
        cascade.full_weights, panel_answers | {cascade.strong: given[cascade.strong]}, topic
    )
    return answer, confidence, True


def list_panels(models: Sequence[str]) -> list[tuple[str, ...]]:
    """Return every panel of up to four models with at most two of one vendor."""
    panels: list[tuple[str, ...]] = []
    for size in _PANEL_SIZES:
        for panel in combinations(models, size):
            vendors = [detect_vendor(model) for model in panel]
            if max(vendors.count(vendor) for vendor in vendors) <= MAX_PER_VENDOR:
                panels.append(panel)
    return panels


def _score_by_prior(
    responses: ResponseMatrix, votes: Numbers, panel: Sequence[str]
) -> tuple[Numbers, Numbers]:
    """Return a panel's confidence and correctness, shape (questions,) each, by public priors only."""
    columns = [responses.models.index(model) for model in panel]
    standings = responses.score_models()[columns]
    weights = 0.5 * np.maximum(0.05, weigh_standings([float(s) for s in standings], responses.choices))
    sums = votes[:, :, columns] @ weights
    exponents = np.exp(sums) * votes[:, :, columns].any(axis=2)
    leading = exponents.argmax(axis=1)
    confidences = exponents[np.arange(len(leading)), leading] / (1.0 + exponents.sum(axis=1))
    return confidences, (leading == responses.gold).astype(float)


def _sweep_thresholds(
    confidences: Numbers, right: Numbers, right_after: Numbers, costs: tuple[Numbers, Numbers, float]
) -> tuple[float, float]:
    """Return the best accuracy that a threshold reaches within the allowed cost, and that threshold."""
    panel_cost, strong_cost, allowance = costs
    best = (-1.0, 0.0)
    for threshold in _THRESHOLDS:
        is_escalated = confidences < threshold
        if float((panel_cost + is_escalated * strong_cost).mean()) <= allowance * _COST_MARGIN:
            best = max(best, (float(np.where(is_escalated, right_after, right).mean()), threshold))
    return best


def _measure(weights: VoteWeights, responses: ResponseMatrix) -> tuple[list[float], list[bool]]:
    confidences, right = [], []
    for row in range(len(responses.gold)):
        given = {
            m: responses.name_answer(int(c))
            for m, c in zip(responses.models, responses.answers[row], strict=True)
            if c >= 0
        }
        answer, confidence = count_vote(weights, given, responses.topics[row])
        confidences.append(confidence)
        right.append(
            bool(responses.gold[row] >= 0 and answer == responses.name_answer(int(responses.gold[row])))
        )
    return confidences, right


def _measure_folds(responses: ResponseMatrix, fold: Codes) -> tuple[Numbers, Numbers]:
    confidences, right = np.zeros(len(fold)), np.zeros(len(fold))
    for number in range(_FOLDS):
        held_out = np.flatnonzero(fold == number)
        weights = fit_vote_weights(responses.select_rows(np.flatnonzero(fold != number)), quick=True)
        confidences[held_out], right[held_out] = _measure(weights, responses.select_rows(held_out))
    return confidences, right


def choose_cascade(
    responses: ResponseMatrix, costs: Numbers, strong: str, share: float, seed: int = 0
) -> Cascade:
    """Return the most accurate cascade within a share of the strong model's cost.

    `costs` has shape (questions, models).
    """
    strong_cost = costs[:, responses.models.index(strong)]
    allowance = share * float(strong_cost.mean())
    cheap = [
        m
        for m, cost in zip(responses.models, costs.mean(axis=0), strict=True)
        if m != strong and cost < allowance
    ]
    votes, _ = encode_one_hot(responses)
    screened = []
    for panel in list_panels(cheap):
        panel_cost = costs[:, [responses.models.index(model) for model in panel]].sum(axis=1)
        confidences, right = _score_by_prior(responses, votes, panel)
        _, right_after = _score_by_prior(responses, votes, (*panel, strong))
        best, _ = _sweep_thresholds(confidences, right, right_after, (panel_cost, strong_cost, allowance))
        screened.append((best, -float(panel_cost.mean()), panel, panel_cost))
    screened.sort(key=lambda entry: entry[:2], reverse=True)
    fold = np.random.default_rng(seed).permutation(len(responses.gold)) % _FOLDS
    chosen = (-1.0, 0.0, screened[0][2])
    for _, _, panel, panel_cost in screened[:_SHORTLIST_SIZE]:
        confidences, right = _measure_folds(responses.select_models(panel), fold)
        _, right_after = _measure_folds(responses.select_models((*panel, strong)), fold)
        chosen = max(
            chosen,
            (
                *_sweep_thresholds(confidences, right, right_after, (panel_cost, strong_cost, allowance)),
                panel,
            ),
        )
    _, threshold, panel = chosen
    fitted = [
        fit_vote_weights(responses.select_models(models), quick=True) for models in (panel, (*panel, strong))
    ]
    return Cascade(panel, strong, threshold, fitted[0], fitted[1])
