"""A market that hangs costs a turn its ad, and no other turn a thread."""

import asyncio
import socket
import statistics
import threading
import time
import uuid
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from ads.client import vocabulary_cache_of
from aggregator import placements
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Conversation, Turn
from language.sensitivity import Sensitivity

PASSED = Sensitivity(verdict="pass", classes=(), needs_help=False)
TURNS = 40


@pytest.fixture(params=["silent", "gone"])
def service(request: pytest.FixtureRequest, settings: Settings) -> Iterator[str]:
    """An ad service that takes calls and never answers one, or one that is not there."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    settings.ADS_SERVICE_URL = f"http://127.0.0.1:{listener.getsockname()[1]}"
    if request.param == "gone":
        listener.close()
    vocabulary_cache_of.cache_clear()
    yield str(request.param)
    vocabulary_cache_of.cache_clear()
    listener.close()


def turn() -> Turn:
    conversation = Conversation(owner_id=uuid.uuid4().int % 10**9)
    return Turn(public_id=uuid.uuid4(), prompt="도쿄 항공권", language="ko", conversation=conversation)


async def test_turns_that_wait_for_an_ad_leave_the_threads_of_the_database_free(service: str) -> None:
    began = time.monotonic()
    placing = [asyncio.create_task(placements.request_placement(turn(), PASSED)) for _ in range(TURNS)]
    waited: list[float] = []
    while not all(task.done() for task in placing):
        queued_at = time.monotonic()
        await run_in_db_thread(threading.get_ident)
        waited.append(time.monotonic() - queued_at)
        await asyncio.sleep(0.01)
    took = time.monotonic() - began
    made = [await task for task in placing]
    reasons = {"silent": {"timeout", "error"}, "gone": {"error"}}[service]
    assert all(placed.ad is None and placed.reason in reasons for placed in made)
    # The deadline of an ad is 580 ms; what is beyond is this machine's business with other tests.
    assert took < 10
    assert statistics.median(waited) < 0.4
    asking = [thread for thread in threading.enumerate() if thread.name.startswith("asking for an ad")]
    assert len(asking) <= placements.MARKET_THREADS


@pytest.mark.parametrize("service", ["gone"], indirect=True)
async def test_a_process_warms_up_without_a_market(service: str, caplog: pytest.LogCaptureFixture) -> None:
    await placements.warm_index()
    assert "not available yet" in caplog.text
