"""A prompt's sensitivity, judged in full beside the answer, and the help lines for a crisis."""

import asyncio
from functools import partial

from aggregator.domain.crisis_help import crisis_help_text
from aggregator.domain.events import AnswerFinished, RouteChosen
from aggregator.execution.turn_run import CLOSE_RETRY_SECONDS, TurnRun
from aggregator.infra.concurrency import retry_db, run_in_cpu_pool, run_in_db_thread
from aggregator.services.conversations import mark_sensitive
from language.reading import read_prompt
from language.sensitivity import Sensitivity
from language.sensitivity_head import CRISIS

# The event loop's first milliseconds belong to the requests to the models.
SENSITIVITY_DELAY_SECONDS = 0.03


async def judge_after_start(run: TurnRun) -> Sensitivity:
    """Judge a prompt in full once its models were asked.

    Marks the conversation of a prompt that touches a crisis without a need for help; where there is one,
    `offer_help` marks it.
    """
    await asyncio.sleep(SENSITIVITY_DELAY_SECONDS)
    sensitivity = await run_in_cpu_pool(lambda: read_prompt(run.turn.prompt).sensitivity)
    if CRISIS in sensitivity.classes and not sensitivity.needs_help:
        await run.control.wait_until_stored()
        mark = partial(mark_sensitive, conversation=run.turn.conversation)
        await retry_db(CLOSE_RETRY_SECONDS, mark)
    return sensitivity


async def offer_help(run: TurnRun) -> None:
    """Answer with help lines, and mark the conversation so that it gets no ads from then on."""
    turn = run.turn
    await run.control.wait_until_stored()
    await run_in_db_thread(mark_sensitive, conversation=turn.conversation)
    turn.conversation.is_sensitive = True
    turn.route = {}
    await run.emit(RouteChosen("single", (), ("crisis",)))
    await run.emit(AnswerFinished("help", text=crisis_help_text(turn.language)))
