"""Why a campaign is not seen: the first thing to do about it, in words."""

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
from ads.domain.money import MIN_BID, format_won
from ads.models import AdGroup, Advertiser, Campaign, CampaignDay, Creative, Keyword
from ads.reporting.statements import Balance
from ads.selection.building.learned_models import current_reserves


@dataclass(frozen=True, slots=True)
class ServingChecks:
    """Which parts of a campaign are there, and how its best bid stands to what its category asks for."""

    are_groups_off: bool
    has_whole_group: bool
    has_keyword: bool
    has_keyword_that_is_on: bool
    has_approved: bool
    has_waiting: bool
    has_ad_that_is_off: bool
    best_bid_micros: int
    least_bid_micros: int


def find_serving_problems(
    advertiser: Advertiser, campaigns: Sequence[int], balance: Balance
) -> Mapping[int, str]:
    """Return for each of these campaigns of the advertiser why it is not seen; empty where it is."""
    floor, reserves, days = (
        floor_price_micros(settings.ADS_FLOOR_WON),
        current_reserves(),
        _days_of(campaigns),
    )
    return {
        campaign.pk: _first_problem(
            campaign,
            ServingChecks(
                are_groups_off=campaign.has_group and not campaign.has_group_that_is_on,
                has_whole_group=campaign.has_whole_group,
                has_keyword=campaign.has_keyword,
                has_keyword_that_is_on=campaign.has_keyword_that_is_on,
                has_approved=campaign.has_approved,
                has_waiting=campaign.has_waiting,
                has_ad_that_is_off=campaign.has_ad_that_is_off,
                best_bid_micros=campaign.best_bid_micros or 0,
                least_bid_micros=max(MIN_BID, floor, reserves.get(campaign.category, floor)),
            ),
            balance,
            days.get(campaign.pk),
        )
        for campaign in _annotate_checks(advertiser, campaigns)
    }


def _annotate_checks(advertiser: Advertiser, campaigns: Sequence[int]) -> "QuerySet[Any]":
    groups = AdGroup.objects.filter(campaign=OuterRef("pk"))
    creatives = Creative.objects.filter(ad_group__campaign=OuterRef("pk"))
    approved = creatives.filter(review=Creative.Review.APPROVED)
    keywords = Keyword.objects.filter(ad_group__campaign=OuterRef("pk"), ad_group__is_on=True)
    bids = keywords.filter(is_on=True).annotate(bid=Coalesce("bid_micros", "ad_group__default_bid_micros"))
    return Campaign.objects.filter(advertiser=advertiser, pk__in=campaigns).annotate(
        has_group=Exists(groups),
        has_group_that_is_on=Exists(groups.filter(is_on=True)),
        has_whole_group=Exists(_servable_groups(groups)),
        has_approved=Exists(approved.filter(is_on=True)),
        has_waiting=Exists(creatives.filter(review=Creative.Review.WAITING)),
        has_ad_that_is_off=Exists(approved.filter(is_on=False)),
        has_keyword=Exists(keywords),
        has_keyword_that_is_on=Exists(keywords.filter(is_on=True)),
        best_bid_micros=Subquery(bids.order_by("-bid").values("bid")[:1]),
    )


def _days_of(campaigns: Sequence[int]) -> dict[int, CampaignDay]:
    today = CampaignDay.objects.filter(campaign__in=campaigns, day=korean_day(timezone.now()))
    return {day.campaign_id: day for day in today}


def _servable_groups(groups: QuerySet[AdGroup]) -> QuerySet[AdGroup]:
    """Return those that can serve by themselves: on, with a keyword and an ad that are."""
    keywords = Keyword.objects.filter(ad_group=OuterRef("pk"), is_on=True)
    ads = Creative.objects.filter(ad_group=OuterRef("pk"), is_on=True, review=Creative.Review.APPROVED)
    return groups.filter(Exists(keywords), Exists(ads), is_on=True)


def _first_problem(
    campaign: Campaign, ready: ServingChecks, balance: Balance, today: CampaignDay | None
) -> str:
    """Return the first thing to do about it, in the order in which a person would do it."""
    if campaign.status in (Campaign.Status.PAUSED, Campaign.Status.ENDED):
        return ""
    now, no_money = timezone.now(), _wallet_problem(ready, balance, today)
    steps = (
        (ready.are_groups_off, _("광고 그룹이 모두 꺼져 있어요")),
        (not ready.has_keyword, _("키워드가 없어요")),
        (not ready.has_keyword_that_is_on, _("키워드가 모두 꺼져 있어요")),
        (
            ready.has_ad_that_is_off and not ready.has_approved and not ready.has_waiting,
            _("승인된 광고 문구가 꺼져 있어요"),
        ),
        (not ready.has_approved and not ready.has_waiting, _("검토받을 광고 문구가 없어요")),
        (not ready.has_approved, _("광고 문구를 검토하고 있어요")),
        (not ready.has_whole_group, _("켜진 키워드와 광고 문구가 같은 그룹에 없어요")),
        (campaign.status == Campaign.Status.DRAFT, _("아직 시작하지 않았어요")),
        (
            ready.best_bid_micros < ready.least_bid_micros,
            _("입찰가가 모두 이 분야의 최저가 %(won)s원보다 낮아요")
            % {"won": format_won(ready.least_bid_micros)},
        ),
        (campaign.starts_at > now, _("시작하는 날을 기다려요")),
        (campaign.ends_at is not None and campaign.ends_at <= now, _("끝나는 날이 지났어요")),
        (bool(no_money), no_money),
        (_total_budget_left(campaign, today) < ready.least_bid_micros, _("전체 예산을 다 썼어요")),
        (
            today is not None and today.budget_micros - today.spent_micros < ready.least_bid_micros,
            _("오늘 예산을 다 썼어요. 내일 다시 보여요"),
        ),
    )
    return next((str(words) for is_so, words in steps if is_so), "")


def _wallet_problem(ready: ServingChecks, balance: Balance, today: CampaignDay | None) -> str:
    """Return why the wallet pays for no click of this campaign; empty where it does."""
    own = _set_aside(today)
    if balance.free_micros + own >= ready.least_bid_micros:
        return ""
    if balance.set_aside_micros - own >= ready.least_bid_micros:
        return _("남은 돈은 다른 캠페인이 오늘 쓰려고 떼어 뒀어요")
    if balance.free_micros + balance.set_aside_micros > 0:
        return _("잔액이 클릭 한 번 값보다 적어요")
    return _("잔액이 없어요")


def _total_budget_left(campaign: Campaign, today: CampaignDay | None) -> float:
    """Return what the total budget still holds, today's money that is set aside and not spent included."""
    if campaign.total_budget_micros is None:
        return math.inf
    return campaign.total_budget_micros - campaign.leased_micros + _set_aside(today)


def _set_aside(today: CampaignDay | None) -> int:
    return 0 if today is None else today.leased_micros - today.spent_micros
