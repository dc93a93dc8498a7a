"""Keeps what happened to an offer: seen once, clicked once, hidden, complained about."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from django.db import connection

from ads.contract import ServedAd
from ads.domain.accounting_day import korean_day
from ads.events.click_context import cache_click_context
from ads.events.link_tokens import LinkPurpose, sign_token
from ads.ledger.billing import Charge, ClickVerdict, charge_click
from ads.models import Complaint, Impression, Offer, RefusedVisit

# An offer, what speaks against the look, and when it was.
ImpressionRow = tuple[uuid.UUID, str, datetime.datetime]

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
INSERT_IMPRESSIONS = """
INSERT INTO ads_impression (offer_id, verdict, reason, created_at)
SELECT DISTINCT ON (offer) offer, verdict, reason, moment
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[]) AS look (offer, verdict, reason, moment)
ORDER BY offer, moment
ON CONFLICT (offer_id) DO NOTHING RETURNING offer_id
"""
COUNT_REFUSED_VISIT = """
INSERT INTO ads_refusedvisit (offer_id, campaign_id, kind, reason, day, visits, first_at, last_at)
VALUES (%s, %s, %s, %s, %s, 1, %s, %s)
ON CONFLICT (offer_id, kind, reason, day) DO UPDATE
SET visits = ads_refusedvisit.visits + 1, last_at = greatest(ads_refusedvisit.last_at, excluded.last_at)
"""


@dataclass(frozen=True, slots=True)
class OfferLinks:
    """Where a browser reports what it does with one offer."""

    click: str
    impression: str
    hide: str
    report: str


def find_offer(offer: uuid.UUID) -> Offer | None:
    """Return the offer with what a look or a click needs to know, in one query.

    Nothing else comes along: the record of the auction alone would be longer than all of it.
    """
    found = Offer.objects.select_related("creative", "campaign__advertiser", "impression", "click")
    return found.only(*OFFER_FIELDS).filter(id=offer).order_by().first()


def sign_links(offer: uuid.UUID, *, at: datetime.datetime) -> OfferLinks:
    """Return the signed links of an offer, relative to the site that shows it."""
    click = sign_token(LinkPurpose.CLICK, offer, at=at)
    seen = sign_token(LinkPurpose.IMPRESSION, offer, at=at)
    feedback = sign_token(LinkPurpose.FEEDBACK, offer, at=at)
    return OfferLinks(
        click=f"/ads/click/{click}/",
        impression=f"/ads/seen/{seen}/",
        hide=f"/ads/hide/{feedback}/",
        report=f"/ads/report/{feedback}/",
    )


def build_served_ad(offer: Offer, *, label: str, why: tuple[str, ...]) -> ServedAd:
    """Return the ad as it may be shown, and remember where it leads for when the database is away."""
    cache_click_context(offer)
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
        is_ai_written=offer.creative.is_ai_generated,
    )


def insert_impressions(impressions: Sequence[ImpressionRow]) -> list[bool]:
    """Keep that these offers were seen, with what is wrong with each look; False for what was known."""
    valid, invalid = Impression.Verdict.VALID.value, Impression.Verdict.INVALID.value
    columns = (
        [offer for offer, _, _ in impressions],
        [invalid if reason else valid for _, reason, _ in impressions],
        [reason for _, reason, _ in impressions],
        [at for _, _, at in impressions],
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT_IMPRESSIONS, cast("Sequence[str]", columns))
        fresh = {offer for (offer,) in cursor}
    outcome = []
    for offer, _, _ in impressions:
        outcome.append(offer in fresh)
        # Of two impressions at the same offer in one batch, one is new.
        fresh.discard(offer)
    return outcome


def count_refused_visit(offer: Offer, *, kind: RefusedVisit.Kind, reason: str, at: datetime.datetime) -> None:
    """Count a visit that used up nothing, in one row for an offer, a reason and a day."""
    values = (offer.id, offer.campaign_id, kind.value, reason, korean_day(at), at, at)
    with connection.cursor() as cursor:
        cursor.execute(COUNT_REFUSED_VISIT, values)


def settle_click(offer: Offer, *, reason: str, network: str, at: datetime.datetime) -> ClickVerdict:
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


def mark_hidden(offer: Offer, *, at: datetime.datetime) -> None:
    """Keep that the person does not want this ad."""
    Offer.objects.filter(id=offer.id, hidden_at=None).update(hidden_at=at)


def save_complaint(offer: Offer, *, reason: str) -> bool:
    """Keep a complaint; False when there was one already."""
    _, is_new = Complaint.objects.get_or_create(offer=offer, defaults={"reason": reason})
    return is_new
