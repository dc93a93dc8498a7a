"""Chooses the stronger model that a panel asks when its vote is not confident enough."""

from collections.abc import Sequence

from aggregator.budgeting.turn_budget import TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.answer_type import detect_answer_type
from aggregator.pipeline.chat_messages import can_read
from aggregator.pipeline.routing.plan_options import estimate_cost_micros
from aggregator.pipeline.routing_weights import NO_ROUTING_WEIGHTS, RoutingWeights
from aggregator.pipeline.types import Question, Ranking, Route, Strategy

_MIN_GAIN = 0.05


def choose_escalation(
    question: Question,
    models: Sequence[LanguageModel],
    route: Route,
    ranking: Ranking,
    *,
    budget: TurnBudget,
    weights: RoutingWeights = NO_ROUTING_WEIGHTS,
) -> LanguageModel | None:
    """Return the model that the plan names, else the most skilled stronger one that is worth its price.

    None when the vote is confident enough, by the threshold of a measured plan, else by the one that was
    fitted for the panel and that model.
    """
    if ranking.confidence is None or not _may_escalate(question, route, budget):
        return None
    ordered = sorted(models, key=lambda model: (model.slug != route.plan.strong, -model.standing, model.slug))
    for model in ordered:
        if _is_worth_asking(model, question, route, ranking.confidence, budget=budget, weights=weights):
            return model
    return None


def _may_escalate(question: Question, route: Route, budget: TurnBudget) -> bool:
    if "asked_panel" in route.reasons or "escalated" in route.reasons or budget.is_empty:
        return False
    # Short answers to an open question differ without one of them being wrong.
    return (
        route.strategy in {Strategy.VOTE, Strategy.CASCADE} or detect_answer_type(question.prompt) is not None
    )


def _is_worth_asking(
    model: LanguageModel,
    question: Question,
    route: Route,
    confidence: float,
    *,
    budget: TurnBudget,
    weights: RoutingWeights,
) -> bool:
    panel = frozenset(slot.model.slug for slot in route.slots)
    threshold = route.plan.threshold
    # The quality of a measured plan is that of its own escalations, of which one panel may have several.
    if threshold is None:
        threshold = weights.find_threshold(panel, model.slug, question.topic)
    is_planned = model.slug == route.plan.strong
    best = max(slot.model.standing for slot in route.slots)
    if confidence >= threshold or model.slug in panel:
        return False
    if not (model.standing > best or is_planned):
        return False
    cost = estimate_cost_micros(model, question)
    gain = max(_MIN_GAIN, model.standing - confidence)
    return (
        question.language in model.languages
        and can_read(model, question)
        and budget.can_afford(cost)
        # A planned escalation was weighed against the price of quality when the route was chosen.
        and (
            (is_planned and budget.pacing.price <= route.plan.price)
            or budget.pacing.price * cost / 1_000_000 <= gain
        )
    )
