"""The context of a click: what judging it needs of its offer, cached in Valkey for database outages."""

import datetime
import json
import logging
import uuid
from dataclasses import astuple, dataclass

import redis
from django.conf import settings

from ads.infra.redis_client import read_values, redis_client, redis_key
from ads.models import Offer

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClickContext:
    """Fields of one offer: campaign, creative, time, the person's daily key, own networks, landing page."""

    offer: uuid.UUID
    campaign_id: int
    creative_id: int
    created_at: datetime.datetime
    frequency_key: str
    own_networks: list[str]
    url: str


def click_context_of(offer: Offer) -> ClickContext:
    """Return the context of an offer that was fetched with its creative and advertiser."""
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
    """Return the landing page of the ad, which is never taken from a link."""
    url = offer.creative.landing_url
    return f"{settings.PUBLIC_URL}{url}" if url.startswith("/") else url


def cache_click_context(offer: Offer) -> None:
    """Cache the context for the lifetime of the offer's links; a failure matters in an outage only."""
    _, *values = astuple(click_context_of(offer))
    text = json.dumps(values, default=datetime.datetime.isoformat)
    try:
        redis_client().set(redis_key("facts", offer.id), text, ex=settings.ADS_TOKEN_HOURS * 3600)
    except redis.RedisError:
        logger.warning("offer %s: the click context could not be cached", offer.id)


def read_click_context(offer: uuid.UUID) -> ClickContext | None:
    """Return the cached context; None when it has expired or Valkey is unavailable too."""
    try:
        (raw,) = read_values(redis_key("facts", offer))
    except redis.RedisError:
        return None
    if raw is None:
        return None
    campaign, creative, created_at, frequency_key, networks, url = json.loads(raw)
    created = datetime.datetime.fromisoformat(created_at)
    return ClickContext(offer, campaign, creative, created, frequency_key, networks, url)
