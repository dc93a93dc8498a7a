"""How an ad request was decided, from its stored trace or from its offer."""

import uuid
from contextlib import suppress
from typing import Any

from ads.models import Offer
from ads.selection.serving.traces import find_trace, list_limits


def find_decision(name: str) -> dict[str, Any] | None:
    """Return the trace of a request, by its id or by its offer's id; None when there is none.

    A repeated request has the trace of the offer's own request, whose id is under `repeats`.
    """
    trace = find_trace(name)
    if trace is None or "offer" not in trace:
        return trace or _from_offer(name)
    offer = Offer.objects.get(pk=uuid.UUID(str(trace["offer"])))
    return offer_decision(offer) | {"request": trace["request"], "repeats": offer.request_id}


def offer_decision(offer: Offer) -> dict[str, Any]:
    """Return the trace that is stored with an offer."""
    return {
        "request": {
            "request_id": offer.request_id,
            "topics": offer.topics,
            "language": offer.language,
            "intent_percent": offer.intent_percent,
            "work_percent": offer.work_percent,
        },
        "limits": list_limits(),
        "version": offer.snapshot_version,
        "reason": "",
        "price_micros": offer.price_micros,
        "shadow_price_micros": offer.shadow_price_micros,
        "is_explored": offer.is_explored,
        "contenders": offer.trace,
    }


def _from_offer(name: str) -> dict[str, Any] | None:
    # PostgreSQL rejects NUL in a text.
    offers = Offer.objects.filter(request_id=name.replace("\0", ""))
    with suppress(ValueError):
        offers = offers | Offer.objects.filter(id=uuid.UUID(name))
    offer = offers.order_by("-created_at").first()
    return None if offer is None else offer_decision(offer)
