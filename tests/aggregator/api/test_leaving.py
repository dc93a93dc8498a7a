"""Callers who hang up: the turn stops, so that nobody pays for what nobody reads."""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest

from aggregator.api import answers
from aggregator.models import Turn
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
