"""Where turns run: as a task of this process or of a worker, under a lease, until they end or are stopped."""

import asyncio
import contextlib
import datetime as dt
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from weakref import WeakKeyDictionary

import orjson
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from aggregator import metrics, placements, selectors, services
from aggregator.async_database import close_database
from aggregator.events import TurnQueued, encode
from aggregator.giving_up import answer_or_give_up
from aggregator.handover import hand_over, handed
from aggregator.journal import Journal, open_journal
from aggregator.larder import FETCH_SECONDS, fetch_pantry
from aggregator.lease import hold_lease, is_dead, lease_key
from aggregator.models import Turn
from aggregator.off_loop import attempt, off_loop, outlast, outlast_here, think
from aggregator.pipeline.rank import rank
from aggregator.pipeline.shapes import Draft, Question
from aggregator.pipeline.turnstile import Turnstile
from aggregator.providers import close_providers, warm_providers
from aggregator.signs import Signs, Storing, begin_storing
from aggregator.telemetry import tell_turn
from aggregator.ticker import shared_ticker
from aggregator.turn_feed import Entry
from aggregator.turn_log import LogTaken, TurnLog, turn_log
from aggregator.turns import CLOSE_SECONDS
from aggregator.waiting import Wait
from language.sensitivity import judge_sensitivity
from language.topics import find_topics

logger = logging.getLogger(__name__)

WARM_WORDS = "안녕하세요"
RECOVER_TASK = "aggregator.tasks.recover_turns"
# How long a page's wish waits for a database that restarts.
WISH_SECONDS = 10
Store = Callable[[Callable[[], None]], Awaitable[Turn]]
_signs: dict[str, Signs] = {}
_running: "set[asyncio.Task[None]]" = set()
_gates: "WeakKeyDictionary[asyncio.AbstractEventLoop, Turnstile]" = WeakKeyDictionary()


def log_of_this_loop() -> TurnLog:
    """Return the turn log of the running event loop."""
    return turn_log(settings.REDIS_URL, keep_seconds=settings.TURN_LOG_HOURS * 3600)


async def open_turn(draft: Turn, store: Store) -> Turn:
    """Store a draft by `store`; where turns run here, get ready to answer it meanwhile."""
    storing, turn = begin_storing(), None
    if settings.TURN_RUNNER == "here":
        begin_turn(draft.public_id, draft, storing)
    try:
        turn = await outlast_here(WISH_SECONDS, partial(store, storing.note_room))
    finally:
        storing.end(is_stored=turn is draft)
    return turn


async def start_turn(turn: Turn) -> None:
    """Begin to answer a stored turn, here or on a worker as TURN_RUNNER says; does not wait for its end."""
    is_new = turn.attempt == 1 and turn.last_seq == 0 and not turn.stop_asked_at
    if settings.TURN_RUNNER == "worker":
        try:
            await hand_over(handed(turn.public_id, is_new=is_new))
        except (OperationalError, RedisError, TimeoutError) as error:
            # The turn is stored: the next look for abandoned turns finds it.
            logger.warning("turn %s: could not be handed to a worker yet (%s)", turn.public_id, error)
        return
    if (signs := _signs.get(str(turn.public_id))) is None:
        begin_turn(turn.public_id, turn if is_new else None)
    elif not is_new:
        signs.is_wanted = True


def begin_turn(turn_id: uuid.UUID, new: Turn | None = None, storing: Storing | None = None) -> None:
    """Begin to answer a turn on the running event loop; a new one need not be read.

    It may be about to be stored, as `storing` tells.
    """
    if str(turn_id) not in _signs:
        log_of_this_loop().feed.expect(str(turn_id), is_new=new is not None)
    task = asyncio.create_task(run_turn(turn_id, new, storing))
    _running.add(task)
    task.add_done_callback(_end)


def _end(task: "asyncio.Task[None]") -> None:
    _running.discard(task)
    if not task.cancelled() and task.exception():
        logger.error("a turn broke off and will be recovered", exc_info=task.exception())


def _running_here() -> "list[asyncio.Task[None]]":
    here = asyncio.get_running_loop()
    return [task for task in _running if task.get_loop() is here]


async def wait_for_turns() -> None:
    """Wait until every turn begun on this loop has ended."""
    while mine := _running_here():
        await asyncio.wait(mine)


async def drain(seconds: float) -> list[uuid.UUID]:
    """Let turns end, but not longer than some seconds; returns those that others have to finish."""
    if mine := _running_here():
        await asyncio.wait(mine, timeout=seconds)
    left = [uuid.UUID(name) for name in _signs]
    for task in _running_here():
        # Its lease is released at once, so whoever takes it over need not wait for it to lapse.
        task.cancel()
    await asyncio.gather(*_running_here(), return_exceptions=True)
    return left


async def run_turn(turn_id: uuid.UUID, new: Turn | None = None, storing: Storing | None = None) -> None:
    """Answer one turn to its end unless another process does; safe to call again after a crash."""
    shared_ticker().join()
    signs = Signs(storing=storing)
    with tell_turn(str(turn_id)):
        await _run_under_lease(turn_id, new, signs)
        # Whoever reopened the turn while we held the lease found it taken and left it to us: look once more.
        while signs.is_wanted:
            status = await outlast(CLOSE_SECONDS, partial(_find_status, turn_id))
            if status is None:
                # Deleted: what was told of it since goes as well.
                await log_of_this_loop().forget(str(turn_id))
            if status != Turn.Status.RUNNING:
                break
            signs = Signs()
            await _run_under_lease(turn_id, None, signs)


