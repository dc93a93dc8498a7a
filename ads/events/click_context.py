"""What judging a click needs of its offer, also kept in Valkey for when the database is away."""

import datetime
import json
import logging
import uuid
from dataclasses import dataclass

import redis
from django.conf import settings

from ads.infra.redis_client import read_values, redis_client, redis_key
from ads.models import Offer

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClickContext:
    """One offer: whose it is, what it costs, where it leads, and whom it was shown to, by their daily key."""

    offer: uuid.UUID
    campaign_id: int
    creative_id: int
    created_at: datetime.datetime
    frequency_key: str
    own_networks: list[str]
    url: str


def click_context_of(offer: Offer) -> ClickContext:
    """Return the facts of an offer that was fetched with its creative and advertiser."""
    return ClickContext(
        offer=offer.id,
        campaign_id=offer.campaign_id,
        creative_id=offer.creative_id,
        created_at=offer.created_at,
        frequency_key=offer.frequency_key,
        own_networks=offer.campaign.advertiser.own_networks,
        url=landing_url(offer),
    )


def landing_url(offer: Offer) -> str:
    """Return where the ad leads: looked up here, never taken from a link."""
    url = offer.creative.landing_url
    return f"{settings.PUBLIC_URL}{url}" if url.startswith("/") else url


def cache_click_context(offer: Offer) -> None:
    """Keep the facts for as long as the offer's links live; that they are missing hurts in an outage only."""
    facts = click_context_of(offer)
    words = [
        facts.campaign_id,
        facts.creative_id,
        facts.created_at.isoformat(),
        facts.frequency_key,
        facts.own_networks,
        facts.url,
    ]
    try:
        redis_client().set(
            redis_key("facts", offer.id), json.dumps(words), ex=settings.ADS_TOKEN_HOURS * 3600
        )
    except redis.RedisError:
        logger.warning("offer %s: its facts are not in the quick memory", offer.id)


def read_click_context(offer: uuid.UUID) -> ClickContext | None:
    """Return the facts that were kept; None when they are too old or the quick memory is away too."""
    try:
        (kept,) = read_values(redis_key("facts", offer))
    except redis.RedisError:
        return None
    if kept is None:
        return None
    campaign, creative, created_at, frequency_key, networks, url = json.loads(kept)
    moment = datetime.datetime.fromisoformat(created_at)
    return ClickContext(offer, campaign, creative, moment, frequency_key, networks, url)
