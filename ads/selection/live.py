"""Publishes what must take effect at once: what is switched off, budgets that ran dry, paces."""

import datetime
from collections.abc import Mapping

from django.db import connection

from ads.fast_store import fast_store
from ads.leases import korean_day
from ads.money import LEAST_BID
from ads.selection.current import LIVE_KEY, encode_live
from ads.selection.eligibility import LiveBits
from ads.selection.pacers import tick_paces

OFF = """
SELECT c.id FROM ads_campaign c JOIN ads_advertiser a ON a.id = c.advertiser_id
WHERE (c.status <> 'active' OR a.status <> 'active')
  AND greatest(c.updated_at, a.updated_at) > %(at)s - interval '2 days'
"""
# A keyword that is off stays in the inventory for a day, so that it can be back as quickly as it went.
KEYWORDS_OFF = (
    "SELECT k.id FROM ads_keyword k WHERE NOT k.is_on AND k.updated_at > %(at)s - interval '2 days'"
)
# What a campaign may still spend today: the rest of its lease, and what wallet and budgets would add to it.
OUT_OF_MONEY = """
SELECT c.id FROM ads_campaign c
JOIN ads_account w ON w.kind = 'wallet' AND w.advertiser_id = c.advertiser_id
LEFT JOIN ads_campaignday d ON d.campaign_id = c.id AND d.day = %(day)s
WHERE c.status = 'active' AND coalesce(d.leased_micros - d.spent_micros, 0) + greatest(0, least(
    w.balance_micros,
    coalesce(d.budget_micros - d.leased_micros, c.daily_budget_micros),
    coalesce(c.total_budget_micros - c.leased_micros, w.balance_micros)
)) < %(least)s
UNION ALL
SELECT c.id FROM ads_campaign c WHERE c.status = 'active' AND NOT EXISTS (
    SELECT 1 FROM ads_account w WHERE w.kind = 'wallet' AND w.advertiser_id = c.advertiser_id)
"""


def publish_live(*, at: datetime.datetime) -> LiveBits:
    """Publish the live bits of this moment; every process has them within a second or so."""
    facts: dict[str, datetime.datetime | datetime.date | int] = {
        "at": at,
        "day": korean_day(at),
        "least": LEAST_BID,
    }
    live = LiveBits(
        off=_ids(OFF, facts),
        keywords_off=_ids(KEYWORDS_OFF, facts),
        out_of_money=_ids(OUT_OF_MONEY, facts),
        paces=tick_paces(at=at),
    )
    fast_store().set(LIVE_KEY, encode_live(live))
    return live


def _ids(statement: str, facts: Mapping[str, datetime.datetime | datetime.date | int]) -> frozenset[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        return frozenset(number for (number,) in cursor)
