"""Callers who hang up: the turn stops, so that nobody pays for what nobody reads."""

import asyncio
import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from aggregator import runner
from aggregator.api import answers
from aggregator.api.refusals import ApiRefusal
from aggregator.api.transcripts import Transcript
from aggregator.api.wishes import Wish, open_turn
from aggregator.models import ApiKey, Turn
from aggregator.off_loop import off_loop
from tests.aggregator.conftest import MakeModel
from tests.live_site import LiveSite
from tests.provider_server import ProviderServer, say

pytestmark = pytest.mark.django_db(transaction=True)

ASK = [{"role": "user", "content": "길게 말해 줘"}]


@pytest.fixture
def talker(provider: ProviderServer, offer_model: MakeModel) -> None:
    """A model that would go on for half a minute."""
    provider.add("talker", say("한 마디씩 " * 300, delay_s=0.05))
    offer_model("talker")


@pytest.mark.usefixtures("talker")
def test_hanging_up_on_a_stream_stops_the_turn(
    curl: httpx.Client, live_site: LiveSite, provider: ProviderServer
) -> None:
    body = {"model": "talker", "messages": ASK, "stream": True}
    with curl.stream("POST", "/chat/completions", json=body) as stream:
        for line in stream.iter_lines():
            if "마디" in line:
                break
    curl.close()
    live_site.settle()

    assert Turn.objects.get().status == "stopped"
    assert provider.wait_until(lambda: provider.asked("talker")[0].is_cancelled)


@pytest.mark.usefixtures("talker")
def test_hanging_up_while_waiting_for_the_whole_stops_the_turn(
    live_site: LiveSite, ada_key: str, provider: ProviderServer
) -> None:
    address = urlsplit(live_site.url)
    waiting = HTTPConnection(str(address.hostname), address.port, timeout=60)
    body = json.dumps({"model": "talker", "messages": ASK})
    waiting.request("POST", "/v1/chat/completions", body, {"Authorization": f"Bearer {ada_key}"})
    assert provider.wait_until(lambda: bool(provider.asked("talker")), within_s=40)
    waiting.close()
    live_site.settle()

    assert Turn.objects.get().status == "stopped"
    assert provider.wait_until(lambda: provider.asked("talker")[0].is_cancelled)


def test_a_silent_stream_is_kept_alive(
    curl: httpx.Client, provider: ProviderServer, offer_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "KEEP_ALIVE_SECONDS", 0.05)
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


async def hang_up_at_the_door(application: Any, key: str) -> None:
    """Ask for a stream and leave when its status line is sent, before its first word can be."""
    body = json.dumps({"model": "talker", "messages": ASK, "stream": True}).encode()
    headers = [(b"authorization", f"Bearer {key}".encode()), (b"host", b"localhost")]
    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": headers}
    asked, is_answered, never = [{"type": "http.request", "body": body}], asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop()
        await is_answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        assert message["type"] == "http.response.start"
        is_answered.set()
        await never.wait()

    await application({**scope, "query_string": b"", "http_version": "1.1"}, receive, send)


@pytest.mark.usefixtures("talker")
async def test_hanging_up_before_the_first_word_stops_the_turn(
    site_application: Any, ada_key: str, provider: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "READER_SECONDS", 0.3)
    await hang_up_at_the_door(site_application, ada_key)
    await asyncio.wait_for(runner.wait_for_turns(), 10)
    left = runner.log_of_this_loop().feed._subscriptions
    await runner.close_loop()

    turn = await off_loop(Turn.objects.get)
    assert turn.status == "stopped"
    assert left == {}
    assert provider.asked("talker")[0].is_cancelled


@pytest.mark.usefixtures("talker")
async def test_a_reader_who_comes_too_late_is_told_so(ada_key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "READER_SECONDS", 0.05)
    key = await off_loop(ApiKey.objects.select_related("owner").get)
    answer = answers.Answer(await open_turn(key, Wish("talker", ("talker",), "single"), Transcript("길게")))
    await answer.begin()
    answer.expect_reader()
    await asyncio.wait_for(runner.wait_for_turns(), 10)
    with pytest.raises(ApiRefusal) as refused:
        answer.greet_reader()
    await runner.close_loop()
    assert refused.value.code == "answer_broke_off"
