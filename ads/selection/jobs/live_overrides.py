"""Publishes what must take effect at once: what is switched off, what money is left, paces."""

import datetime

from django.conf import settings
from django.db import connection

from ads.domain.accounting_day import korean_day
from ads.domain.money import MIN_BID
from ads.infra.redis_client import redis_client
from ads.selection.core.eligibility import LiveOverrides
from ads.selection.jobs.pacing_state import update_paces
from ads.selection.serving.auction_log import floor_price_micros
from ads.selection.serving.snapshots import LIVE_KEY, encode_overrides

PAUSED_CAMPAIGNS_SQL = """
SELECT c.id FROM ads_campaign c JOIN ads_advertiser a ON a.id = c.advertiser_id
WHERE (c.status <> 'active' OR a.status <> 'active')
  AND greatest(c.updated_at, a.updated_at) > %(at)s - interval '2 days'
"""
# A keyword that is off stays in the inventory for a day, so that it can be back as quickly as it went.
PAUSED_KEYWORDS_SQL = (
    "SELECT k.id FROM ads_keyword k WHERE NOT k.is_on AND k.updated_at > %(at)s - interval '2 days'"
)
# What a campaign may still spend today: the rest of its lease, and what wallet and budgets would add to it.
# Told where it buys no click at all, or less than the campaign's highest bid offers for one.
LOW_BUDGET_SQL = """
SELECT m.id, m.amount FROM (
    SELECT c.id, coalesce(d.leased_micros - d.spent_micros, 0) + greatest(0, least(
        coalesce(w.balance_micros, 0),
        coalesce(d.budget_micros - d.leased_micros, c.daily_budget_micros),
        c.total_budget_micros - c.leased_micros
    )) AS amount
    FROM ads_campaign c
    LEFT JOIN ads_account w ON w.kind = 'wallet' AND w.advertiser_id = c.advertiser_id
    LEFT JOIN ads_campaignday d ON d.campaign_id = c.id AND d.day = %(day)s
    WHERE c.status = 'active'
) m
WHERE m.amount < %(least)s OR EXISTS (
    SELECT 1 FROM ads_adgroup g WHERE g.campaign_id = m.id AND (g.default_bid_micros > m.amount OR EXISTS (
        SELECT 1 FROM ads_keyword k WHERE k.ad_group_id = g.id AND k.bid_micros > m.amount)))
"""


def publish_live_overrides(*, at: datetime.datetime) -> LiveOverrides:
    """Publish the live bits of this moment; every process has them within a second or so."""
    least = max(MIN_BID, floor_price_micros(settings.ADS_FLOOR_WON))
    short = _read_low_budgets(korean_day(at), least)
    live = LiveOverrides(
        off=_read_ids(PAUSED_CAMPAIGNS_SQL, at),
        keywords_off=_read_ids(PAUSED_KEYWORDS_SQL, at),
        out_of_money=frozenset(campaign for campaign, amount in short if amount < least),
        paces=update_paces(at=at),
        left=tuple((campaign, amount) for campaign, amount in short if amount >= least),
    )
    redis_client().set(LIVE_KEY, encode_overrides(live))
    return live


def _read_ids(statement: str, at: datetime.datetime) -> frozenset[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"at": at})
        return frozenset(number for (number,) in cursor)


def _read_low_budgets(day: datetime.date, least: int) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(LOW_BUDGET_SQL, {"day": day, "least": least})
        return [(int(campaign), int(amount)) for campaign, amount in cursor]
