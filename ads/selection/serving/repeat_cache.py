"""The same question again within half a minute gets the same ad: an answer made anew is no new look."""

import hashlib
import uuid

from ads.contract import AdRequest
from ads.events.frequency_caps import FrequencyCaps
from ads.infra.redis_client import read_values, redis_client, redis_key
from ads.models import Offer
from ads.selection.core.eligibility import is_servable
from ads.selection.serving.snapshots import ServingState

REPEAT_SECONDS = 30


def repeat_key(request: AdRequest) -> str | None:
    """Return under which name the offer of this question is remembered; None without a person's key."""
    if not request.frequency_key:
        return None
    asked = (request.placement, request.language, request.device, sorted(request.term_ids), request.topics)
    return redis_key("again", request.frequency_key, hashlib.sha256(repr(asked).encode()).hexdigest()[:16])


def cache_offer(request: AdRequest, offer: Offer, person: FrequencyCaps) -> None:
    """Remember what this question was answered with, and that the person is about to see it."""
    name = repeat_key(request)
    if name:
        with redis_client().pipeline(transaction=False) as pipeline:
            pipeline.set(name, str(offer.id), ex=REPEAT_SECONDS)
            person.record_offer(pipeline, offer.campaign_id, offer.id)
            pipeline.execute()


def find_repeat(request: AdRequest, market: ServingState) -> Offer | None:
    """Return the offer this question was answered with a moment ago, while nobody has seen it yet.

    Once it was seen, the rules of how many answers have an ad decide, also for the same question.
    """
    name = repeat_key(request)
    raw = read_values(name)[0] if name else None
    if not raw:
        return None
    offer = (
        Offer.objects.select_related("creative", "campaign__advertiser")
        .filter(id=uuid.UUID(raw.decode()), hidden_at=None, impression=None)
        .first()
    )
    if offer is None or not is_servable(market.snapshot, market.live, offer.campaign_id, offer.price_micros):
        return None
    return offer
