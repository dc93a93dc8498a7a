"""The market's client for the conversation side: in process, or over HTTP when ADS_SERVICE_URL is set."""

import base64
import json
import logging
import socket
import threading
import time
from contextlib import suppress
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from ads.contract import AdRequest, ContractError, NoAd, ServedAd, Vocabulary, decode_answer, encode_request
from ads.domain.accounting_day import korean_day
from ads.events.link_tokens import service_key
from ads.reporting.market_summary import income_of_day
from ads.selection.serving.serve import serve
from ads.selection.serving.snapshots import serving_state
from ads.selection.serving.vocabulary import read_vocabulary
from language.lookup import prepare_lookup
from language.near_terms import find_near_terms, is_used

logger = logging.getLogger(__name__)


def request_ad(request: AdRequest) -> ServedAd | NoAd:
    """Return one ad or the reason why there is none; never raises. Over HTTP, ADS_DEADLINE_MS applies."""
    if settings.ADS_SERVICE_URL:
        return _request_over_http(request)
    return serve(request)


def fetch_vocabulary(*, wait_seconds: float | None = None) -> Vocabulary:
    """Return the closed vocabulary that prompts are matched against; raises ContractError when there is none.

    Over HTTP, a call waits only while no vocabulary was fetched yet, by default for ADS_MATCH_MS.
    """
    if settings.ADS_SERVICE_URL:
        wait = settings.ADS_MATCH_MS / 1000 if wait_seconds is None else wait_seconds
        return vocabulary_cache_of(settings.ADS_SERVICE_URL).read(wait_seconds=wait)
    return read_vocabulary(serving_state().snapshot)


def income_today() -> int:
    """Return today's revenue less today's reversals, in micros of won; it can be negative."""
    return income_of_day(korean_day(timezone.now()))


def _request_over_http(request: AdRequest) -> ServedAd | NoAd:
    body = json.dumps(encode_request(request)).encode()
    try:
        return decode_answer(
            call_service(settings.ADS_SERVICE_URL, "select/", body, settings.ADS_DEADLINE_MS / 1000)
        )
    except TimeoutError:
        return NoAd("timeout")
    except ContractError as error:
        logger.warning("the ad service gave no usable answer: %s", error)
        return NoAd("error")


def call_service(url: str, path: str, body: bytes | None, deadline: float) -> dict[str, object]:
    """Return the JSON document that the service answers; raises TimeoutError and ContractError."""
    address = urlsplit(url)
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=deadline)
    # A socket timeout restarts with every byte; shutting the socket down enforces a total deadline.
    opened: list[socket.socket] = []
    watchdog = threading.Timer(deadline, _shut_down, [connection, opened])
    deadline_at = time.monotonic() + deadline
    watchdog.start()
    try:
        connection.connect()
        # A connection gives its socket away to a reply without Content-Length.
        opened.append(connection.sock)
        if time.monotonic() >= deadline_at:
            raise TimeoutError
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {service_key()}"}
        connection.request("POST" if body else "GET", f"{address.path}/ads/api/{path}", body, headers)
        reply = connection.getresponse()
        document = json.loads(reply.read())
    except (OSError, HTTPException, ValueError) as error:
        if time.monotonic() >= deadline_at:
            raise TimeoutError from error
        raise ContractError(str(error)) from error
    finally:
        watchdog.cancel()
        connection.close()
    if reply.status != 200 or not isinstance(document, dict):
        raise ContractError(f"the ad service answered {reply.status}")
    return document


def _shut_down(connection: HTTPConnection, opened: list[socket.socket]) -> None:
    # Before it is in the list, a socket is of a connection whose handshake still runs.
    for each in opened or [connection.sock]:
        with suppress(OSError, AttributeError):
            each.shutdown(socket.SHUT_RDWR)


FETCH_TIMEOUT_SECONDS = 5.0


class VocabularyCache:
    """A stale-while-revalidate cache of the vocabulary of the ad service at one URL.

    A read returns the cached vocabulary and refreshes it on a thread of its own; only the first read waits.
    With a TTLCache a read would wait for every refresh.
    """

    fresh_seconds = 60.0
    # A vocabulary without the latest negative keywords shows unwanted ads: at this age, no ad is better.
    usable_seconds = 600.0
    # Pause after a failed request.
    retry_seconds = 5.0

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._vocabulary: Vocabulary | None = None
        self._fetched_at = 0.0
        self._retry_at = 0.0
        self._fetching: threading.Thread | None = None

    def read(self, *, wait_seconds: float) -> Vocabulary:
        """Return the vocabulary; waits only without a usable one, then raises ContractError."""
        vocabulary = self._usable()
        if vocabulary is not None and self._age() < self.fresh_seconds:
            return vocabulary
        fetching = self._renew()
        if vocabulary is None and fetching is not None:
            fetching.join(wait_seconds)
            vocabulary = self._usable()
        if vocabulary is None:
            raise ContractError("the ad service sends no vocabulary")
        return vocabulary

    def _usable(self) -> Vocabulary | None:
        return self._vocabulary if self._age() < self.usable_seconds else None

    def _age(self) -> float:
        return time.monotonic() - self._fetched_at

    def _renew(self) -> threading.Thread | None:
        """Return the thread that fetches the vocabulary; None during the pause after a failure."""
        with self._lock:
            if self._fetching is None and time.monotonic() >= self._retry_at:
                # A daemon, so that the process can exit while the service does not respond.
                fetching = threading.Thread(target=self._fetch, name="ad vocabulary", daemon=True)
                fetching.start()
                self._fetching = fetching
            return self._fetching

    def _fetch(self) -> None:
        try:
            fetched = _decode_vocabulary(call_service(self._url, "vocabulary/", None, FETCH_TIMEOUT_SECONDS))
            # On this thread, so that no turn waits for it.
            prepare_lookup(fetched.version, fetched.terms, fetched.negatives)
            if is_used():
                find_near_terms(fetched.version, fetched.describe_terms, fetched.vectors)
            self._vocabulary, self._fetched_at = fetched, time.monotonic()
        except (TimeoutError, ContractError) as error:
            self._retry_at = time.monotonic() + self.retry_seconds
            logger.warning("the ad service sends no vocabulary: %s", error or "timeout")
        finally:
            with self._lock:
                self._fetching = None


@lru_cache(maxsize=2)
def vocabulary_cache_of(url: str) -> VocabularyCache:
    """Return this process's cache for a service."""
    return VocabularyCache(url)


def _decode_vocabulary(document: dict[str, object]) -> Vocabulary:
    # Services of earlier releases send no negatives or glosses.
    terms, negatives, glosses = (
        document.get("terms"),
        document.get("negatives", []),
        document.get("glosses", []),
    )
    if not isinstance(terms, list) or not isinstance(negatives, list) or not isinstance(glosses, list):
        raise ContractError("the vocabulary has no terms")
    try:
        return Vocabulary(
            str(document["version"]),
            tuple((int(number), str(text)) for number, text in terms),
            frozenset(map(int, negatives)),
            tuple((int(number), str(text)) for number, text in glosses),
            base64.b64decode(str(document.get("vectors", ""))),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ContractError(f"the vocabulary cannot be read: {error}") from error
