"""Campaigns as their list shows them: figures, and in words whatever keeps one from being seen."""

from dataclasses import dataclass, replace

from django.core.paginator import Page
from django.utils.translation import gettext_lazy as _

from ads.models import Advertiser, Campaign
from ads.money import format_won
from ads.portal.figures import Figures, Period, by_campaign
from ads.portal.listing import Asked, Column, figure_columns
from ads.portal.obstacles import obstacles_of
from ads.portal.statement import Balance


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """One campaign, what it did and why it may not be seen."""

    campaign: Campaign
    figures: Figures
    obstacle: str = ""

    @property
    def daily_budget(self) -> str:
        """Its daily budget in won."""
        return format_won(self.campaign.daily_budget_micros)


CAMPAIGN_COLUMNS: tuple[Column[CampaignRow], ...] = (
    Column("name", _("이름"), lambda row: row.campaign.name.casefold(), is_number=False),
    Column(
        "status",
        _("상태"),
        lambda row: Campaign.Status.values.index(row.campaign.status),
        is_number=False,
    ),
    Column("budget", _("하루 예산"), lambda row: row.campaign.daily_budget_micros),
    *figure_columns(),
)


def list_campaigns(
    advertiser: Advertiser, period: Period, balance: Balance, asked: Asked[CampaignRow]
) -> Page[CampaignRow]:
    """Return one page of the advertiser's campaigns, newest first unless another order is asked for."""
    figures = by_campaign(advertiser, period)
    words, status = asked.words.casefold(), asked.choices["status"]
    page = asked.arrange(
        [
            CampaignRow(campaign, figures.get(campaign.pk, Figures()))
            for campaign in Campaign.objects.filter(advertiser=advertiser)
            if words in campaign.name.casefold() and status in ("", campaign.status)
        ]
    )
    obstacles = obstacles_of(advertiser, [row.campaign.pk for row in page], balance)
    page.object_list = [replace(row, obstacle=obstacles[row.campaign.pk]) for row in page]
    return page
