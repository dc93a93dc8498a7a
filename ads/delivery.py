"""Keeps what happened to an offer: seen once, clicked once, hidden, complained about."""

import datetime
import uuid
from dataclasses import dataclass

from django.conf import settings

from ads.billing import Charge, Verdict, charge_click
from ads.contract import ServedAd
from ads.models import Complaint, Impression, Offer
from ads.tokens import Purpose, sign


@dataclass(frozen=True, slots=True)
class Links:
    """Where a browser reports what it does with one offer."""

    click: str
    impression: str
    hide: str
    report: str


def find_offer(offer: uuid.UUID) -> Offer | None:
    """Return the offer with what a click needs to know, in one query."""
    return (
        Offer.objects.select_related("creative", "campaign__advertiser", "impression", "click")
        .filter(id=offer)
        .first()
    )


def sign_links(offer: uuid.UUID, *, at: datetime.datetime) -> Links:
    """Return the signed links of an offer, relative to the site that shows it."""
    click = sign(Purpose.CLICK, offer, at=at)
    seen = sign(Purpose.IMPRESSION, offer, at=at)
    feedback = sign(Purpose.FEEDBACK, offer, at=at)
    return Links(
        click=f"/ads/click/{click}/",
        impression=f"/ads/seen/{seen}/",
        hide=f"/ads/hide/{feedback}/",
        report=f"/ads/report/{feedback}/",
    )


def present(offer: Offer, *, label: str, why: tuple[str, ...]) -> ServedAd:
    """Return the ad as it may be shown."""
    links = sign_links(offer.id, at=offer.created_at)
    return ServedAd(
        offer=str(offer.id),
        label=label,
        advertiser=offer.campaign.advertiser.name,
        title=offer.creative.title,
        body=offer.creative.body,
        display_domain=offer.creative.display_domain,
        why=why,
        click_url=links.click,
        impression_url=links.impression,
        hide_url=links.hide,
        report_url=links.report,
    )


def keep_impression(offer: Offer, *, reason: str, at: datetime.datetime) -> bool:
    """Keep that the offer was seen, with what is wrong with it; False when that was known."""
    verdict = Impression.Verdict.INVALID if reason else Impression.Verdict.VALID
    _, is_new = Impression.objects.get_or_create(
        offer=offer, defaults={"verdict": verdict, "reason": reason, "created_at": at}
    )
    return is_new


def settle_click(offer: Offer, *, reason: str, network: str, at: datetime.datetime) -> Verdict:
    """Charge a click that nothing speaks against; keep any other as invalid, with its reason."""
    return charge_click(
        Charge(
            offer=offer.id,
            campaign_id=offer.campaign_id,
            price_micros=offer.price_micros,
            network=network,
            at=at,
            reason=reason,
        )
    )


def landing_url(offer: Offer) -> str:
    """Return where the ad leads: looked up here, never taken from a link."""
    url = offer.creative.landing_url
    return f"{settings.PUBLIC_URL}{url}" if url.startswith("/") else url


def hide(offer: Offer, *, at: datetime.datetime) -> None:
    """Keep that the person does not want this ad."""
    Offer.objects.filter(id=offer.id, hidden_at=None).update(hidden_at=at)


def complain(offer: Offer, *, reason: str) -> bool:
    """Keep a complaint; False when there was one already."""
    _, is_new = Complaint.objects.get_or_create(offer=offer, defaults={"reason": reason})
    return is_new
