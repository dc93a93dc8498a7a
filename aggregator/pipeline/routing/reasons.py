"""The reasons for a route, each a code that is true of this turn (docs/events.md)."""

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.chat_messages import count_dropped_exchanges
from aggregator.pipeline.routing.plan_options import PlanOption
from aggregator.pipeline.types import Question, Strategy


@dataclass(frozen=True, slots=True)
class Readers:
    """The models on offer, those that can read the prompt, and those of them that speak its language."""

    offered: Sequence[LanguageModel]
    capable: Sequence[LanguageModel]
    fluent: Sequence[LanguageModel]

    @property
    def choosable(self) -> Sequence[LanguageModel]:
        """The models that the router chooses among."""
        return self.fluent or self.capable


def list_reader_reasons(question: Question, readers: Readers, panel: Sequence[LanguageModel]) -> list[str]:
    """Return what language and length say about why these models were asked."""
    reasons = []
    if all(question.language in model.languages for model in panel):
        reasons.append("speaks_language")
    elif not any(question.language in model.languages for model in readers.offered):
        reasons.append("nobody_speaks_language")
    if len(readers.capable) < len(readers.offered):
        reasons.append("only_reader" if len(readers.capable) == 1 else "long_prompt")
    return reasons


def list_history_reasons(question: Question, panel: Sequence[LanguageModel]) -> list[str]:
    """Return whether a model of the panel is asked without the oldest part of the conversation."""
    is_cut = any(count_dropped_exchanges(model, question) for model in panel)
    return ["history_cut"] if is_cut else []


def list_panel_reasons(panel: Sequence[LanguageModel], askable: Sequence[LanguageModel]) -> list[str]:
    """Return what is true of the panel among the models that could have been asked."""
    reasons = []
    chosen = {model.slug for model in panel}
    worst = min(model.standing for model in panel)
    if all(model.standing <= worst for model in askable if model.slug not in chosen):
        reasons.append("best_standing")
    if len(panel) > 1 and len({model.vendor for model in panel}) == len(panel):
        reasons.append("mixed_vendors")
    return reasons


def explain_planned_change(
    requested: str, option: PlanOption, readers: Readers, *, is_short_of_money: bool
) -> str:
    """Return why the route has another strategy than the one that was asked for, or ''."""
    if not requested or option.strategy == requested:
        return ""
    if len(option.panel) > 1:
        return "no_fuser" if requested == Strategy.COUNCIL else ""
    if len(readers.offered) == 1:
        return "one_model"
    if len(readers.capable) == 1:
        return "one_reader"
    if len(readers.choosable) == 1:
        return "one_fluent"
    return "budget_one" if is_short_of_money else "one_model"
