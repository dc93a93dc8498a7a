import json
import logging
import secrets
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pytest_django import Settings
from redis import Redis

from ads.client import vocabulary_cache_of
from ads.contract import NoAd
from aggregator import placements
from aggregator.models import Conversation, Turn
from language.sensitivity import Sensitivity

PROMPTS = 150


class Wire(ThreadingHTTPServer):
    """An ad service that answers with no ad and keeps every byte that it was sent."""

    def __init__(self) -> None:
        self.received: list[str] = []
        super().__init__(("127.0.0.1", 0), Listener)


class Listener(BaseHTTPRequestHandler):
    server: Wire

    def do_GET(self) -> None:
        self.server.received.append(f"{self.requestline}\n{self.headers}")
        self._answer({"version": "v1", "terms": [[7, "도쿄 항공권"], [8, "노트북"]]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.received.append(f"{self.requestline}\n{self.headers}\n{body}")
        self._answer({"ad": None, "reason": "no_match"})

    def _answer(self, document: dict[str, object]) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *words: object) -> None:
        del format, words


@pytest.fixture
def wire(settings: Settings) -> Iterator[Wire]:
    """The wire to the ad service, tapped."""
    server = Wire()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.ADS_SERVICE_URL = f"http://127.0.0.1:{server.server_port}"
    settings.ADS_DEADLINE_MS = 5_000
    # What another service published a moment ago is not this one's vocabulary, nor the other way round.
    vocabulary_cache_of.cache_clear()
    yield server
    vocabulary_cache_of.cache_clear()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.django_db
def test_no_word_of_a_prompt_goes_over_the_wire_into_a_log_or_into_the_cache(
    wire: Wire, valkey: "Redis", caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    passed = Sensitivity(verdict="pass", classes=(), needs_help=False)
    canaries = [f"canary{secrets.token_hex(6)}" for _ in range(PROMPTS)]
    for canary in canaries:
        turn = Turn(
            public_id=uuid.uuid4(),
            prompt=f"내 비밀은 {canary} 이고 도쿄 항공권 싸게 사는 법",
            language="ko",
            conversation=Conversation(owner_id=4_711_471_147),
        )
        assert placements._request_ad(turn, passed) == NoAd("no_match")
    received = "\n".join(wire.received)
    assert received.count('"term_ids": [7]') == PROMPTS
    kept = "".join(f"{name!r}{(valkey.dump(name) or b'').decode('latin-1')}" for name in valkey.keys("*"))
    for place in (received, kept, caplog.text):
        assert "canary" not in place and "비밀" not in place and "4711471147" not in place
        assert not any(canary in place for canary in canaries[:20])
