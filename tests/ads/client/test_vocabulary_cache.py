"""The vocabulary of a service apart: at hand whatever the service does, and renewed beside whoever asks."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ads.client.vocabulary_cache import VocabularyCache
from ads.contract import ContractError


class Market(ThreadingHTTPServer):
    """An ad service that tells a new version each time, unless it hangs or fails."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False
        self.goes_on = threading.Event()
        self.goes_on.set()
        super().__init__(("127.0.0.1", 0), Answers)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    server: Market

    def do_GET(self) -> None:
        self.server.asked += 1
        version = f"v{self.server.asked}"
        self.server.goes_on.wait(20)
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
    server.goes_on.set()
    server.shutdown()
    thread.join()
    server.server_close()


def read_until(book: VocabularyCache, version: str) -> None:
    """Read until the book has this version, never waiting for it."""
    for _ in range(200):
        if book.read(wait_seconds=0).version == version:
            return
        time.sleep(0.02)
    raise AssertionError(f"{version} never came")


def test_the_first_who_asks_waits_and_the_next_reads_what_is_there(market: Market) -> None:
    book = VocabularyCache(market.url)
    first = book.read(wait_seconds=10)
    assert (first.version, first.terms, first.negatives) == ("v1", ((7, "도쿄 항공권"),), frozenset({7}))
    assert book.read(wait_seconds=0) is first
    assert market.asked == 1


def test_old_words_are_read_at_once_while_a_service_that_hangs_is_asked_for_new_ones(market: Market) -> None:
    book = VocabularyCache(market.url, fresh_seconds=0)
    assert book.read(wait_seconds=10).version == "v1"
    market.goes_on.clear()
    began = time.monotonic()
    for _ in range(50):
        assert book.read(wait_seconds=10).version == "v1"
    assert time.monotonic() - began < 5
    # However many ask, one thread does it for all of them.
    assert [thread.name for thread in threading.enumerate()].count("ad vocabulary") == 1
    market.goes_on.set()
    read_until(book, "v2")


def test_nobody_waits_longer_than_they_can_for_a_service_that_never_told_anything(market: Market) -> None:
    book = VocabularyCache(market.url)
    market.goes_on.clear()
    began = time.monotonic()
    with pytest.raises(ContractError):
        book.read(wait_seconds=0.1)
    assert time.monotonic() - began < 5
    market.goes_on.set()
    assert book.read(wait_seconds=10).version == "v1"


def test_a_failure_is_remembered_for_a_moment(market: Market) -> None:
    market.fails = True
    book = VocabularyCache(market.url, failed_seconds=3)
    for _ in range(20):
        with pytest.raises(ContractError):
            book.read(wait_seconds=10)
    assert market.asked == 1
    market.fails = False
    time.sleep(3.1)
    assert book.read(wait_seconds=10).version == "v2"


def test_words_that_are_too_old_to_know_what_keeps_ads_away_are_read_no_more(market: Market) -> None:
    book = VocabularyCache(market.url, fresh_seconds=0, usable_seconds=1.5)
    book.read(wait_seconds=10)
    market.fails = True
    time.sleep(1.6)
    with pytest.raises(ContractError):
        book.read(wait_seconds=10)
