"""Chooses the model that replaces a failed one: the best model not asked yet, once for each slot."""

from collections.abc import Sequence

from aggregator.budgeting.turn_budget import TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.events import CandidateFinished
from aggregator.domain.turn_state import TurnState
from aggregator.pipeline.chat_messages import can_read
from aggregator.pipeline.routing.plan_options import estimate_cost_micros
from aggregator.pipeline.types import Question

# Errors that the prompt causes: the next model would fail as well.
PROMPT_ERRORS = frozenset({"refused", "bad_request", "context_too_long"})


def choose_fallback(
    failed: CandidateFinished,
    state: TurnState,
    question: Question,
    models: Sequence[LanguageModel],
    budget: TurnBudget,
) -> LanguageModel | None:
    """Return the model to ask instead of a failed candidate's, or None when the slot stays empty."""
    candidate = state.candidates[failed.candidate]
    is_replaced = any(each.stands_in_for == failed.candidate for each in state.candidates.values())
    if failed.status != "failed" or failed.error in PROMPT_ERRORS:
        return None
    # A model requested by name is not replaced; neither is one of a turn that is ranked already.
    if "asked_panel" in state.reasons or state.ranking or candidate.stands_in_for or is_replaced:
        return None
    by_slug = {model.slug: model for model in models}
    in_turn = {each.model for each in state.candidates.values()}
    failed_model = by_slug.get(candidate.model)
    spent = sum(
        estimate_cost_micros(by_slug[each.model], question)
        for each in state.candidates.values()
        if each.model in by_slug
    )
    capable = [
        model
        for model in models
        if model.slug not in in_turn
        and question.language in model.languages
        and can_read(model, question)
        and _is_affordable(model, failed_model, question, spent=spent, budget=budget)
    ]
    # What broke one model of a provider is likely to break its next one.
    return max(
        capable,
        key=lambda model: (not _shares_provider(model, failed_model), model.standing, model.slug),
        default=None,
    )


def _is_affordable(
    model: LanguageModel,
    failed_model: LanguageModel | None,
    question: Question,
    *,
    spent: int,
    budget: TurnBudget,
) -> bool:
    cost = estimate_cost_micros(model, question)
    # The failed call cost at most its estimate, so a model that is no dearer fits in its place.
    return budget.can_afford(spent + cost) or (
        failed_model is not None and cost <= estimate_cost_micros(failed_model, question)
    )


def _shares_provider(model: LanguageModel, failed_model: LanguageModel | None) -> bool:
    return failed_model is not None and (model.provider, model.api_base) == (
        failed_model.provider,
        failed_model.api_base,
    )
