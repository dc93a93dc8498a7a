"""Stores the trace of every request's decision in Valkey for a day, for `explain_ad` and the admin."""

import json
from contextlib import suppress

import redis
from django.utils import timezone
from redis.client import Pipeline

from ads.contract import AdRequest, encode_request
from ads.infra.redis_client import redis_client, redis_key
from ads.models import Offer
from ads.selection.core.decision import Contender, Decision, EligibilityStatus
from ads.selection.core.overrides import UNLIMITED_MICROS
from ads.selection.serving.auction_log import log_auction
from ads.selection.serving.request_sample import sample_request

KEPT_SECONDS = 24 * 3600
KEPT_CONTENDERS = 20
# Skipped by the ad load; the request could have matched, so it counts for reach estimates.
AD_LOAD_REASONS = frozenset({"ad_load", "newcomer"})
STATUS_NAMES = {status: status.name.lower() for status in EligibilityStatus}
STATUS_NAMES[EligibilityStatus.ELIGIBLE] = "standing"
NO_SALE: dict[str, object] = {"price_micros": None, "shadow_price_micros": None, "is_explored": False}


def trace_line(contender: Contender) -> dict[str, object]:
    """Return a contender as stored in traces; the status is stored under the key `rung`."""
    line: dict[str, object] = contender._asdict()
    del line["status"]
    return line | {
        "left_micros": contender.left_micros if contender.left_micros < UNLIMITED_MICROS else None,
        "rung": STATUS_NAMES[contender.status],
        "score": contender.score,
    }


def record_no_ad(request: AdRequest, reason: str) -> None:
    """Store why a request ended before selection; of a sensitive one, only its id and language."""
    fields: dict[str, object] = {"request_id": request.request_id, "language": request.language}
    if reason != "sensitive":
        fields = encode_request(request)
    trace: dict[str, object] = {
        "request": fields,
        "reason": reason,
        "version": "",
        "contenders": [],
    } | NO_SALE
    with suppress(redis.RedisError), redis_client().pipeline(transaction=False) as pipeline:
        _write_trace(pipeline, request, trace)
        if reason in AD_LOAD_REASONS:
            sample_request(pipeline, request, at=timezone.now())
        pipeline.execute()


def record_repeat(request: AdRequest, offer: Offer) -> None:
    """Store that a request was answered with the offer of an earlier request."""
    with suppress(redis.RedisError), redis_client().pipeline(transaction=False) as pipeline:
        _write_trace(pipeline, request, {"request": encode_request(request), "offer": str(offer.id)})
        pipeline.execute()


def _write_trace(pipeline: Pipeline, request: AdRequest, trace: dict[str, object]) -> None:
    pipeline.set(redis_key("trace", request.request_id), json.dumps(trace), ex=KEPT_SECONDS)


def record_decision(request: AdRequest, decision: Decision, *, version: str) -> None:
    """Store the trace, the auction for reserve learning and the request sample; failures are ignored."""
    price = decision.sale.price_micros if decision.sale else None
    trace: dict[str, object] = {
        "request": encode_request(request),
        "version": version,
        "reason": decision.reason,
        "price_micros": price,
        "shadow_price_micros": price,
        "is_explored": decision.is_explored,
        "contenders": [trace_line(contender) for contender in decision.contenders[:KEPT_CONTENDERS]],
    }
    with suppress(redis.RedisError), redis_client().pipeline(transaction=False) as pipeline:
        _write_trace(pipeline, request, trace)
        sample_request(pipeline, request, at=timezone.now())
        log_auction(pipeline, decision, request.frequency_key)
        pipeline.execute()


def find_trace(request_id: str) -> dict[str, object] | None:
    """Return the stored trace of a request, or None."""
    raw = redis_client().get(redis_key("trace", request_id))
    return json.loads(raw) if isinstance(raw, bytes) else None
