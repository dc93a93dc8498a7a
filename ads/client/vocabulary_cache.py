"""The ad service's vocabulary on the asking side: always at hand, and renewed beside whoever asks.

Nobody who matches a prompt waits for the service: what it told a while ago is good until it tells anew. Only
where it never told anything does the first who asks wait, as long as they can.
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
# A negative keyword that nobody names keeps no ad away, so that old words are worse than none at some time.
MAX_STALE_SECONDS = 600.0
# A service that just failed is left alone for so long.
RETRY_SECONDS = 5.0
FETCH_TIMEOUT_SECONDS = 5.0


class VocabularyCache:
    """The words of one ad service, by its address."""

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
        """Return the words, waiting only where there are none; raises ContractError when none come."""
        words = self._usable()
        if words is not None and self._age() < self._fresh_seconds:
            return words
        fetching = self._renew()
        if words is None and fetching is not None:
            fetching.join(wait_seconds)
            words = self._usable()
        if words is None:
            raise ContractError("the ad service tells no vocabulary")
        return words

    def _usable(self) -> Vocabulary | None:
        return self._vocabulary if self._age() < self._usable_seconds else None

    def _age(self) -> float:
        return time.monotonic() - self._fetched_at

    def _renew(self) -> threading.Thread | None:
        """Ask the service on a thread of its own, one at a time; None while it is left alone."""
        with self._lock:
            if self._fetching is None and time.monotonic() >= self._retry_at:
                # An end of the process does not wait for a service that hangs.
                fetching = threading.Thread(target=self._fetch, name="ad vocabulary", daemon=True)
                fetching.start()
                self._fetching = fetching
            return self._fetching

    def _fetch(self) -> None:
        try:
            words = _decode_vocabulary(call_service(self._url, "vocabulary/", None, FETCH_TIMEOUT_SECONDS))
            # On this thread, so that no turn has to wait for it.
            prepare_lookup(words.version, words.terms, words.negatives)
            self._vocabulary, self._fetched_at = words, time.monotonic()
        except (TimeoutError, ContractError) as error:
            self._retry_at = time.monotonic() + self._failed_seconds
            logger.warning("the ad service tells no vocabulary: %s", error or "too late")
        finally:
            with self._lock:
                self._fetching = None


@lru_cache(maxsize=2)
def vocabulary_cache_of(url: str) -> VocabularyCache:
    """Return this process's one book of the service at this address."""
    return VocabularyCache(url)


def _decode_vocabulary(document: dict[str, object]) -> Vocabulary:
    # A service of before negatives were told goes on as it did until it is renewed.
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
