"""The same question again within half a minute gets the same ad: an answer made anew is no new look."""

import hashlib
import uuid

from ads.contract import AdRequest
from ads.fast_store import fast_store, key, read_bytes
from ads.models import Offer
from ads.person import Person
from ads.selection.current import Market
from ads.selection.eligibility import can_show

REUSED_SECONDS = 30


def again_key(request: AdRequest) -> str | None:
    """Return under which name the offer of this question is remembered; None without a person's key."""
    if not request.frequency_key:
        return None
    asked = (request.placement, request.language, request.device, sorted(request.term_ids), request.topics)
    return key("again", request.frequency_key, hashlib.sha256(repr(asked).encode()).hexdigest()[:16])


def remember_offer(request: AdRequest, offer: Offer, person: Person) -> None:
    """Remember what this question was answered with, and that the person is about to see it."""
    name = again_key(request)
    if name:
        with fast_store().pipeline(transaction=False) as pipeline:
            pipeline.set(name, str(offer.id), ex=REUSED_SECONDS)
            person.note_offer(pipeline, offer.campaign_id, offer.id)
            pipeline.execute()


def find_again(request: AdRequest, market: Market) -> Offer | None:
    """Return the offer this question was answered with a moment ago, while nobody has seen it yet.

    Once it was seen, the rules of how many answers have an ad decide, also for the same question.
    """
    name = again_key(request)
    raw = read_bytes(name)[0] if name else None
    if not raw:
        return None
    offer = (
        Offer.objects.select_related("creative", "campaign__advertiser")
        .filter(id=uuid.UUID(raw.decode()), hidden_at=None, impression=None)
        .first()
    )
    if offer is None or not can_show(market.snapshot, market.live, offer.campaign_id, offer.price_micros):
        return None
    return offer
