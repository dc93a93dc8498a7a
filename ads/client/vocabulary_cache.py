"""A stale-while-revalidate cache of the ad service's vocabulary.

A read returns the cached vocabulary and refreshes it on a thread of its own; only the first read waits.
With a TTLCache a read would wait for every refresh.
"""

import logging
import threading
import time
from functools import lru_cache

from ads.client.http_client import call_service
from ads.contract import ContractError, Vocabulary
from language.lookup import prepare_lookup

logger = logging.getLogger(__name__)

MAX_AGE_SECONDS = 60.0
# A vocabulary without the latest negative keywords shows unwanted ads: when it is this old, no ad is better.
MAX_STALE_SECONDS = 600.0
# Pause after a failed request.
RETRY_SECONDS = 5.0
FETCH_TIMEOUT_SECONDS = 5.0


class VocabularyCache:
    """The vocabulary of the ad service at one URL."""

    def __init__(
        self,
        url: str,
        *,
        fresh_seconds: float = MAX_AGE_SECONDS,
        usable_seconds: float = MAX_STALE_SECONDS,
        failed_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._url = url
        self._fresh_seconds = fresh_seconds
        self._usable_seconds = usable_seconds
        self._failed_seconds = failed_seconds
        self._lock = threading.Lock()
        self._vocabulary: Vocabulary | None = None
        self._fetched_at = 0.0
        self._retry_at = 0.0
        self._fetching: threading.Thread | None = None

    def read(self, *, wait_seconds: float) -> Vocabulary:
        """Return the vocabulary; waits only without a usable one, then raises ContractError."""
        vocabulary = self._usable()
        if vocabulary is not None and self._age() < self._fresh_seconds:
            return vocabulary
        fetching = self._renew()
        if vocabulary is None and fetching is not None:
            fetching.join(wait_seconds)
            vocabulary = self._usable()
        if vocabulary is None:
            raise ContractError("the ad service sends no vocabulary")
        return vocabulary

    def _usable(self) -> Vocabulary | None:
        return self._vocabulary if self._age() < self._usable_seconds else None

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
            self._vocabulary, self._fetched_at = fetched, time.monotonic()
        except (TimeoutError, ContractError) as error:
            self._retry_at = time.monotonic() + self._failed_seconds
            logger.warning("the ad service sends no vocabulary: %s", error or "timeout")
        finally:
            with self._lock:
                self._fetching = None


@lru_cache(maxsize=2)
def vocabulary_cache_of(url: str) -> VocabularyCache:
    """Return this process's cache for a service."""
    return VocabularyCache(url)


def _decode_vocabulary(document: dict[str, object]) -> Vocabulary:
    # Services of earlier releases send no negatives.
    terms, negatives = document.get("terms"), document.get("negatives", [])
    if not isinstance(terms, list) or not isinstance(negatives, list):
        raise ContractError("the vocabulary has no terms")
    try:
        return Vocabulary(
            str(document["version"]),
            tuple((int(number), str(text)) for number, text in terms),
            frozenset(map(int, negatives)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ContractError(f"the vocabulary cannot be read: {error}") from error
