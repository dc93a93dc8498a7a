"""The answer of a turn: whether one is fused from several candidates, and which one stands in the end."""

import contextlib
from functools import partial

from django.db import InterfaceError, OperationalError

from aggregator.domain.events import AnswerFinished, SupportsFound
from aggregator.domain.turn_state import TurnState
from aggregator.execution.turn_run import TurnRun
from aggregator.infra.concurrency import run_in_cpu_pool, run_in_db_thread
from aggregator.models import Turn
from aggregator.pipeline.fusion.fuse import Fusion, FusionRequest, choose_fuser, fuse, make_fusion_key
from aggregator.pipeline.fusion.fusion_inputs import select_fusion_inputs
from aggregator.pipeline.fusion.support import find_supports
from aggregator.pipeline.panel.panel import Panel
from aggregator.pipeline.panel.provisional_answer import name_answer_kind
from aggregator.pipeline.routing.route import is_budget_limited
from aggregator.pipeline.types import Question, Ranking
from aggregator.storage import checkpoint


async def fuse_answer(
    run: TurnRun, question: Question, ranking: Ranking | None, panel: Panel
) -> Fusion | None:
    """Write one answer from several candidates, or return None where it is not worth it or not possible.

    Its calls are recorded however it ends.
    """
    request = _build_fusion_request(question, ranking, panel, run.state)
    if request is None or run.is_stopped:
        return None
    run.usage.fusion_request = request
    stop, with_judge = run.control.stop, not is_budget_limited(panel.route)
    try:
        fusion = await fuse(request, emit=run.emit, stop=stop, with_judge=with_judge)
    finally:
        run.usage.record_fusion(request.to_fusion())
    if fusion.judgement and (report := fusion.judgement.report):
        order = tuple(request.fusion_inputs.candidates[letter] for letter in report.order)
        save = partial(checkpoint.save_ballot, turn=run.turn, judge=request.fuser.slug, order=order)
        with contextlib.suppress(OperationalError, InterfaceError):
            await run_in_db_thread(save)
    return fusion


def _build_fusion_request(
    question: Question, ranking: Ranking | None, panel: Panel, state: TurnState
) -> FusionRequest | None:
    if ranking is None:
        return None
    is_wanted = len(panel.usable) > 1 and panel.route.strategy == Turn.Strategy.COUNCIL
    # A question that was routed as votable turned out to have answers that cannot be compared.
    is_wanted |= not ranking.compared and "votable" in panel.route.reasons
    fuser = choose_fuser(question, panel.usable)
    if not is_wanted or fuser is None:
        return None
    fusion_inputs = select_fusion_inputs(ranking, panel.usable)
    if len(fusion_inputs.texts) < 2:
        return None
    return FusionRequest(question, fusion_inputs, fuser, make_fusion_key(state, state.answers_begun + 1))


async def select_answer(run: TurnRun, panel: Panel, ranking: Ranking | None, fusion: Fusion | None) -> str:
    """Emit which answer stands; returns '' or the code of why none does."""
    if fusion and not fusion.error:
        await run.emit(AnswerFinished("fused", cost_micros=fusion.cost_micros))
        drafts = [outcome.as_draft() for outcome in panel.usable]
        if supports := await run_in_cpu_pool(find_supports, fusion.text, drafts):
            await run.emit(SupportsFound(supports))
        return ""
    if ranking is None:
        longest = max(panel.outcomes, key=lambda outcome: len(outcome.text), default=None)
        if run.is_stopped and longest and longest.text:
            await run.emit(AnswerFinished("single", longest.slot.candidate))
            return ""
        return "stopped" if run.is_stopped else "all_failed"
    best = ranking.standings[0].candidate
    await run.emit(AnswerFinished(name_answer_kind(panel.route, panel.usable, ranking), best))
    return ""
