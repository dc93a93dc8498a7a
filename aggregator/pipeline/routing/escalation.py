"""Chooses the stronger model that a panel asks when its vote is not confident enough."""

from collections.abc import Sequence

from aggregator.budgeting.turn_budget import TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.answer_type import detect_answer_type
from aggregator.pipeline.chat_messages import max_output_tokens
from aggregator.pipeline.routing.plan_options import ESCALATION_THRESHOLD, estimate_cost_micros
from aggregator.pipeline.types import Question, Ranking, Route, Strategy

_MIN_GAIN = 0.05


def needs_escalation(confidence: float, threshold: float = ESCALATION_THRESHOLD) -> bool:
    """Return whether a vote's confidence (0 to 1) is below the threshold."""
    return confidence < threshold


def choose_escalation(
    question: Question, models: Sequence[LanguageModel], route: Route, ranking: Ranking, budget: TurnBudget
) -> LanguageModel | None:
    """Return the most skilled stronger model that is worth its price, or None when none is needed."""
    confidence, panel = ranking.confidence, {slot.model.slug for slot in route.slots}
    if confidence is None or not needs_escalation(confidence):
        return None
    if (
        route.strategy not in {Strategy.VOTE, Strategy.CASCADE}
        and detect_answer_type(question.prompt) is None
    ):
        # Short answers to an open question differ without one of them being wrong.
        return None
    if "asked_panel" in route.reasons or "escalated" in route.reasons or budget.is_empty:
        return None
    best = max(slot.model.standing for slot in route.slots)
    for model in sorted(models, key=lambda model: (-model.standing, model.slug)):
        cost = estimate_cost_micros(model, question)
        is_stronger = model.slug not in panel and model.standing > best
        gain = max(_MIN_GAIN, model.standing - confidence)
        if (
            is_stronger
            and question.language in model.languages
            and max_output_tokens(model, question)
            and budget.can_afford(cost)
            and budget.pacing.price * cost / 1_000_000 <= gain
        ):
            return model
    return None
