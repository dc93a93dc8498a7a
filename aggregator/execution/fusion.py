"""Whether one answer is written from several, and what is kept of how it was written."""

import asyncio
import contextlib
from functools import partial

from django.db import DatabaseError, InterfaceError, OperationalError

from aggregator.domain.turn_state import TurnState
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn
from aggregator.pipeline.fusion.fuse import Fusion, FusionRequest, choose_fuser, fuse
from aggregator.pipeline.fusion.fusion_inputs import select_fusion_inputs
from aggregator.pipeline.fusion.resume import make_fusion_key
from aggregator.pipeline.panel.fan_out import Panel
from aggregator.pipeline.types import Emit, Question, Ranking
from aggregator.storage import checkpoint
from aggregator.storage.usage import UsageRecorder

# What a pass that breaks off has to book must not keep its process from ending.
RECORD_TIMEOUT_SECONDS = 5


def build_fusion_request(
    question: Question, ranking: Ranking | None, panel: Panel, state: TurnState
) -> FusionRequest | None:
    """Return what one answer is to be written on, or None where none is wanted or nobody is able."""
    if ranking is None:
        return None
    is_wanted = len(panel.usable) > 1 and panel.route.strategy == Turn.Strategy.COUNCIL
    # What seemed to be one of a few answers was not: then one is written from them after all.
    is_wanted |= not ranking.compared and "votable" in panel.route.reasons
    fuser = choose_fuser(question, panel.usable)
    if not is_wanted or fuser is None:
        return None
    fusion_inputs = select_fusion_inputs(ranking, panel.usable)
    if len(fusion_inputs.texts) < 2:
        return None
    return FusionRequest(question, fusion_inputs, fuser, make_fusion_key(state, state.answers_begun + 1))


async def write_answer(
    fusion_request: FusionRequest,
    *,
    turn: Turn,
    usage: UsageRecorder,
    emit: Emit,
    stop: asyncio.Event,
    with_judge: bool,
) -> Fusion:
    """Write one answer; what that took is recorded however it ends."""
    usage.fusion_request = fusion_request
    try:
        fusion = await fuse(fusion_request, emit=emit, stop=stop, with_judge=with_judge)
    finally:
        usage.record_fusion(fusion_request.close())
    if fusion.judgement and (report := fusion.judgement.report):
        order = tuple(fusion_request.fusion_inputs.candidates[letter] for letter in report.order)
        with contextlib.suppress(OperationalError, InterfaceError):
            await run_in_db_thread(
                partial(checkpoint.save_ballot, turn=turn, judge=fusion_request.fuser.slug, order=order)
            )
    return fusion


async def record_unlogged_calls(usage: UsageRecorder, turn: Turn) -> None:
    """Write at once what a pass that breaks off has asked of judge and fuser: no log tells of it."""
    if calls := usage.unlogged:
        with contextlib.suppress(DatabaseError, InterfaceError, TimeoutError):
            async with asyncio.timeout(RECORD_TIMEOUT_SECONDS):
                await checkpoint.save_calls(turn=turn, calls=calls)
