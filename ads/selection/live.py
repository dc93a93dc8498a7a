"""Publishes what must take effect at once: what is switched off, what money is left, paces."""

import datetime

from django.conf import settings
from django.db import connection

from ads.fast_store import fast_store
from ads.leases import korean_day
from ads.money import LEAST_BID
from ads.selection.bids_seen import floor_of
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
# Told where it buys no click at all, or less than the campaign's highest bid offers for one.
SHORT_OF_MONEY = """
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


def publish_live(*, at: datetime.datetime) -> LiveBits:
    """Publish the live bits of this moment; every process has them within a second or so."""
    least = max(LEAST_BID, floor_of(settings.ADS_FLOOR_WON))
    short = _short_of_money(korean_day(at), least)
    live = LiveBits(
        off=_ids(OFF, at),
        keywords_off=_ids(KEYWORDS_OFF, at),
        out_of_money=frozenset(campaign for campaign, amount in short if amount < least),
        paces=tick_paces(at=at),
        left=tuple((campaign, amount) for campaign, amount in short if amount >= least),
    )
    fast_store().set(LIVE_KEY, encode_live(live))
    return live


def _ids(statement: str, at: datetime.datetime) -> frozenset[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"at": at})
        return frozenset(number for (number,) in cursor)


def _short_of_money(day: datetime.date, least: int) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(SHORT_OF_MONEY, {"day": day, "least": least})
        return [(int(campaign), int(amount)) for campaign, amount in cursor]
