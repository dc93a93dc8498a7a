"""Holds a permit of a model during a call; waits in the queue of all processes where none is free.

PermitError
  QueueFullError     so many calls wait for the model that another one is refused
  PermitTimeoutError   no permit in time
"""

import asyncio
import contextlib
import logging
import os
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

from django.conf import settings
from redis.exceptions import RedisError

from aggregator.catalog.catalog import LanguageModel
from aggregator.infra.loop_runtime import per_loop
from aggregator.infra.redis_client import open_blocking_client, open_client
from aggregator.resilience.permits.permit_queue import FULL, GRANTED, LEASE_SECONDS, QUEUED, PermitQueue
from aggregator.resilience.permits.person import Person

logger = logging.getLogger(__name__)

ReportPlace = Callable[[int], Awaitable[None]]
# A permit is not worth a longer wait for Valkey: the call is made without one.
VALKEY_TIMEOUT_SECONDS = 2.0
RENEW_SECONDS = LEASE_SECONDS / 3
# How often a process reads the places of all its waiting calls; a permit is announced at once.
PLACES_SECONDS = 1.0
LISTEN_SECONDS = 2.0
RETRY_SECONDS = 0.2


class PermitError(Exception):
    """A call that got no permit of its model."""


class QueueFullError(PermitError):
    """Too many calls wait for the model."""


class PermitTimeoutError(PermitError):
    """No permit became free in time."""


@dataclass(slots=True, eq=False)
class PermitCall:
    """One call that holds a permit or waits for it; `place` is its place in the queue, 0 with a permit."""

    queue: PermitQueue
    person: Person
    cost_seconds: float
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    place: int | None = None
    granted_at: float | None = None
    has_moved: asyncio.Event = field(default_factory=asyncio.Event)

    def move(self, place: int) -> None:
        """Note the call's place in the queue."""
        if place != self.place and self.granted_at is None:
            self.place = place
            self.granted_at = time.monotonic() if place == 0 else None
            self.has_moved.set()

    @property
    def held_seconds(self) -> float:
        """For how long the permit has been held."""
        return 0.0 if self.granted_at is None else time.monotonic() - self.granted_at


