"""Campaigns as their list shows them: figures, and in words whatever keeps one from being seen."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ads.models import AdGroup, Advertiser, Campaign, Creative, Keyword
from ads.money import format_won
from ads.portal.figures import Figures, Period, by_campaign
from ads.portal.statement import Balance


@dataclass(frozen=True, slots=True)
class Readiness:
    """Which parts of a campaign are there."""

    has_keyword: bool
    has_approved: bool
    has_waiting: bool


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """One campaign, what it did and why it may not be seen."""

    campaign: Campaign
    figures: Figures
    obstacle: str

    @property
    def daily_budget(self) -> str:
        """Its daily budget in won."""
        return format_won(self.campaign.daily_budget_micros)


def list_campaigns(advertiser: Advertiser, period: Period, balance: Balance) -> list[CampaignRow]:
    """Return every campaign of the advertiser, newest first."""
    figures = by_campaign(advertiser, period)
    approved = Creative.objects.filter(
        ad_group__campaign=OuterRef("pk"), review=Creative.Review.APPROVED, is_on=True
    )
    waiting = Creative.objects.filter(ad_group__campaign=OuterRef("pk"), review=Creative.Review.WAITING)
    keywords = Keyword.objects.filter(ad_group__campaign=OuterRef("pk"), ad_group__is_on=True)
    campaigns = Campaign.objects.filter(advertiser=advertiser).annotate(
        has_approved=Exists(approved), has_waiting=Exists(waiting), has_keyword=Exists(keywords)
    )
    return [
        CampaignRow(
            campaign=campaign,
            figures=figures.get(campaign.pk, Figures()),
            obstacle=_find_obstacle(
                campaign,
                Readiness(campaign.has_keyword, campaign.has_approved, campaign.has_waiting),
                balance,
            ),
        )
        for campaign in campaigns
    ]


def obstacle_of(campaign: Campaign, groups: list[AdGroup], balance: Balance) -> str:
    """Return why a campaign is not seen, from its groups with keywords and creatives already fetched."""
    creatives = [creative for group in groups for creative in group.creatives.all()]
    readiness = Readiness(
        has_keyword=any(group.is_on and group.keywords.all() for group in groups),
        has_approved=any(each.review == Creative.Review.APPROVED and each.is_on for each in creatives),
        has_waiting=any(each.review == Creative.Review.WAITING for each in creatives),
    )
    return _find_obstacle(campaign, readiness, balance)


def _find_obstacle(campaign: Campaign, ready: Readiness, balance: Balance) -> str:
    """Return the first thing to do about it, in the order in which a person would do it."""
    if campaign.status in (Campaign.Status.PAUSED, Campaign.Status.ENDED):
        return ""
    now = timezone.now()
    steps = (
        (not ready.has_keyword, _("키워드가 없어요")),
        (not ready.has_approved and not ready.has_waiting, _("검토받을 광고 문구가 없어요")),
        (not ready.has_approved, _("광고 문구를 검토하고 있어요")),
        (campaign.status == Campaign.Status.DRAFT, _("아직 시작하지 않았어요")),
        (campaign.starts_at > now, _("시작하는 날을 기다려요")),
        (campaign.ends_at is not None and campaign.ends_at <= now, _("끝나는 날이 지났어요")),
        (balance.free_micros + balance.set_aside_micros <= 0, _("잔액이 없어요")),
    )
    return next((str(words) for is_so, words in steps if is_so), "")
