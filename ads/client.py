"""The door of the market: ask for an ad, read the vocabulary; in process, or over HTTP by one setting."""

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

from ads.contract import AdRequest, ContractError, NoAd, ServedAd, Vocabulary, encode_request, read_answer
from ads.leases import korean_day
from ads.reports import income_of_day
from ads.selection.current import current_market
from ads.selection.serve import serve
from ads.selection.vocabulary import vocabulary_of
from ads.tokens import service_key

logger = logging.getLogger(__name__)

VOCABULARY_SECONDS = 60


def request_ad(request: AdRequest) -> ServedAd | NoAd:
    """Return one ad or the reason why there is none, within the deadline and without ever raising."""
    if settings.ADS_SERVICE_URL:
        return _ask_service(request)
    return serve(request)


def fetch_vocabulary() -> Vocabulary:
    """Return the closed vocabulary that prompts are matched against, on the asking side."""
    if settings.ADS_SERVICE_URL:
        return _fetch_from_service(int(time.monotonic()) // VOCABULARY_SECONDS)
    return vocabulary_of(current_market().snapshot)


def income_today() -> int:
    """Return what came in today less what was given back today, in micros of won; it can be negative."""
    return income_of_day(korean_day(timezone.now()))


def _ask_service(request: AdRequest) -> ServedAd | NoAd:
    body = json.dumps(encode_request(request)).encode()
    try:
        return read_answer(_call("select/", body, settings.ADS_DEADLINE_MS / 1000))
    except TimeoutError:
        return NoAd("timeout")
    except ContractError as error:
        logger.warning("the ad service gave no usable answer: %s", error)
        return NoAd("error")


@lru_cache(maxsize=1)
def _fetch_from_service(_minute: int) -> Vocabulary:
    document = _call("vocabulary/", None, 5.0)
    # A service of before negatives were told goes on as it did until it is renewed.
    terms, negatives = document["terms"], document.get("negatives", [])
    if not isinstance(terms, list) or not isinstance(negatives, list):
        raise ContractError("the vocabulary has no terms")
    return Vocabulary(
        str(document["version"]),
        tuple((int(number), str(text)) for number, text in terms),
        frozenset(map(int, negatives)),
    )


def _call(path: str, body: bytes | None, deadline: float) -> dict[str, object]:
    address = urlsplit(settings.ADS_SERVICE_URL)
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=deadline)
    # A socket's timeout starts anew with every byte; hanging up by the clock is what keeps a promise of time.
    hang_up = threading.Timer(deadline, _hang_up, [connection])
    ends = time.monotonic() + deadline
    hang_up.start()
    try:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {service_key()}"}
        connection.request("POST" if body else "GET", f"{address.path}/ads/api/{path}", body, headers)
        reply = connection.getresponse()
        document = json.loads(reply.read())
    except (OSError, HTTPException, ValueError) as error:
        if time.monotonic() >= ends:
            raise TimeoutError from error
        raise ContractError(str(error)) from error
    finally:
        hang_up.cancel()
        connection.close()
    if reply.status != 200 or not isinstance(document, dict):
        raise ContractError(f"the ad service answered {reply.status}")
    return document


def _hang_up(connection: HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
