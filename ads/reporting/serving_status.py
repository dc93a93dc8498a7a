"""What decides whether a campaign is served, read for many campaigns with a fixed number of queries."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from ads.domain.accounting_day import korean_day
from ads.domain.auction import floor_price_micros
from ads.domain.money import MIN_BID
from ads.ledger.market_freeze import is_frozen
from ads.models import AdGroup, Advertiser, Campaign, CampaignDay, Creative, Keyword
from ads.reporting.statements import Balance
from ads.selection.building.learned_models import current_reserves


@dataclass(frozen=True, slots=True)
class ServingChecks:
    """A campaign annotated with what it has, and the money and limits that apply to it."""

    # A Campaign with the annotations of _annotate_checks.
    campaign: Any
    advertiser: Advertiser
    min_bid_micros: int
    balance: Balance
    today: CampaignDay | None
    is_market_frozen: bool

    @property
    def wallet_problem(self) -> str:
        """Why the wallet cannot pay for a click of this campaign; empty when it can."""
        own_lease = _reserved(self.today)
        if self.balance.free_micros + own_lease >= self.min_bid_micros:
            return ""
        if self.balance.reserved_micros - own_lease >= self.min_bid_micros:
            return _("남은 잔액은 다른 캠페인이 오늘 쓰려고 예약해 뒀어요.")
        if self.balance.total_micros > 0:
            return _("잔액이 클릭 한 번 금액보다 적어요.")
        return _("잔액을 채우면 바로 보여요.")

    @property
    def is_total_budget_spent(self) -> bool:
        """Whether the total budget pays no further click."""
        return _total_budget_left(self.campaign, self.today) < self.min_bid_micros

    @property
    def is_daily_budget_spent(self) -> bool:
        """Whether today's budget pays no further click."""
        today = self.today
        return today is not None and today.budget_micros - today.spent_micros < self.min_bid_micros


def read_serving_checks(
    advertiser: Advertiser, campaigns: Sequence[int], balance: Balance
) -> Mapping[int, ServingChecks]:
    """Return the checks of campaigns of this advertiser by id."""
    floor, reserves = floor_price_micros(settings.ADS_FLOOR_WON), current_reserves()
    days, frozen = _today_of(campaigns), is_frozen()
    return {
        campaign.pk: ServingChecks(
            campaign=campaign,
            advertiser=advertiser,
            min_bid_micros=max(MIN_BID, floor, reserves.get(campaign.category, floor)),
            balance=balance,
            today=days.get(campaign.pk),
            is_market_frozen=frozen,
        )
        for campaign in _annotate_checks(advertiser, campaigns)
    }


def _annotate_checks(advertiser: Advertiser, campaigns: Sequence[int]) -> "QuerySet[Any]":
    groups = AdGroup.objects.filter(campaign=OuterRef("pk"))
    creatives = Creative.objects.filter(ad_group__campaign=OuterRef("pk"))
    approved = creatives.filter(review=Creative.Review.APPROVED)
    rejected = creatives.filter(review=Creative.Review.REJECTED, is_on=True).order_by("-updated_at")
    keywords = Keyword.objects.filter(ad_group__campaign=OuterRef("pk"), ad_group__is_on=True)
    bids = keywords.filter(is_on=True).annotate(bid=Coalesce("bid_micros", "ad_group__default_bid_micros"))
    best_bids = bids.order_by("-bid")
    return Campaign.objects.filter(advertiser=advertiser, pk__in=campaigns).annotate(
        first_group=Subquery(groups.order_by("pk").values("public_id")[:1]),
        has_enabled_group=Exists(groups.filter(is_on=True)),
        has_servable_group=Exists(_servable_groups(groups)),
        has_approved=Exists(approved.filter(is_on=True)),
        has_waiting=Exists(creatives.filter(review=Creative.Review.WAITING)),
        has_draft=Exists(creatives.filter(review=Creative.Review.DRAFT)),
        has_disabled_creative=Exists(approved.filter(is_on=False)),
        rejected_creative=Subquery(rejected.values("public_id")[:1]),
        rejected_reason=Subquery(rejected.values("review_reason")[:1]),
        has_keyword=Exists(keywords),
        has_enabled_keyword=Exists(keywords.filter(is_on=True)),
        best_bid_micros=Subquery(best_bids.values("bid")[:1]),
        best_group=Subquery(best_bids.values("ad_group__public_id")[:1]),
    )


def _today_of(campaigns: Sequence[int]) -> dict[int, CampaignDay]:
    today = CampaignDay.objects.filter(campaign__in=campaigns, day=korean_day(timezone.now()))
    return {day.campaign_id: day for day in today}


def _servable_groups(groups: QuerySet[AdGroup]) -> QuerySet[AdGroup]:
    """Return the groups that are on and have a keyword and an approved creative that are on."""
    keywords = Keyword.objects.filter(ad_group=OuterRef("pk"), is_on=True)
    ads = Creative.objects.filter(ad_group=OuterRef("pk"), is_on=True, review=Creative.Review.APPROVED)
    return groups.filter(Exists(keywords), Exists(ads), is_on=True)


def _total_budget_left(campaign: Campaign, today: CampaignDay | None) -> float:
    """Return what is left of the total budget, including today's leased money that is not spent."""
    if campaign.total_budget_micros is None:
        return math.inf
    return campaign.total_budget_micros - campaign.leased_micros + _reserved(today)


def _reserved(today: CampaignDay | None) -> int:
    return 0 if today is None else today.leased_micros - today.spent_micros
