"""The door of the market: ask for an ad, read the vocabulary; in process, or over HTTP by one setting."""

import json
import logging
import time
import urllib.error
import urllib.request
from functools import lru_cache

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from ads.contract import AdRequest, ContractError, NoAd, ServedAd, Vocabulary, encode_request, read_answer
from ads.leases import korean_day
from ads.models import Click
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
    """Return what today's clicks brought in so far, in micros of won."""
    today = korean_day(timezone.now())
    return int(Click.objects.filter(day=today).aggregate(total=Sum("price_micros"))["total"] or 0)


def _ask_service(request: AdRequest) -> ServedAd | NoAd:
    body = json.dumps(encode_request(request)).encode()
    try:
        answer = _call("select/", body, settings.ADS_DEADLINE_MS / 1000)
        return read_answer(answer)
    except TimeoutError:
        return NoAd("timeout")
    except (OSError, ValueError, ContractError) as error:
        logger.warning("the ad service gave no usable answer: %s", error)
        return NoAd("timeout" if isinstance(getattr(error, "reason", None), TimeoutError) else "error")


@lru_cache(maxsize=1)
def _fetch_from_service(_minute: int) -> Vocabulary:
    document = _call("vocabulary/", None, 5.0)
    terms = document["terms"]
    if not isinstance(terms, list):
        raise ContractError("the vocabulary has no terms")
    return Vocabulary(str(document["version"]), tuple((int(number), str(text)) for number, text in terms))


def _call(path: str, body: bytes | None, timeout: float) -> dict[str, object]:
    url = f"{settings.ADS_SERVICE_URL.rstrip('/')}/ads/api/{path}"
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {service_key()}"}
    call = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310
    with urllib.request.urlopen(call, timeout=timeout) as reply:  # noqa: S310
        document = json.load(reply)
    if not isinstance(document, dict):
        raise ContractError("not an object")
    return document
