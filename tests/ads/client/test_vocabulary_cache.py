"""The cached vocabulary of the ad service is available and refreshed in the background."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ads.client import VocabularyCache
from ads.contract import ContractError


class Market(ThreadingHTTPServer):
    """An ad service that sends a new version each time, unless it hangs or fails."""

    daemon_threads = True

    def __init__(self) -> None:
        self.request_count = 0
        self.fails = False
        self.is_responsive = threading.Event()
        self.is_responsive.set()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Market

    def do_GET(self) -> None:
        self.server.request_count += 1
        version = f"v{self.server.request_count}"
        self.server.is_responsive.wait(20)
        body = json.dumps({"version": version, "terms": [[7, "도쿄 항공권"]], "negatives": [7]}).encode()
        self.send_response(500 if self.server.fails else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *words: object) -> None:
        del format, words


@pytest.fixture
def market() -> Iterator[Market]:
    server = Market()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.is_responsive.set()
    server.shutdown()
    thread.join()
    server.server_close()


def read_until(cache: VocabularyCache, version: str) -> None:
    """Read without waiting until the cache has this version."""
    for _ in range(200):
        if cache.read(wait_seconds=0).version == version:
            return
        time.sleep(0.02)
    raise AssertionError(f"{version} never arrived")


def test_the_first_read_waits_and_the_next_uses_the_cache(market: Market) -> None:
    cache = VocabularyCache(market.url)
    first = cache.read(wait_seconds=10)
    assert (first.version, first.terms, first.negatives) == ("v1", ((7, "도쿄 항공권"),), frozenset({7}))
    assert cache.read(wait_seconds=0) is first
    assert market.request_count == 1


def test_a_stale_vocabulary_is_returned_while_a_new_one_is_fetched(market: Market) -> None:
    cache = VocabularyCache(market.url)
    cache.fresh_seconds = 0
    assert cache.read(wait_seconds=10).version == "v1"
    market.is_responsive.clear()
    began = time.monotonic()
    for _ in range(50):
        assert cache.read(wait_seconds=10).version == "v1"
    assert time.monotonic() - began < 5
    # One thread fetches it for all reads.
    assert [thread.name for thread in threading.enumerate()].count("ad vocabulary") == 1
    market.is_responsive.set()
    read_until(cache, "v2")


def test_the_first_read_waits_no_longer_than_its_limit(market: Market) -> None:
    cache = VocabularyCache(market.url)
    market.is_responsive.clear()
    began = time.monotonic()
    with pytest.raises(ContractError):
        cache.read(wait_seconds=0.1)
    assert time.monotonic() - began < 5
    market.is_responsive.set()
    assert cache.read(wait_seconds=10).version == "v1"


def test_after_a_failure_there_is_a_pause(market: Market) -> None:
    market.fails = True
    cache = VocabularyCache(market.url)
    cache.retry_seconds = 3
    for _ in range(20):
        with pytest.raises(ContractError):
            cache.read(wait_seconds=10)
    assert market.request_count == 1
    market.fails = False
    time.sleep(3.1)
    assert cache.read(wait_seconds=10).version == "v2"


def test_a_vocabulary_that_is_too_old_is_not_used(market: Market) -> None:
    cache = VocabularyCache(market.url)
    cache.fresh_seconds, cache.usable_seconds = 0, 1.5
    cache.read(wait_seconds=10)
    market.fails = True
    time.sleep(1.6)
    with pytest.raises(ContractError):
        cache.read(wait_seconds=10)
