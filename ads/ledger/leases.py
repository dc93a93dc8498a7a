"""Leases: money moved from the wallet to a campaign's day, so that a click never locks the shared wallet.

Rows are always locked in the order campaign, day, wallet; a click locks the day alone.
"""

import datetime
import uuid

from django.db import transaction

from ads.domain.accounting_day import korean_day
from ads.domain.money import WON
from ads.ledger.accounts import open_lease_account, open_wallet, platform_account
from ads.ledger.entries import Leg, post
from ads.ledger.market_freeze import is_frozen
from ads.models import Account, Campaign, CampaignDay, Transaction

MIN_LEASE = 10_000 * WON
BUDGET_DIVISOR = 20
# One lease takes at most this share of a wallet, so that its other campaigns can lease too.
WALLET_DIVISOR = 4


def extend_lease(
    campaign_id: int, *, at: datetime.datetime, price_micros: int, day: datetime.date | None = None
) -> int:
    """Lease enough of the wallet for clicks of this total price on a day; return the amount added.

    Nothing is added while the market is frozen, when the rest of the lease already covers the price, when the
    campaign does not run, or when the day's budget, the total budget or the wallet is exhausted.
    """
    if is_frozen():
        return 0
    with transaction.atomic():
        campaign = (
            Campaign.objects.select_for_update(no_key=True, of=("self",))
            .select_related("advertiser")
            .get(id=campaign_id)
        )
        if not is_running(campaign, at):
            return 0
        today = open_campaign_day(campaign, day or korean_day(at))
        if not today.is_open or today.leased_micros - today.spent_micros >= price_micros:
            return 0
        wallet = Account.objects.select_for_update(no_key=True).get(id=open_wallet(campaign.advertiser).id)
        free = wallet.balance_micros or 0
        share = min(max(today.budget_micros // BUDGET_DIVISOR, MIN_LEASE), free // WALLET_DIVISOR)
        amount = min(max(share, price_micros), today.budget_micros - today.leased_micros, free)
        if campaign.total_budget_micros is not None:
            amount = min(amount, campaign.total_budget_micros - campaign.leased_micros)
        if amount <= 0:
            return 0
        _transfer(today, wallet, amount)
    return amount


def is_running(campaign: Campaign, at: datetime.datetime) -> bool:
    """Return whether the campaign and its advertiser are active at this moment."""
    return (
        campaign.status == Campaign.Status.ACTIVE
        and campaign.advertiser.status == "active"
        and campaign.starts_at <= at
        and (campaign.ends_at is None or at < campaign.ends_at)
    )


def open_campaign_day(campaign: Campaign, day: datetime.date) -> CampaignDay:
    """Return the campaign's day, locked, creating it from the daily budget if needed.

    The revenue account is created with it, because settling a click expects both.
    """
    platform_account(Account.Kind.REVENUE)
    CampaignDay.objects.get_or_create(
        campaign=campaign,
        day=day,
        defaults={
            "lease_account": open_lease_account(campaign),
            "budget_micros": campaign.daily_budget_micros,
        },
    )
    return CampaignDay.objects.select_for_update(no_key=True).get(campaign=campaign, day=day)


def sync_daily_budget(campaign_id: int, *, at: datetime.datetime) -> None:
    """Apply the campaign's budgets to today's day; leased money beyond them returns to the wallet."""
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update(no_key=True).get(id=campaign_id)
        day = open_campaign_day(campaign, korean_day(at))
        keep = min(day.leased_micros, campaign.daily_budget_micros)
        if campaign.total_budget_micros is not None:
            others = campaign.leased_micros - day.leased_micros
            keep = min(keep, campaign.total_budget_micros - others)
        keep = max(keep, day.spent_micros)
        wallet = open_wallet(campaign.advertiser)
        if keep < day.leased_micros:
            _transfer(day, wallet, keep - day.leased_micros)
        day.budget_micros = max(campaign.daily_budget_micros, day.spent_micros)
        day.save(update_fields=["budget_micros"])


def close_days(*, before: datetime.date) -> int:
    """Close every open day before this one, releasing its unspent lease; return how many were closed."""
    closed = 0
    ids = CampaignDay.objects.filter(is_open=True, day__lt=before).values_list("id", "campaign_id")
    for day_id, campaign_id in ids:
        with transaction.atomic():
            campaign = Campaign.objects.select_for_update(no_key=True).get(id=campaign_id)
            day = CampaignDay.objects.select_for_update(no_key=True).get(id=day_id)
            if not day.is_open:
                continue
            if day.leased_micros > day.spent_micros:
                _transfer(day, open_wallet(campaign.advertiser), day.spent_micros - day.leased_micros)
            day.is_open = False
            day.save(update_fields=["is_open"])
            closed += 1
    return closed


def _transfer(day: CampaignDay, wallet: Account, amount: int) -> None:
    kind = Transaction.Kind.LEASE if amount > 0 else Transaction.Kind.RELEASE
    legs = [Leg(wallet.id, -amount), Leg(day.lease_account_id, amount)]
    post(kind=kind, key=f"{kind}:{day.id}:{uuid.uuid4()}", legs=legs)
    day.leased_micros += amount
    day.save(update_fields=["leased_micros"])