async def _run_under_lease(turn_id: uuid.UUID, new: Turn | None, signs: Signs) -> None:
    log, name = log_of_this_loop(), str(turn_id)
    if name in _signs:
        # This process runs it already, even when its lease was lost together with Valkey's data.
        _signs[name].is_wanted = True
        return
    _signs[name] = signs
    log.feed.expect(name)
    try:
        is_draft = signs.storing is not None
        async with hold_lease(log.client, name, settings.TURN_LEASE_SECONDS, is_new=is_draft) as lease:
            if lease.is_ours:
                await _run_leased(turn_id, new, signs)
        signs.is_wanted |= lease.was_wanted
    finally:
        _signs.pop(name, None)
        log.feed.release(name)
        _count_turns()
    if not await signs.is_stored():
        signs.is_wanted = False
        await log.forget(name)


async def _run_leased(turn_id: uuid.UUID, new: Turn | None, signs: Signs) -> None:
    log, name = log_of_this_loop(), str(turn_id)
    turn = new or await outlast(CLOSE_SECONDS, partial(_load_running, turn_id))
    if turn is None:
        return
    log.feed.on_nudge(_nudge_here)
    try:
        journal = await open_journal(log, turn, is_new=new is not None)
        wait = Wait(turn, signs)
        async with _gate().enter(_tell_place(journal), str(turn.conversation.owner_id), wait.is_over):
            wait.pass_on()
            _count_turns()
            await answer_or_give_up(turn, journal, signs)
    except* LogTaken:
        logger.warning("turn %s: another process took it over", turn_id)
    finally:
        log.close_page(name)


def _count_turns() -> None:
    gate = _gate()
    metrics.RUNNING.set(gate.inside)
    metrics.WAITING.set(gate.waiting)


def _tell_place(journal: Journal) -> Callable[[int], Awaitable[None]]:
    async def tell(position: int) -> None:
        await journal.emit(TurnQueued(position))

    return tell


def _gate() -> Turnstile:
    loop = asyncio.get_running_loop()
    if loop not in _gates:
        _gates[loop] = Turnstile(settings.TURNS_AT_ONCE, each=settings.TURNS_AT_ONCE_EACH)
    return _gates[loop]


def _find_status(turn_id: uuid.UUID) -> str | None:
    return Turn.objects.filter(public_id=turn_id).values_list("status", flat=True).first()


def find_new(turn_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Turn]:
    """Return those of these turns that nobody has begun; one that is left out has to be looked at first."""
    untouched = Turn.objects.filter(status=Turn.Status.RUNNING, attempt=1, last_seq=0, stop_asked_at=None)
    rows = untouched.filter(public_id__in=turn_ids).select_related("conversation")
    return {turn.public_id: turn for turn in rows}


def _load_running(turn_id: uuid.UUID) -> Turn | None:
    running = Turn.objects.filter(public_id=turn_id, status=Turn.Status.RUNNING)
    return running.select_related("conversation").first()


def _nudge_here(turn_id: str) -> None:
    if turn_id in _signs:
        _signs[turn_id].nudge.set()


async def warm_loop() -> None:
    """Load what the first turn would otherwise wait for."""
    await warm_providers()
    await think(judge_sensitivity, WARM_WORDS)
    await think(find_topics, WARM_WORDS)
    drafts = [Draft(letter, letter, letter, 0.5, f"{WARM_WORDS} {letter}.") for letter in "ab"]
    await think(rank, Question(WARM_WORDS, "ko"), drafts)
    await placements.warm_index()


async def keep_ready() -> None:
    """Keep at hand what turns begin with, for as long as the running event loop runs turns."""
    while True:
        await attempt(partial(off_loop, fetch_pantry))
        await asyncio.sleep(FETCH_SECONDS)


async def close_loop() -> None:
    """Close what the running event loop holds open; call it before the loop ends."""
    await log_of_this_loop().close()
    await close_providers()
    await close_database()


async def stop_turn(turn: Turn) -> None:
    """Stop a turn wherever it runs; the wish is stored first, so that a recovery honours it too."""
    if await outlast(WISH_SECONDS, partial(services.ask_stop, turn=turn)):
        await nudge(turn)


async def nudge(turn: Turn) -> None:
    """Let whoever runs a turn look at what was asked of it."""
    # Whoever runs it looks every few seconds anyway.
    with contextlib.suppress(RedisError):
        await log_of_this_loop().feed.nudge(str(turn.public_id))


async def find_kept(turn: Turn) -> Entry | None:
    """Return a turn that has ended as its rows tell it, when its log does not tell its end any more."""
    with contextlib.suppress(RedisError):
        if await log_of_this_loop().feed.newest_seq(str(turn.public_id)) >= turn.last_seq:
            return None
    whole = await outlast(WISH_SECONDS, lambda: selectors.with_parts(Turn.objects.filter(pk=turn.pk)).get())
    body = orjson.dumps([encode(event) for event in selectors.replay(whole)])
    return Entry(whole.last_seq, body, is_whole=True)


async def find_abandoned() -> list[uuid.UUID]:
    """Return the running turns that nobody works on: their process died or never began."""
    turns = await outlast(WISH_SECONDS, _list_running)
    if not turns:
        return []
    keys = [lease_key(str(public_id)) for public_id, _ in turns]
    holders = await log_of_this_loop().client.mget(keys)
    old = timezone.now() - dt.timedelta(seconds=settings.TURN_LEASE_SECONDS)
    return [
        public_id
        for (public_id, opened_at), holder in zip(turns, holders, strict=True)
        if (opened_at < old if holder is None else is_dead(holder))
    ]


def _list_running() -> list[tuple[uuid.UUID, dt.datetime]]:
    running = Turn.objects.filter(status=Turn.Status.RUNNING).order_by("opened_at")
    return list(running.values_list("public_id", "opened_at")[:2_000])