class PermitAllocator:
    """The calls of one event loop: enters them, renews their leases, and wakes those that get a permit."""

    def __init__(self) -> None:
        self._client = open_client(settings.REDIS_URL)
        # A connection of its own, because its reads block.
        self._listener = open_blocking_client(settings.REDIS_URL)
        self._wake_key = f"permits:wake:{os.getpid()}:{secrets.token_hex(4)}"
        self._queues: dict[str, PermitQueue] = {}
        self._calls: dict[str, PermitCall] = {}
        self._waiting: dict[str, PermitCall] = {}
        self._has_calls, self._is_urgent = asyncio.Event(), asyncio.Event()
        self._renewing: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._unsent: set[asyncio.Future[list[int]]] = set()

    def find_queue(self, model: LanguageModel) -> PermitQueue:
        """Return the queue of a model, with the model's present number of permits."""
        queue = self._queues.get(model.slug)
        if queue is None:
            queue = self._queues[model.slug] = PermitQueue(self._client, model.slug, model.concurrency)
        queue.capacity = model.concurrency
        return queue

    async def enter(self, call: PermitCall, within_s: float, report: ReportPlace | None) -> None:
        """Return once the call has a permit; raises PermitError. Without Valkey a call needs none."""
        self._keep(call)
        if call.queue.is_uncontended:
            call.move(0)
            self._forget_reply(call.queue.take(*self._describe(call)), call.queue)
            return
        began = time.monotonic()
        try:
            async with asyncio.timeout(min(within_s, VALKEY_TIMEOUT_SECONDS)):
                status = await call.queue.enter(*self._describe(call), settings.MODEL_QUEUE_LIMIT)
        except (RedisError, TimeoutError) as error:
            logger.warning("permits: a call goes ahead without one (%s)", type(error).__name__)
            status = 0
        if status == FULL:
            raise QueueFullError
        if status == QUEUED:
            try:
                async with asyncio.timeout(within_s - (time.monotonic() - began)):
                    await self._wait(call, report)
            except TimeoutError as error:
                raise PermitTimeoutError from error
        call.move(0)

    def leave(self, call: PermitCall) -> None:
        """Give back the permit of a call, or its place in the queue."""
        self._waiting.pop(call.name, None)
        if self._calls.pop(call.name, None):
            self._forget_reply(call.queue.leave(call.name, call.held_seconds), call.queue)
        if not self._calls:
            self._has_calls.clear()

    async def close(self) -> None:
        """Send what is left to send and disconnect."""
        tasks = [task for task in (self._renewing, self._listening) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._unsent:
            await asyncio.wait(set(self._unsent), timeout=VALKEY_TIMEOUT_SECONDS)
        await self._client.aclose()
        await self._listener.aclose()

    def _keep(self, call: PermitCall) -> None:
        self._calls[call.name] = call
        self._has_calls.set()
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renew_repeatedly())

    def _describe(self, call: PermitCall) -> tuple[str, Person, float, str]:
        return call.name, call.person, call.cost_seconds, self._wake_key

    def _forget_reply(self, reply: "asyncio.Future[list[int]]", queue: PermitQueue) -> None:
        self._unsent.add(reply)
        reply.add_done_callback(self._unsent.discard)
        reply.add_done_callback(queue.note_reply)

    async def _wait(self, call: PermitCall, report: ReportPlace | None) -> None:
        if not self._waiting:
            self._is_urgent.set()
        self._waiting[call.name] = call
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        try:
            while call.place != 0:
                if report and call.place:
                    await report(call.place)
                await call.has_moved.wait()
                call.has_moved.clear()
        finally:
            self._waiting.pop(call.name, None)

    async def _listen(self) -> None:
        """Wake calls that got a permit, as long as some wait."""
        while self._waiting:
            try:
                found = await self._listener.blpop([self._wake_key], timeout=LISTEN_SECONDS)
            except RedisError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if found and (call := self._waiting.get(cast(bytes, found[1]).decode())):
                call.move(0)

    async def _renew_repeatedly(self) -> None:
        while True:
            await self._has_calls.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PLACES_SECONDS if self._waiting else RENEW_SECONDS):
                    await self._is_urgent.wait()
            self._is_urgent.clear()
            with contextlib.suppress(RedisError):
                await self._renew()

    async def _renew(self) -> None:
        by_queue: dict[PermitQueue, list[PermitCall]] = defaultdict(list)
        for call in self._calls.values():
            by_queue[call.queue].append(call)
        for queue, calls in by_queue.items():
            places = await queue.renew([call.name for call in calls])
            for call, place in zip(calls, places, strict=True):
                if place >= 0:
                    call.move(place)
                elif call.name in self._waiting:
                    # Valkey lost its data: the call joins the queue again.
                    if await queue.enter(*self._describe(call), settings.MODEL_QUEUE_LIMIT) == GRANTED:
                        call.move(0)
                elif call.name in self._calls and call.granted_at is not None:
                    self._forget_reply(queue.take(*self._describe(call)), queue)


_allocator = per_loop(PermitAllocator, PermitAllocator.close)


@contextlib.asynccontextmanager
async def hold_permit(
    model: LanguageModel,
    person: Person,
    *,
    cost_seconds: float,
    within_s: float,
    report: ReportPlace | None = None,
) -> AsyncIterator[None]:
    """Hold a permit of a model in the body, which is expected to take some seconds; raises PermitError.

    `report` gets the place in the queue whenever it changes, once a second at most.
    """
    allocator = _allocator()
    call = PermitCall(allocator.find_queue(model), person, cost_seconds)
    try:
        await allocator.enter(call, within_s, report)
        yield
    finally:
        allocator.leave(call)


async def close_permits() -> None:
    """Give back what the running event loop holds and disconnect; call it before the loop ends."""
    await _allocator.close()
