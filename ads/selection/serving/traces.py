"""Stores the trace of every request's decision in Valkey for a day, for `explain_ad` and the admin."""

import datetime
import json
from contextlib import suppress

import redis
from django.utils import timezone

from ads.contract import AdRequest, encode_request
from ads.infra.redis_client import Command, redis_client, redis_key, run_commands
from ads.models import Offer
from ads.selection.core.decision import Contender, Decision, EligibilityStatus
from ads.selection.core.overrides import UNLIMITED_MICROS
from ads.selection.core.relevance import RELEVANCE_THRESHOLD
from ads.selection.serving.auction_log import auction_commands
from ads.selection.serving.intent_limits import current_limits
from ads.selection.serving.request_sample import sample_commands

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


def trace_lines(decision: Decision) -> str:
    """Return the contenders that are kept with an offer and with a trace, as JSON."""
    return json.dumps([trace_line(contender) for contender in decision.contenders[:KEPT_CONTENDERS]])


def list_limits() -> dict[str, object]:
    """Return the thresholds that a request had to reach, as they are stored in traces."""
    limits = current_limits()
    return {
        "intent_percent": limits.least_intent,
        "work_percent": limits.most_work,
        "relevance": RELEVANCE_THRESHOLD,
    }


def record_no_ad(request: AdRequest, reason: str) -> None:
    """Store why a request ended before selection; of a sensitive one, only its id and language."""
    fields: dict[str, object] = {"request_id": request.request_id, "language": request.language}
    if reason != "sensitive":
        fields = encode_request(request)
    trace: dict[str, object] = {"request": fields, "reason": reason, "version": ""} | NO_SALE
    trace["limits"] = list_limits()
    commands = [_trace_command(request, trace, "[]")]
    if reason in AD_LOAD_REASONS:
        commands += sample_commands(request, at=timezone.now())
    with suppress(redis.RedisError):
        run_commands(commands)


def record_repeat(request: AdRequest, offer: Offer) -> None:
    """Store that a request was answered with the offer of an earlier request."""
    trace = json.dumps({"request": encode_request(request), "offer": str(offer.id)})
    with suppress(redis.RedisError):
        run_commands([("SET", redis_key("trace", request.request_id), trace, "EX", KEPT_SECONDS)])


def _trace_command(request: AdRequest, trace: dict[str, object], contenders: str) -> Command:
    text = f'{json.dumps(trace)[:-1]}, "contenders": {contenders}}}'
    return ("SET", redis_key("trace", request.request_id), text, "EX", KEPT_SECONDS)


def decision_commands(
    request: AdRequest, decision: Decision, *, lines: str, version: str, at: datetime.datetime
) -> list[Command]:
    """Return the commands that store the trace, the auction for reserve learning and the request sample.

    `lines` are the contenders as of `trace_lines`.
    """
    price = decision.sale.price_micros if decision.sale else None
    trace: dict[str, object] = {
        "request": encode_request(request),
        "version": version,
        "reason": decision.reason,
        "price_micros": price,
        "shadow_price_micros": price,
        "is_explored": decision.is_explored,
        "limits": list_limits(),
    }
    return [
        _trace_command(request, trace, lines),
        *sample_commands(request, at=at),
        *auction_commands(decision, request.frequency_key),
    ]


def find_trace(request_id: str) -> dict[str, object] | None:
    """Return the stored trace of a request, or None."""
    raw = redis_client().get(redis_key("trace", request_id))
    return json.loads(raw) if isinstance(raw, bytes) else None
