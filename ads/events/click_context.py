"""The context of a click: what judging it needs of its offer, cached in Valkey for database outages."""

import datetime
import json
import logging
import uuid
from dataclasses import dataclass

import redis
from django.conf import settings

from ads.infra.redis_client import Command, read_values, redis_key, run_commands
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
        url=resolve_landing_url(offer.creative.landing_url),
    )


def landing_url(offer: Offer) -> str:
    """Return the landing page of the ad, which is never taken from a link."""
    return resolve_landing_url(offer.creative.landing_url)


def resolve_landing_url(url: str) -> str:
    """Return the address of a landing page; those of demo ads are paths of this site."""
    return f"{settings.PUBLIC_URL}{url}" if url.startswith("/") else url


def cache_click_context(offer: Offer) -> None:
    """Cache the context for the lifetime of the offer's links; a failure matters in an outage only."""
    try:
        run_commands([click_context_command(click_context_of(offer))])
    except redis.RedisError:
        logger.warning("offer %s: the click context could not be cached", offer.id)


def click_context_command(context: ClickContext) -> Command:
    """Return the command that caches a context for the lifetime of the offer's links."""
    text = json.dumps([
        context.campaign_id,
        context.creative_id,
        context.created_at.isoformat(),
        context.frequency_key,
        context.own_networks,
        context.url,
    ])  # fmt: skip
    return ("SET", redis_key("facts", context.offer), text, "EX", settings.ADS_TOKEN_HOURS * 3600)


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
