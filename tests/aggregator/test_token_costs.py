"""What a streamed token costs this process, in figures that hold on any machine: a gate, not a bench."""

import asyncio
import json
import time
import uuid

import pytest
from django.conf import settings

from aggregator.domain.events import CandidateDelta, CandidateStarted, PanelMember, RouteChosen, TurnOpened
from aggregator.domain.snapshot import build_snapshot_events
from aggregator.domain.turn_state import TurnState
from aggregator.streaming.event_writer import EventWriter
from aggregator.streaming.send_queue import SendQueue
from aggregator.streaming.turn_log import TurnLog

pytestmark = pytest.mark.usefixtures("valkey")

CANDIDATES, TOKENS, PACE_SECONDS = "abcd", 50, 0.02
MOST_FRAMES, MOST_BYTES = 0.3, 130
# Of what it takes to write and read a token's event as JSON, in the same process at the same moment: about 60
# when tokens come lonely. An accident in a token's path, as a write of its own, costs several times that.
MOST_CPU = 200
YARDSTICK_ROUNDS = 20_000


async def test_tokens_share_frames_and_cost_little() -> None:
    log, name, frames = TurnLog(settings.REDIS_URL, keep_seconds=60), str(uuid.uuid4()), list[str]()
    log.start()

    async def send(text: str) -> None:
        frames.append(text)

    send_queue = SendQueue(lambda _: log, send)
    send_queue.follow(name, 0, most=5)
    state = TurnState()
    log.open_writer(name, 0, 0, lambda: build_snapshot_events(state))
    writer = EventWriter(log, name, state)
    panel = tuple(PanelMember(name, name, name, name) for name in CANDIDATES)
    await writer.emit(TurnOpened("conversation", name, "?"))
    await writer.emit(RouteChosen("best", panel, ("asked_panel",)))
    for candidate in CANDIDATES:
        await writer.emit(CandidateStarted(candidate))
    spent = time.process_time()

    for token in range(TOKENS):
        for candidate in CANDIDATES:
            await writer.emit(CandidateDelta(candidate, f" w{token}", None if token else 5))
        await asyncio.sleep(PACE_SECONDS)
    last = await writer.flush()
    for _ in range(400):
        if f'"seq":{last},' in frames[-1]:
            break
        await asyncio.sleep(0.05)

    spent = time.process_time() - spent
    await send_queue.close()
    await log.close()
    tokens = TOKENS * len(CANDIDATES)
    assert f'"seq":{last},' in frames[-1]
    assert len(frames) / tokens <= MOST_FRAMES
    assert sum(map(len, frames)) / tokens <= MOST_BYTES
    assert spent / tokens <= MOST_CPU * _yardstick()


def _yardstick() -> float:
    """Return the processor time that one event takes to be written and read by the plainest means."""
    document = {"type": "candidate_delta", "candidate": str(uuid.uuid4()), "text": " word"}
    began = time.process_time()
    for _ in range(YARDSTICK_ROUNDS):
        json.loads(json.dumps(document))
    return (time.process_time() - began) / YARDSTICK_ROUNDS
