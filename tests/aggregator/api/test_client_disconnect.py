"""A turn stops when its caller disconnects."""

import asyncio
import json
import threading
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.db import connection, transaction

from aggregator.api import turn_stream
from aggregator.api.errors import ApiError
from aggregator.api.message_parsing import Transcript
from aggregator.api.request_params import RequestParams, create_turn
from aggregator.execution import runner
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import ApiKey, Turn
from testing.provider.server import ProviderServer, count_up, say
from testing.site.live_site import LiveSite
from testing.turns import wait_for_turns
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)

ASK = [{"role": "user", "content": "길게 말해 줘"}]


@pytest.fixture
def slow_model(provider: ProviderServer, offer_model: MakeModel) -> None:
    """A model that streams for half a minute."""
    provider.add("slow_model", say(count_up("한 마디씩", 300), delay_s=0.05))
    offer_model("slow_model")


@pytest.mark.usefixtures("slow_model")
def test_disconnecting_from_a_stream_stops_the_turn(
    curl: httpx.Client, live_site: LiveSite, provider: ProviderServer
) -> None:
    body = {"model": "slow_model", "messages": ASK, "stream": True}
    with curl.stream("POST", "/chat/completions", json=body) as stream:
        for line in stream.iter_lines():
            if "마디" in line:
                break
    curl.close()
    live_site.wait_for_turns()

    assert Turn.objects.get().status == "stopped"
    assert provider.wait_until(lambda: provider.requests_for("slow_model")[0].is_cancelled)


@pytest.mark.usefixtures("slow_model")
def test_disconnecting_while_waiting_for_the_completion_stops_the_turn(
    live_site: LiveSite, ada_key: str, provider: ProviderServer
) -> None:
    address = urlsplit(live_site.url)
    waiting = HTTPConnection(str(address.hostname), address.port, timeout=60)
    body = json.dumps({"model": "slow_model", "messages": ASK})
    waiting.request("POST", "/v1/chat/completions", body, {"Authorization": f"Bearer {ada_key}"})
    assert provider.wait_until(lambda: bool(provider.requests_for("slow_model")), within_s=40)
    waiting.close()
    live_site.wait_for_turns()

    assert Turn.objects.get().status == "stopped"
    assert provider.wait_until(lambda: provider.requests_for("slow_model")[0].is_cancelled)


def test_a_silent_stream_is_kept_alive(
    curl: httpx.Client, provider: ProviderServer, offer_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_stream, "KEEP_ALIVE_SECONDS", 0.05)
    provider.add("slow", say("이제 왔어요", first_delay_s=1))
    offer_model("slow")
    with curl.stream(
        "POST", "/chat/completions", json={"model": "slow", "messages": ASK, "stream": True}
    ) as sent:
        lines = [line for line in sent.iter_lines() if line]

    assert sent.headers["Content-Type"] == "text/event-stream"
    assert '"role":"assistant"' in lines[0]
    assert ": keep-alive" in lines
    assert lines[-1] == "data: [DONE]"


async def disconnect(application: Any, key: str, moment: asyncio.Event) -> None:
    """Request a stream and disconnect at an event, at the latest when the status line is sent."""
    body = json.dumps({"model": "slow_model", "messages": ASK, "stream": True}).encode()
    headers = [(b"authorization", f"Bearer {key}".encode()), (b"host", b"localhost")]
    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": headers}
    requests, never = [{"type": "http.request", "body": body}], asyncio.Event()

    async def receive() -> dict[str, Any]:
        if requests:
            return requests.pop()
        await moment.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        assert message["type"] == "http.response.start"
        moment.set()
        await never.wait()

    await application({**scope, "query_string": b"", "http_version": "1.1"}, receive, send)


@pytest.mark.usefixtures("slow_model")
async def test_disconnecting_before_the_first_text_stops_the_turn(
    site_application: Any, ada_key: str, provider: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_stream, "READER_SECONDS", 0.3)
    await disconnect(site_application, ada_key, asyncio.Event())
    await asyncio.wait_for(wait_for_turns(), 10)
    left = runner.get_main_log().feed._subscriptions
    await runner.close_loop_resources()

    turn = await run_in_db_thread(Turn.objects.get)
    assert turn.status == "stopped"
    assert left == {}
    assert provider.requests_for("slow_model")[0].is_cancelled


@pytest.mark.usefixtures("slow_model")
async def test_a_reader_after_the_timeout_gets_an_error(
    ada_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_stream, "READER_SECONDS", 0.05)
    key = await run_in_db_thread(ApiKey.objects.select_related("owner").get)
    answer = turn_stream.TurnStream(
        await create_turn(key, RequestParams("slow_model", ("slow_model",), "single"), Transcript("길게"))
    )
    await answer.begin()
    answer.start_reader_timeout()
    await asyncio.wait_for(wait_for_turns(), 10)
    with pytest.raises(ApiError) as refused:
        answer.attach_reader()
    await runner.close_loop_resources()
    assert refused.value.code == "answer_broke_off"


def hold_turns(is_held: threading.Event, may_go: threading.Event) -> None:
    """Lock the table of turns until released."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE aggregator_turn IN EXCLUSIVE MODE")
        is_held.set()
        may_go.wait(20)
    connection.close()


def is_waited_for() -> bool:
    """Return whether a session waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.usefixtures("slow_model")
async def test_disconnecting_while_the_turn_is_stored_calls_no_model(
    site_application: Any, ada_key: str, provider: ProviderServer
) -> None:
    is_held, may_go, moment = threading.Event(), threading.Event(), asyncio.Event()
    holder = threading.Thread(target=hold_turns, args=(is_held, may_go))
    holder.start()
    await asyncio.to_thread(is_held.wait, 10)
    calling = asyncio.create_task(disconnect(site_application, ada_key, moment))
    assert await run_in_db_thread(provider.wait_until, is_waited_for, 10)
    moment.set()
    await asyncio.sleep(0.2)
    may_go.set()
    await asyncio.wait_for(calling, 10)
    holder.join(5)

    # Who looks for turns that nobody works on takes it up later.
    turn = await run_in_db_thread(Turn.objects.get)
    await runner.run_turn(turn.public_id)
    await runner.close_loop_resources()
    assert (await run_in_db_thread(Turn.objects.get)).status == "stopped"
    assert provider.requests_for("slow_model") == []
