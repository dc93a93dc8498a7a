"""Why a campaign is not served: the first problem that its advertiser has to solve."""

import math
from collections.abc import Mapping, Sequence
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


def find_serving_problems(
    advertiser: Advertiser, campaigns: Sequence[int], balance: Balance
) -> Mapping[int, str]:
    """Return the first serving problem of each campaign by its id; empty for a campaign that is served."""
    floor, reserves = floor_price_micros(settings.ADS_FLOOR_WON), current_reserves()
    days = _today_of(campaigns)
    return {
        campaign.pk: _first_problem(
            campaign,
            max(MIN_BID, floor, reserves.get(campaign.category, floor)),
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
        has_enabled_group=Exists(groups.filter(is_on=True)),
        has_servable_group=Exists(_servable_groups(groups)),
        has_approved=Exists(approved.filter(is_on=True)),
        has_waiting=Exists(creatives.filter(review=Creative.Review.WAITING)),
        has_disabled_creative=Exists(approved.filter(is_on=False)),
        has_keyword=Exists(keywords),
        has_enabled_keyword=Exists(keywords.filter(is_on=True)),
        best_bid_micros=Subquery(bids.order_by("-bid").values("bid")[:1]),
    )


def _today_of(campaigns: Sequence[int]) -> dict[int, CampaignDay]:
    today = CampaignDay.objects.filter(campaign__in=campaigns, day=korean_day(timezone.now()))
    return {day.campaign_id: day for day in today}


def _servable_groups(groups: QuerySet[AdGroup]) -> QuerySet[AdGroup]:
    """Return the groups that are on and have a keyword and an approved creative that are on."""
    keywords = Keyword.objects.filter(ad_group=OuterRef("pk"), is_on=True)
    ads = Creative.objects.filter(ad_group=OuterRef("pk"), is_on=True, review=Creative.Review.APPROVED)
    return groups.filter(Exists(keywords), Exists(ads), is_on=True)


def _first_problem(campaign: Any, min_bid_micros: int, balance: Balance, today: CampaignDay | None) -> str:
    """Return the first problem of an annotated campaign, in the order in which an advertiser sets one up."""
    if campaign.status in (Campaign.Status.PAUSED, Campaign.Status.ENDED):
        return ""
    now, wallet_problem = timezone.now(), _wallet_problem(min_bid_micros, balance, today)
    problems = (
        (campaign.has_group and not campaign.has_enabled_group, _("광고 그룹이 모두 꺼져 있어요")),
        (not campaign.has_keyword, _("키워드가 없어요")),
        (not campaign.has_enabled_keyword, _("키워드가 모두 꺼져 있어요")),
        (
            campaign.has_disabled_creative and not campaign.has_approved and not campaign.has_waiting,
            _("승인된 광고 문구가 꺼져 있어요"),
        ),
        (not campaign.has_approved and not campaign.has_waiting, _("검토받을 광고 문구가 없어요")),
        (not campaign.has_approved, _("광고 문구를 검토하고 있어요")),
        (not campaign.has_servable_group, _("켜진 키워드와 광고 문구가 같은 그룹에 없어요")),
        (campaign.status == Campaign.Status.DRAFT, _("아직 시작하지 않았어요")),
        (
            (campaign.best_bid_micros or 0) < min_bid_micros,
            _("입찰가가 모두 이 분야의 최저가 %(won)s원보다 낮아요") % {"won": format_won(min_bid_micros)},
        ),
        (campaign.starts_at > now, _("시작하는 날을 기다려요")),
        (campaign.ends_at is not None and campaign.ends_at <= now, _("끝나는 날이 지났어요")),
        (bool(wallet_problem), wallet_problem),
        (_total_budget_left(campaign, today) < min_bid_micros, _("전체 예산을 다 썼어요")),
        (
            today is not None and today.budget_micros - today.spent_micros < min_bid_micros,
            _("오늘 예산을 다 썼어요. 내일 다시 보여요"),
        ),
    )
    return next((str(message) for is_present, message in problems if is_present), "")


def _wallet_problem(min_bid_micros: int, balance: Balance, today: CampaignDay | None) -> str:
    """Return why the wallet cannot pay for a click of this campaign; empty when it can."""
    own_lease = _reserved(today)
    if balance.free_micros + own_lease >= min_bid_micros:
        return ""
    if balance.reserved_micros - own_lease >= min_bid_micros:
        return _("남은 돈은 다른 캠페인이 오늘 쓰려고 떼어 뒀어요")
    if balance.total_micros > 0:
        return _("잔액이 클릭 한 번 값보다 적어요")
    return _("잔액이 없어요")


def _total_budget_left(campaign: Campaign, today: CampaignDay | None) -> float:
    """Return what is left of the total budget, including today's leased money that is not spent."""
    if campaign.total_budget_micros is None:
        return math.inf
    return campaign.total_budget_micros - campaign.leased_micros + _reserved(today)


def _reserved(today: CampaignDay | None) -> int:
    return 0 if today is None else today.leased_micros - today.spent_micros
