"""Which answer of a turn stands once nobody writes any more."""

from aggregator.events import AnswerFinished, SupportsFound
from aggregator.off_loop import think
from aggregator.pipeline.fan_out import Panel
from aggregator.pipeline.fuse import Fusion
from aggregator.pipeline.lead import name_kind
from aggregator.pipeline.shapes import Emit, Ranking
from aggregator.pipeline.support import find_supports


async def settle(
    panel: Panel, ranking: Ranking | None, fusion: Fusion | None, *, emit: Emit, is_stopped: bool
) -> str:
    """Tell which answer stands; '' or the code of why none does."""
    if fusion and not fusion.error:
        await emit(AnswerFinished("fused", cost_micros=fusion.cost_micros))
        drafts = [outcome.as_draft() for outcome in panel.usable]
        if supports := await think(find_supports, fusion.text, drafts):
            await emit(SupportsFound(supports))
        return ""
    if ranking is None:
        partial = max(panel.outcomes, key=lambda outcome: len(outcome.text), default=None)
        if is_stopped and partial and partial.text:
            await emit(AnswerFinished("single", partial.seat.candidate))
            return ""
        return "stopped" if is_stopped else "all_failed"
    best = ranking.standings[0].candidate
    await emit(AnswerFinished(name_kind(panel.route, panel.usable, ranking), best))
    return ""
