"""Who is asked in the place of a model that broke: the best one that was not asked, once for every slot."""

from collections.abc import Sequence

from aggregator.budgeting.turn_budget import TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.events import CandidateFinished
from aggregator.domain.turn_state import TurnState
from aggregator.pipeline.chat_messages import max_output_tokens
from aggregator.pipeline.routing.route import estimate_cost_micros
from aggregator.pipeline.types import Question

# What lies in the prompt would befall the next model as well.
PROMPT_ERRORS = frozenset({"refused", "bad_request", "context_too_long"})


def choose_fallback(
    failed: CandidateFinished,
    state: TurnState,
    question: Question,
    offer: Sequence[LanguageModel],
    budget: TurnBudget,
) -> LanguageModel | None:
    """Return the model to ask in the place of a failed candidate, or None when nobody should stand in."""
    slot = state.candidates[failed.candidate]
    is_replaced = any(each.stands_in_for == slot.candidate for each in state.candidates.values())
    if failed.status != "failed" or failed.error in PROMPT_ERRORS:
        return None
    # Whoever asked for a model by name wants that one; a ranking that is made waits for nobody.
    if "asked_panel" in state.reasons or state.ranking or slot.stands_in_for or is_replaced:
        return None
    by_slug = {model.slug: model for model in offer}
    seated = [by_slug[each.model] for each in state.candidates.values() if each.model in by_slug]
    broken, slots = by_slug.get(slot.model), {each.model for each in state.candidates.values()}
    spent = sum(estimate_cost_micros(model, question) for model in seated)
    able = [
        model
        for model in offer
        if model.slug not in slots
        and question.language in model.languages
        and max_output_tokens(model, question)
        and _is_affordable(model, broken, question, spent=spent, budget=budget)
    ]
    # What broke one model of a provider may well break its next one.
    return max(
        able,
        key=lambda model: (not _shares_provider(model, broken), model.standing, model.slug),
        default=None,
    )


def _is_affordable(
    model: LanguageModel, broken: LanguageModel | None, question: Question, *, spent: int, budget: TurnBudget
) -> bool:
    cost = estimate_cost_micros(model, question)
    # A call that broke cost at most what it was to cost: one that is no dearer takes its place.
    return budget.can_afford(spent + cost) or (
        broken is not None and cost <= estimate_cost_micros(broken, question)
    )


def _shares_provider(model: LanguageModel, broken: LanguageModel | None) -> bool:
    return broken is not None and (model.provider, model.api_base) == (broken.provider, broken.api_base)
