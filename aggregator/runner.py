"""Where turns run: as a task of this process or of a worker, under a lease, until they end or are stopped."""

import asyncio
import datetime as dt
import logging
import uuid

from celery import current_app
from django.conf import settings
from django.utils import timezone

from aggregator import placements, selectors, services
from aggregator.journal import open_journal
from aggregator.lease import hold_lease, lease_key
from aggregator.models import Turn
from aggregator.pipeline.rank import rank
from aggregator.pipeline.shapes import Draft, Question
from aggregator.providers import close_providers, warm_providers
from aggregator.turn_log import LogTaken, TurnLog, turn_log
from aggregator.turns import answer_turn, off_loop
from language.sensitivity import judge_sensitivity
from language.topics import find_topics

logger = logging.getLogger(__name__)

WARM_WORDS = "안녕하세요"
RUN_TASK = "aggregator.tasks.run_turn"
_stops: dict[str, asyncio.Event] = {}
_running: set[asyncio.Task[None]] = set()


def log_of_this_loop() -> TurnLog:
    """Return the turn log of the running event loop."""
    return turn_log(settings.REDIS_URL, keep_seconds=settings.TURN_LOG_HOURS * 3600)


async def start_turn(turn: Turn) -> None:
    """Begin to answer a stored turn, here or on a worker as TURN_RUNNER says; does not wait for its end."""
    if settings.TURN_RUNNER == "worker":
        await off_loop(current_app.send_task, RUN_TASK, [str(turn.public_id)])
        return
    task = asyncio.create_task(run_turn(turn.public_id))
    _running.add(task)
    task.add_done_callback(_end)


def _end(task: asyncio.Task[None]) -> None:
    _running.discard(task)
    if not task.cancelled() and task.exception():
        logger.error("a turn broke off and will be recovered", exc_info=task.exception())


async def wait_for_turns() -> None:
    """Wait until every turn begun on this loop has ended."""
    here = asyncio.get_running_loop()
    while mine := [task for task in _running if task.get_loop() is here]:
        await asyncio.wait(mine)


async def run_turn(turn_id: uuid.UUID) -> None:
    """Answer one stored turn to its end unless another process does; safe to call again after a crash."""
    # Whoever reopened the turn while we held the lease found it taken and left it to us: look once more.
    while await _run_under_lease(turn_id):
        pass


async def _run_under_lease(turn_id: uuid.UUID) -> bool:
    log, name = log_of_this_loop(), str(turn_id)
    async with hold_lease(log.client, name, settings.TURN_LEASE_SECONDS) as is_ours:
        turn = await off_loop(_load_running, turn_id) if is_ours else None
        if turn is None:
            return False
        stop = _stops[name] = asyncio.Event()
        log.feed.on_stop(_stop_here)
        try:
            journal = await open_journal(log, turn)
            await answer_turn(turn, journal, stop)
        except* LogTaken:
            logger.warning("turn %s: another process took it over", turn_id)
            turn = None
        finally:
            log.close_page(name)
            _stops.pop(name, None)
    return turn is not None


def _load_running(turn_id: uuid.UUID) -> Turn | None:
    running = Turn.objects.filter(public_id=turn_id, status=Turn.Status.RUNNING)
    return selectors.with_parts(running).first()


def _stop_here(turn_id: str) -> None:
    stop = _stops.get(turn_id)
    if stop:
        stop.set()


async def warm_loop() -> None:
    """Load what the first turn would otherwise wait for."""
    await warm_providers()
    await asyncio.to_thread(judge_sensitivity, WARM_WORDS)
    await asyncio.to_thread(find_topics, WARM_WORDS)
    drafts = [Draft(letter, letter, letter, 0.5, f"{WARM_WORDS} {letter}.") for letter in "ab"]
    await asyncio.to_thread(rank, Question(WARM_WORDS, "ko"), drafts)
    await off_loop(placements.warm_index)


async def close_loop() -> None:
    """Close what the running event loop holds open; call it before the loop ends."""
    await log_of_this_loop().close()
    await close_providers()


async def stop_turn(turn: Turn) -> None:
    """Stop a turn wherever it runs; the wish is stored first, so that a recovery honours it too."""
    if await off_loop(services.ask_stop, turn=turn):
        await log_of_this_loop().feed.ask_stop(str(turn.public_id))


async def find_abandoned() -> list[uuid.UUID]:
    """Return the running turns whose lease has lapsed: their process died or never began."""
    turns = await off_loop(_old_running)
    if not turns:
        return []
    leases = await log_of_this_loop().client.mget([lease_key(str(turn)) for turn in turns])
    return [turn for turn, lease in zip(turns, leases, strict=True) if lease is None]


def _old_running() -> list[uuid.UUID]:
    old = timezone.now() - dt.timedelta(seconds=settings.TURN_LEASE_SECONDS)
    running = Turn.objects.filter(status=Turn.Status.RUNNING, opened_at__lt=old)
    return list(running.order_by("opened_at").values_list("public_id", flat=True)[:500])
