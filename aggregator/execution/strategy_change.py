"""Why an answer was not made by the strategy that a person asked for, or that the route planned."""

from aggregator.pipeline.fusion.fuse import Fusion, choose_fuser
from aggregator.pipeline.panel.panel import Panel
from aggregator.pipeline.types import Question, Ranking, Strategy

# The answer kinds that fulfil each strategy; a single model's answer always does when one was asked for.
_FULFILLED = {
    Strategy.VOTE: {"vote"},
    Strategy.CASCADE: {"vote"},
    Strategy.COUNCIL: {"fused"},
    Strategy.BEST: {"best", "vote", "fused"},
    Strategy.SINGLE: {"single", "lone", "best", "vote", "fused"},
}


def explain_strategy_change(
    kind: str, panel: Panel, ranking: Ranking, fusion: Fusion | None, question: Question
) -> str:
    """Return the code of why an answer of this kind is not what the strategy promised, or ''."""
    route = panel.route
    intended = Strategy(route.plan.requested or route.strategy)
    if kind in _FULFILLED[intended]:
        return ""
    if len(route.slots) == 1:
        return route.plan.change or "one_model"
    if len(panel.usable) == 1:
        return "one_answered"
    if intended == Strategy.COUNCIL:
        return _explain_missing_fusion(panel, fusion, question)
    return "not_comparable" if ranking.compared < 2 else "all_differ"


def _explain_missing_fusion(panel: Panel, fusion: Fusion | None, question: Question) -> str:
    if fusion is not None:
        return "fusion_failed"
    if choose_fuser(question, panel.usable):
        return "one_far_better"
    could_fuse = any(
        slot.model.can_fuse and question.language in slot.model.languages for slot in panel.route.slots
    )
    return "fuser_failed" if could_fuse else "no_fuser"
