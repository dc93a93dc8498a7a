"""The story of a turn, top to bottom, and the only place that knows its order."""

import asyncio
import logging

from aggregator.domain.events import TurnOpened
from aggregator.execution.checkpoint_loop import CheckpointLoop
from aggregator.execution.close import (
    close_failed,
    close_turn,
    emit_closed_event,
    is_given_up,
    place_ad,
    record_unlogged_calls,
)
from aggregator.execution.crisis import judge_after_start, offer_help
from aggregator.execution.setup import load_run_context, prepare_setup
from aggregator.execution.stages import PanelStages
from aggregator.execution.turn_control import TurnControl
from aggregator.execution.turn_run import TurnRun
from aggregator.models import Turn
from aggregator.pipeline.panel.resume import has_unfinished
from aggregator.pipeline.types import NoModelError
from aggregator.streaming.event_writer import EventWriter
from language.sensitivity import Sensitivity, is_explicit_crisis

logger = logging.getLogger(__name__)


async def answer_turn(turn: Turn, writer: EventWriter, control: TurnControl) -> None:
    """Answer a turn to its end; one that has met a fault of ours too often is closed as failed.

    While a draft is being stored everything up to the requests to the models is prepared.
    """
    try:
        async with asyncio.TaskGroup() as group:
            answering = group.create_task(_answer(TurnRun(turn, writer, control)))
            if not await control.is_stored():
                answering.cancel()
    except Exception as error:
        if not await is_given_up(error, writer):
            raise
        # Another process would meet the same fault again, and the turn would never end.
        logger.exception("turn %s: given up after repeated faults of ours", turn.public_id)
        await close_failed(TurnRun(turn, writer, control))


async def _answer(run: TurnRun) -> None:
    """Answer the prompt, close the turn, then place an ad; nothing of an earlier pass is done twice."""
    if run.turn.stop_asked_at:
        run.control.stop.set()
    judging = asyncio.create_task(judge_after_start(run))
    try:
        if run.state.status == "running" or run.state.attempt < run.turn.attempt:
            await _answer_with_checkpoints(run, judging)
        else:
            await load_run_context(run)
        await close_turn(run)
        await place_ad(run, await judging)
    except BaseException:
        await record_unlogged_calls(run)
        raise
    finally:
        judging.cancel()


async def _answer_with_checkpoints(run: TurnRun, judging: asyncio.Task[Sensitivity]) -> None:
    turn = run.turn
    conversation_id = str(turn.conversation.public_id)
    await run.emit(TurnOpened(conversation_id, str(turn.public_id), turn.prompt, turn.attempt))
    checkpoints = CheckpointLoop(run)
    # A task group, because a turn without checkpoints would not notice that it has to stop.
    async with asyncio.TaskGroup() as group:
        saving = group.create_task(checkpoints.repeat())
        error = await _answer_prompt(run, checkpoints, judging)
        saving.cancel()
    await emit_closed_event(run, error)


async def _answer_prompt(
    run: TurnRun, checkpoints: CheckpointLoop, judging: asyncio.Task[Sensitivity]
) -> str:
    """Set up the turn and go through its stages; returns '' or the code of why there is no answer."""
    if is_explicit_crisis(run.turn.prompt):
        await offer_help(run)
        return ""
    context = await load_run_context(run)
    if run.state.answer_is_finished and not has_unfinished(run.state):
        return ""
    try:
        setup = await prepare_setup(run, context)
    except NoModelError as error:
        return "" if run.state.answer_is_finished else error.code
    checkpoints.stages = stages = PanelStages(run, setup)
    return await stages.answer(judging)
