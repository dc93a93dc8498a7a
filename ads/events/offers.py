"""Offers: reading one for an event, its signed links, the ad as it is shown, hiding and reporting it."""

import datetime
import uuid
from dataclasses import dataclass

from ads.contract import ServedAd
from ads.events.frequency_caps import FrequencyCaps
from ads.events.link_tokens import LinkPurpose, sign_token
from ads.models import Complaint, Offer

# All but the trace, which is longer than the other fields together.
OFFER_FIELDS = (
    "campaign",
    "creative",
    "price_micros",
    "frequency_key",
    "created_at",
    "creative__landing_url",
    "campaign__advertiser__own_networks",
    "impression__verdict",
    "click__verdict",
)


def find_offer(offer: uuid.UUID) -> Offer | None:
    """Return the offer with the fields that judging an event needs, in one query."""
    found = Offer.objects.select_related("creative", "campaign__advertiser", "impression", "click")
    return found.only(*OFFER_FIELDS).filter(id=offer).order_by().first()


@dataclass(frozen=True, slots=True)
class OfferCard:
    """An offer's ad as it is shown, and what it is shown for."""

    offer: uuid.UUID
    created_at: datetime.datetime
    keyword_text: str
    advertiser: str
    title: str
    body: str
    display_domain: str
    is_ai_generated: bool


def card_of(offer: Offer) -> OfferCard:
    """Return the card of an offer that was fetched with its creative and advertiser."""
    return OfferCard(
        offer=offer.id,
        created_at=offer.created_at,
        keyword_text=offer.keyword_text,
        advertiser=offer.campaign.advertiser.name,
        title=offer.creative.title,
        body=offer.creative.body,
        display_domain=offer.creative.display_domain,
        is_ai_generated=offer.creative.is_ai_generated,
    )


def build_served_ad(card: OfferCard, *, label: str, why: tuple[str, ...]) -> ServedAd:
    """Return the ad as it is shown, with its signed links."""
    # Links are relative to the site that shows the ad.
    purposes = (LinkPurpose.CLICK, LinkPurpose.IMPRESSION, LinkPurpose.FEEDBACK)
    click, seen, feedback = (sign_token(purpose, card.offer, at=card.created_at) for purpose in purposes)
    return ServedAd(
        offer=str(card.offer),
        label=label,
        advertiser=card.advertiser,
        title=card.title,
        body=card.body,
        display_domain=card.display_domain,
        why=why,
        click_url=f"/ads/click/{click}/",
        impression_url=f"/ads/seen/{seen}/",
        hide_url=f"/ads/hide/{feedback}/",
        report_url=f"/ads/report/{feedback}/",
        is_ai_written=card.is_ai_generated,
    )


def hide_offer(offer: Offer, *, at: datetime.datetime) -> None:
    """Mark the offer as hidden and keep its campaign away from the person for the rest of the day."""
    Offer.objects.filter(id=offer.id, hidden_at=None).update(hidden_at=at)
    FrequencyCaps(offer.frequency_key, at=at).record_hidden(offer.campaign_id)


def report_offer(offer: Offer, *, reason: str, at: datetime.datetime) -> bool:
    """Save a complaint and keep the campaign away from the person; False when there was one."""
    _, is_new = Complaint.objects.get_or_create(offer=offer, defaults={"reason": reason})
    FrequencyCaps(offer.frequency_key, at=at).record_hidden(offer.campaign_id)
    return is_new
