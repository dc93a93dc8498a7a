"""The event logs of turns spread over several Valkey servers."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from accounts.models import User
from aggregator.domain.turn_state import reduce_events
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn
from aggregator.selectors.turns import answer_text_of
from aggregator.services import deletion
from aggregator.streaming.turn_history import read_timeline
from aggregator.streaming.turn_logs import choose_url
from testing.provider.server import ProviderServer, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.test_turns import RunAsk, run_ask

__all__ = ["run_ask"]
TURNS = [f"turn-{number}" for number in range(2_000)]


@pytest.fixture
def logs(settings: Any) -> "Iterator[list[redis.Redis]]":
    """Clients of two databases that stand in for two servers."""
    urls = [re.sub(r"/\d+$", "", settings.REDIS_URL) + f"/{number}" for number in (14, 15)]
    settings.TURN_LOG_URLS = urls
    clients = [redis.Redis.from_url(url) for url in urls]
    yield clients
    for client in clients:
        client.flushdb()
        client.close()


def test_one_server_more_moves_only_its_share_of_the_turns() -> None:
    before, after = (
        ["redis://a", "redis://b", "redis://c"],
        ["redis://a", "redis://b", "redis://c", "redis://d"],
    )
    moved = [turn for turn in TURNS if choose_url(before, turn) != choose_url(after, turn)]
    assert {choose_url(after, turn) for turn in moved} == {"redis://d"}
    assert 0.2 < len(moved) / len(TURNS) < 0.3


def test_servers_get_equal_shares() -> None:
    urls = ["redis://a", "redis://b"]
    share = sum(choose_url(urls, turn) == "redis://a" for turn in TURNS) / len(TURNS)
    assert 0.45 < share < 0.55


@pytest.mark.django_db(transaction=True)
async def test_turns_run_with_their_logs_on_two_servers(
    provider: ProviderServer,
    offer_model: MakeModel,
    run_ask: RunAsk,
    logs: "list[redis.Redis]",
    valkey: "redis.Redis",
    ada: User,
) -> None:
    provider.add("wise", say("서울이에요."))
    await run_in_db_thread(offer_model, "wise")
    opened: list[Turn] = []
    while len({_find(logs, turn) for turn in opened}) < len(logs):
        turn, history = await run_ask()
        opened.append(turn)
        assert reduce_events(history).answer == answer_text_of(turn) == "서울이에요."
    assert not list(valkey.scan_iter("turns:log:*"))
    timeline = await run_in_db_thread(read_timeline, opened[0], [], [])
    assert not timeline.is_estimated

    await run_in_db_thread(lambda: deletion.delete_conversations(account=ada))
    assert {_find(logs, turn) for turn in opened} == {None}


def _find(logs: "list[redis.Redis]", turn: Turn) -> int | None:
    """Return which of the servers holds a turn's log."""
    found = [number for number, log in enumerate(logs) if log.exists(f"turns:log:{turn.public_id}")]
    assert len(found) <= 1
    return found[0] if found else None
