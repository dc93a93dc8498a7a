"""The market's client for the conversation side: in process, or over HTTP when ADS_SERVICE_URL is set."""

import json
import logging

from django.conf import settings
from django.utils import timezone

from ads.client.http_client import call_service
from ads.client.vocabulary_cache import vocabulary_cache_of
from ads.contract import AdRequest, ContractError, NoAd, ServedAd, Vocabulary, decode_answer, encode_request
from ads.domain.accounting_day import korean_day
from ads.reporting.market_summary import income_of_day
from ads.selection.serving.serve import serve
from ads.selection.serving.snapshots import serving_state
from ads.selection.serving.vocabulary import read_vocabulary

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
