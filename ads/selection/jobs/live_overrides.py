"""Publishes the live overrides every few seconds: pauses, remaining budgets and paces.

The pacing state of every campaign is updated once a minute from the ledger's spend, and kept in Valkey.
"""

import datetime
import json
from dataclasses import astuple, dataclass

from django.conf import settings
from django.db import connection

from ads.domain.accounting_day import KOREA, korean_day
from ads.domain.auction import floor_price_micros
from ads.domain.money import MIN_BID
from ads.domain.pacing import PacingState, due_share, next_state, pace_factor
from ads.infra.redis_client import read_values, redis_client, redis_key
from ads.models import CampaignDay
from ads.selection.core.overrides import LiveOverrides, encode_overrides
from ads.selection.serving.snapshot_store import LIVE_KEY

PACING_KEY = redis_key("pacers")
TICK_SECONDS = 60
DAY_SECONDS = 24 * 3600
PAUSED_CAMPAIGNS_SQL = """
SELECT c.id FROM ads_campaign c JOIN ads_advertiser a ON a.id = c.advertiser_id
WHERE (c.status <> 'active' OR a.status <> 'active')
  AND greatest(c.updated_at, a.updated_at) > %(at)s - interval '2 days'
"""
# A keyword that was switched off stays in the snapshot for a day, so that it can be switched on at once.
PAUSED_KEYWORDS_SQL = (
    "SELECT k.id FROM ads_keyword k WHERE NOT k.is_on AND k.updated_at > %(at)s - interval '2 days'"
)
# What a campaign may still spend today: the rest of its lease, and what wallet and budgets would add to it.
# Selected where it is below the lowest price of a click, or below the campaign's highest bid.
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
WHERE m.amount < %(min_price)s OR EXISTS (
    SELECT 1 FROM ads_adgroup g WHERE g.campaign_id = m.id AND (g.default_bid_micros > m.amount OR EXISTS (
        SELECT 1 FROM ads_keyword k WHERE k.ad_group_id = g.id AND k.bid_micros > m.amount)))
"""


def publish_live_overrides(*, at: datetime.datetime) -> LiveOverrides:
    """Publish the live overrides of this moment; every process applies them within about a second."""
    min_price = max(MIN_BID, floor_price_micros(settings.ADS_FLOOR_WON))
    low_budgets = _read_low_budgets(korean_day(at), min_price)
    live = LiveOverrides(
        off=_read_ids(PAUSED_CAMPAIGNS_SQL, at),
        keywords_off=_read_ids(PAUSED_KEYWORDS_SQL, at),
        out_of_money=frozenset(campaign for campaign, amount in low_budgets if amount < min_price),
        paces=update_paces(at=at),
        left=tuple((campaign, amount) for campaign, amount in low_budgets if amount >= min_price),
    )
    redis_client().set(LIVE_KEY, encode_overrides(live))
    return live


def _read_ids(statement: str, at: datetime.datetime) -> frozenset[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"at": at})
        return frozenset(number for (number,) in cursor)


def _read_low_budgets(day: datetime.date, min_price: int) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(LOW_BUDGET_SQL, {"day": day, "min_price": min_price})
        return [(int(campaign), int(amount)) for campaign, amount in cursor]


@dataclass(frozen=True, slots=True)
class PacingStates:
    """The pacing states after the last tick of an accounting day; `second` is its time of day."""

    day: str
    second: int
    states: dict[int, PacingState]


def update_paces(*, at: datetime.datetime) -> tuple[tuple[int, float], ...]:
    """Return (campaign, pace) for each pace below 1, after a tick if one is due."""
    day, second = korean_day(at).isoformat(), _second_of_day(at)
    pacing = _read_pacing()
    if pacing is None:
        pacing = PacingStates(day, 0, {})
    elif pacing.day != day:
        pacing = PacingStates(
            day, 0, {campaign: old.for_new_day() for campaign, old in pacing.states.items()}
        )
    if second - pacing.second >= TICK_SECONDS:
        pacing = PacingStates(day, second, _advance(pacing, second, korean_day(at)))
        _save_pacing(pacing)
    paces = ((campaign, round(pace_factor(state), 4)) for campaign, state in pacing.states.items())
    return tuple((campaign, pace) for campaign, pace in paces if pace < 1)


def _advance(pacing: PacingStates, second: int, day: datetime.date) -> dict[int, PacingState]:
    before, now = due_share(pacing.second / DAY_SECONDS), due_share(second / DAY_SECONDS)
    spending = CampaignDay.objects.filter(day=day, is_open=True, spent_micros__gt=0)
    rows = spending.values_list("campaign_id", "spent_micros", "budget_micros")
    # A campaign without spend today keeps yesterday's mu, which falls while nothing is bought.
    idle = ((campaign, 0, 1) for campaign, state in pacing.states.items() if state.mu > 0)
    found = {campaign: (spent, budget) for campaign, spent, budget in (*idle, *rows)}
    return {
        campaign: next_state(
            pacing.states.get(campaign, PacingState()),
            spent=spent,
            budget=budget,
            due_before=before,
            due_now=now,
        )
        for campaign, (spent, budget) in found.items()
    }


def _second_of_day(at: datetime.datetime) -> int:
    local = at.astimezone(KOREA)
    return local.hour * 3600 + local.minute * 60 + local.second


def _read_pacing() -> PacingStates | None:
    (raw,) = read_values(PACING_KEY)
    if not raw:
        return None
    kept = json.loads(raw)
    states = {int(campaign): PacingState(*state) for campaign, state in kept["states"].items()}
    return PacingStates(kept["day"], kept["second"], states)


def _save_pacing(pacing: PacingStates) -> None:
    states = {campaign: astuple(state) for campaign, state in pacing.states.items()}
    text = json.dumps({"day": pacing.day, "second": pacing.second, "states": states})
    redis_client().set(PACING_KEY, text, ex=2 * DAY_SECONDS)
