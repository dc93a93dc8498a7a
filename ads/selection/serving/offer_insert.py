"""Inserts the offer of a sale in one statement, if nothing about its ad was stopped since the snapshot."""

import datetime
import json
import uuid
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from django.conf import settings
from django.db import connection

from ads.contract import AdRequest
from ads.events.click_context import ClickContext, resolve_landing_url
from ads.events.offers import OfferCard
from ads.selection.core.decision import Decision

KEYWORD_CHARS = 80
# The values come as one JSON parameter, so that the server plans one statement, whatever the numbers' sizes.
INSERT_OFFER: LiteralString = """
WITH asked AS MATERIALIZED (
    SELECT * FROM json_to_record(%s::json) AS asked (
        id uuid, request_id text, creative bigint, keyword bigint, keyword_text text, match text,
        placement text, language text, device text, topics jsonb, frequency_key text, snapshot_version text,
        intent_percent smallint, work_percent smallint,
        bid_micros bigint, reserve_micros bigint, price_micros bigint, relevance float8, click_rate float8,
        pace float8, is_explored bool, trace jsonb, created_at timestamptz
    )
), servable AS MATERIALIZED (
    SELECT c.id AS creative_id, c.ad_group_id, g.campaign_id, c.title, c.body, c.display_domain,
        c.landing_url, c.is_ai_generated, a.name, a.own_networks
    FROM asked
    JOIN ads_creative c ON c.id = asked.creative
    JOIN ads_adgroup g ON g.id = c.ad_group_id
    JOIN ads_campaign m ON m.id = g.campaign_id
    JOIN ads_advertiser a ON a.id = m.advertiser_id
    WHERE c.review = 'approved' AND c.is_on AND g.is_on AND m.status = 'active' AND a.status = 'active'
        AND (asked.keyword IS NULL OR EXISTS (
            SELECT FROM ads_keyword k WHERE k.id = asked.keyword AND k.is_on))
        AND NOT EXISTS (SELECT FROM ads_freeze f WHERE f.lifted_at IS NULL)
), placed AS (
    INSERT INTO ads_offer (
        id, request_id, campaign_id, ad_group_id, creative_id, keyword_id, keyword_text, match, placement,
        language, device, topics, frequency_key, snapshot_version, bid_micros, reserve_micros, price_micros,
        shadow_price_micros, intent_percent, work_percent, relevance, click_rate, pace, is_explored, trace,
        created_at
    )
    SELECT id, request_id, campaign_id, ad_group_id, creative, keyword, keyword_text, match, placement,
        language, device, topics, frequency_key, snapshot_version, bid_micros, reserve_micros, price_micros,
        -- With one slot, the VCG price is the price.
        price_micros, intent_percent, work_percent, relevance, click_rate, pace, is_explored, trace,
        created_at
    FROM asked, servable
)
SELECT campaign_id, creative_id, title, body, display_domain, landing_url, is_ai_generated, name,
    own_networks::text
FROM servable
"""


# campaign, creative, title, body, domain, landing page, written by a program, advertiser, networks as JSON
OfferRow = tuple[int, int, str, str, str, str, bool, str, str]


@dataclass(frozen=True, slots=True)
class PlacedOffer:
    """A stored offer: its card, and the context of its clicks."""

    card: OfferCard
    context: ClickContext


def insert_offer(
    request: AdRequest, decision: Decision, *, lines: str, version: str, at: datetime.datetime
) -> PlacedOffer | None:
    """Insert the offer of a sale; `lines` are the contenders as JSON, for its trace.

    None when the winner was stopped since the snapshot was built, or while the market is frozen.
    """
    offer = uuid.uuid4()
    values: dict[str, object] = {"id": str(offer), "created_at": at.isoformat(), "snapshot_version": version}
    values |= _describe_sale(request, decision)
    row = _fetch_row(f'{json.dumps(values)[:-1]}, "trace": {lines}}}')
    if row is None:
        return None
    campaign, creative, title, body, domain, url, is_ai_generated, advertiser, networks = row
    card = OfferCard(offer, at, str(values["keyword_text"]), advertiser, title, body, domain, is_ai_generated)
    context = ClickContext(
        offer,
        campaign,
        creative,
        at,
        request.frequency_key,
        json.loads(networks),
        resolve_landing_url(url),
    )
    return PlacedOffer(card, context)


def _describe_sale(request: AdRequest, decision: Decision) -> dict[str, object]:
    winner, sale = decision.winner, decision.sale
    assert winner is not None and sale is not None  # noqa: S101
    # A context hint has no keyword row.
    keyword = winner.keyword if winner.keyword > 0 else None
    return {
        "request_id": request.request_id,
        "creative": winner.creative,
        "keyword": keyword,
        "keyword_text": winner.term[:KEYWORD_CHARS],
        "match": winner.match if keyword else "hint",
        "placement": request.placement,
        "language": request.language,
        "device": request.device,
        "topics": request.topics,
        "frequency_key": request.frequency_key,
        "bid_micros": winner.bid_micros,
        "reserve_micros": winner.reserve_micros,
        "price_micros": sale.price_micros,
        "intent_percent": request.intent_percent,
        "work_percent": request.work_percent,
        "relevance": winner.relevance,
        "click_rate": winner.click_rate,
        "pace": winner.pace,
        "is_explored": decision.is_explored,
    }


def _fetch_row(values: str) -> OfferRow | None:
    connection.ensure_connection()
    # Not a cursor of Django's: the server prepares the statement once for each connection.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(INSERT_OFFER, [values], prepare=settings.DATABASE_PREPARES)
        row: OfferRow | None = cursor.fetchone()
        return row
