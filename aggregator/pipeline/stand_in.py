"""Who is asked in the place of a model that broke: the best one that was not asked, once for every seat."""

from collections.abc import Sequence

from aggregator.catalog import LanguageModel
from aggregator.events import CandidateFinished
from aggregator.pipeline.budget import Purse
from aggregator.pipeline.messages import output_room
from aggregator.pipeline.route import expected_cost
from aggregator.pipeline.shapes import Question
from aggregator.turn_state import TurnState

# What lies in the prompt would befall the next model as well.
FAULTS_OF_THE_PROMPT = frozenset({"refused", "bad_request", "context_too_long"})


def choose_stand_in(
    failed: CandidateFinished,
    state: TurnState,
    question: Question,
    offer: Sequence[LanguageModel],
    purse: Purse,
) -> LanguageModel | None:
    """Return the model to ask in the place of a failed candidate, or None when nobody should stand in."""
    seat = state.candidates[failed.candidate]
    is_replaced = any(each.stands_in_for == seat.candidate for each in state.candidates.values())
    if failed.status != "failed" or failed.error in FAULTS_OF_THE_PROMPT:
        return None
    # Whoever asked for a model by name wants that one; a ranking that is made waits for nobody.
    if "asked_panel" in state.reasons or state.ranking or seat.stands_in_for or is_replaced:
        return None
    by_slug = {model.slug: model for model in offer}
    seated = [by_slug[each.model] for each in state.candidates.values() if each.model in by_slug]
    broken, seats = by_slug.get(seat.model), {each.model for each in state.candidates.values()}
    spent = sum(expected_cost(model, question) for model in seated)
    able = [
        model
        for model in offer
        if model.slug not in seats
        and question.language in model.languages
        and output_room(model, question)
        and _is_affordable(model, broken, question, spent=spent, purse=purse)
    ]
    # What broke one model of a provider may well break its next one.
    return max(able, key=lambda model: (not _shares(model, broken), model.standing, model.slug), default=None)


def _is_affordable(
    model: LanguageModel, broken: LanguageModel | None, question: Question, *, spent: int, purse: Purse
) -> bool:
    cost = expected_cost(model, question)
    # A call that broke cost at most what it was to cost: one that is no dearer takes its place.
    return purse.affords(spent + cost) or (broken is not None and cost <= expected_cost(broken, question))


def _shares(model: LanguageModel, broken: LanguageModel | None) -> bool:
    return broken is not None and (model.provider, model.api_base) == (broken.provider, broken.api_base)
