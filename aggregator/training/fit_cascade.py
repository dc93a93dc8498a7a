"""Ask cheap models first; when their vote is not sure enough, ask a strong one too and count again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from aggregator.catalog.vendors import detect_vendor
from aggregator.pipeline.ranking.tally import VoteWeights, count_vote, weigh_standings
from aggregator.pipeline.routing.escalation import MAX_PER_VENDOR, needs_escalation
from aggregator.training.fit_vote import fit_vote_weights
from aggregator.training.response_matrix import Codes, Numbers, ResponseMatrix, encode_one_hot

_PANEL_SIZES = (1, 2, 3, 4)
_SHORTLIST_SIZE = 12
_FOLDS = 3
_THRESHOLDS = tuple(float(step) for step in np.arange(0.05, 1.0, 0.025))
_COST_MARGIN = 0.99


@dataclass(frozen=True, slots=True)
class Cascade:
    """A panel and its vote, the sureness it must reach, and the vote that counts the strong model in."""

    panel: tuple[str, ...]
    strong: str
    threshold: float
    panel_head: VoteWeights
    full_head: VoteWeights


def run_cascade(cascade: Cascade, given: Mapping[str, str], topic: str) -> tuple[str, float, bool]:
    """Return answer, probability and whether the strong model had to be asked; it is read only then."""
    asked = {model: given[model] for model in cascade.panel}
    answer, confidence = count_vote(cascade.panel_head, asked, topic)
    if not needs_escalation(confidence, cascade.threshold):
        return answer, confidence, False
    answer, confidence = count_vote(cascade.full_head, asked | {cascade.strong: given[cascade.strong]}, topic)
    return answer, confidence, True


def list_panels(models: Sequence[str]) -> list[tuple[str, ...]]:
    """Return every small panel with at most two models of one vendor."""
    panels: list[tuple[str, ...]] = []
    for size in _PANEL_SIZES:
        for panel in combinations(models, size):
            vendors = [detect_vendor(model) for model in panel]
            if max(vendors.count(vendor) for vendor in vendors) <= MAX_PER_VENDOR:
                panels.append(panel)
    return panels


def _score_by_prior(
    responses: ResponseMatrix, says: Numbers, panel: Sequence[str]
) -> tuple[Numbers, Numbers]:
    """Return how sure a panel is and whether it is right, counted with public priors only."""
    columns = [responses.models.index(model) for model in panel]
    standings = responses.score_models()[columns]
    weights = 0.5 * np.maximum(0.05, weigh_standings([float(s) for s in standings], responses.choices))
    sums = says[:, :, columns] @ weights
    chances = np.exp(sums) * says[:, :, columns].any(axis=2)
    leading = chances.argmax(axis=1)
    sure = chances[np.arange(len(leading)), leading] / (1.0 + chances.sum(axis=1))
    return sure, (leading == responses.gold).astype(float)


def _sweep_thresholds(
    sure: Numbers, right: Numbers, right_after: Numbers, costs: tuple[Numbers, Numbers, float]
) -> tuple[float, float]:
    """Return the best accuracy that a threshold reaches within the allowance, and that threshold."""
    panel_cost, strong_cost, allowance = costs
    best = (-1.0, 0.0)
    for threshold in _THRESHOLDS:
        unsure = sure < threshold
        if float((panel_cost + unsure * strong_cost).mean()) <= allowance * _COST_MARGIN:
            best = max(best, (float(np.where(unsure, right_after, right).mean()), threshold))
    return best


def _measure(head: VoteWeights, responses: ResponseMatrix) -> tuple[list[float], list[bool]]:
    sure, right = [], []
    for row in range(len(responses.gold)):
        given = {
            m: responses.name_answer(int(c))
            for m, c in zip(responses.models, responses.answers[row], strict=True)
            if c >= 0
        }
        answer, confidence = count_vote(head, given, responses.topics[row])
        sure.append(confidence)
        right.append(
            bool(responses.gold[row] >= 0 and answer == responses.name_answer(int(responses.gold[row])))
        )
    return sure, right


def _measure_folds(responses: ResponseMatrix, fold: Codes) -> tuple[Numbers, Numbers]:
    sure, right = np.zeros(len(fold)), np.zeros(len(fold))
    for number in range(_FOLDS):
        rest = np.flatnonzero(fold == number)
        head = fit_vote_weights(responses.take(np.flatnonzero(fold != number)), quick=True)
        sure[rest], right[rest] = _measure(head, responses.take(rest))
    return sure, right


def choose_cascade(
    responses: ResponseMatrix, costs: Numbers, strong: str, share: float, seed: int = 0
) -> Cascade:
    """Choose panel and threshold on labelled answers: most right within a share of the strong one's cost."""
    strong_cost = costs[:, responses.models.index(strong)]
    allowance = share * float(strong_cost.mean())
    cheap = [
        m
        for m, cost in zip(responses.models, costs.mean(axis=0), strict=True)
        if m != strong and cost < allowance
    ]
    says, _ = encode_one_hot(responses)
    screened = []
    for panel in list_panels(cheap):
        panel_cost = costs[:, [responses.models.index(model) for model in panel]].sum(axis=1)
        sure, right = _score_by_prior(responses, says, panel)
        _, right_after = _score_by_prior(responses, says, (*panel, strong))
        best, _ = _sweep_thresholds(sure, right, right_after, (panel_cost, strong_cost, allowance))
        screened.append((best, -float(panel_cost.mean()), panel, panel_cost))
    screened.sort(key=lambda entry: entry[:2], reverse=True)
    fold = np.random.default_rng(seed).permutation(len(responses.gold)) % _FOLDS
    chosen = (-1.0, 0.0, screened[0][2])
    for _, _, panel, panel_cost in screened[:_SHORTLIST_SIZE]:
        sure, right = _measure_folds(responses.keep(panel), fold)
        _, right_after = _measure_folds(responses.keep((*panel, strong)), fold)
        chosen = max(
            chosen,
            (*_sweep_thresholds(sure, right, right_after, (panel_cost, strong_cost, allowance)), panel),
        )
    _, threshold, panel = chosen
    heads = [fit_vote_weights(responses.keep(models), quick=True) for models in (panel, (*panel, strong))]
    return Cascade(panel, strong, threshold, heads[0], heads[1])
