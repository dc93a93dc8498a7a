"""Which answer of a turn stands once nobody writes any more."""

from aggregator.domain.events import AnswerFinished, SupportsFound
from aggregator.infra.concurrency import run_in_cpu_pool
from aggregator.pipeline.fusion.fuse import Fusion
from aggregator.pipeline.fusion.support import find_supports
from aggregator.pipeline.panel.fan_out import Panel
from aggregator.pipeline.panel.provisional_answer import name_answer_kind
from aggregator.pipeline.types import Emit, Ranking


async def select_answer(
    panel: Panel, ranking: Ranking | None, fusion: Fusion | None, *, emit: Emit, is_stopped: bool
) -> str:
    """Tell which answer stands; '' or the code of why none does."""
    if fusion and not fusion.error:
        await emit(AnswerFinished("fused", cost_micros=fusion.cost_micros))
        drafts = [outcome.as_draft() for outcome in panel.usable]
        if supports := await run_in_cpu_pool(find_supports, fusion.text, drafts):
            await emit(SupportsFound(supports))
        return ""
    if ranking is None:
        partial = max(panel.outcomes, key=lambda outcome: len(outcome.text), default=None)
        if is_stopped and partial and partial.text:
            await emit(AnswerFinished("single", partial.slot.candidate))
            return ""
        return "stopped" if is_stopped else "all_failed"
    best = ranking.standings[0].candidate
    await emit(AnswerFinished(name_answer_kind(panel.route, panel.usable, ranking), best))
    return ""
