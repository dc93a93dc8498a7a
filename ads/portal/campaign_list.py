"""Campaigns as their list shows them: figures, and in words whatever keeps one from being seen."""

from dataclasses import dataclass, replace

from django.core.paginator import Page
from django.utils.translation import gettext_lazy as _

from ads.domain.money import format_won
from ads.models import Advertiser, Campaign
from ads.portal.list_query import Column, ListQuery, figure_columns
from ads.reporting.figures import Figures, Period, figures_by_campaign
from ads.reporting.serving_status import find_serving_problems
from ads.reporting.statements import Balance


@dataclass(frozen=True, slots=True)
class CampaignListRow:
    """One campaign, what it did and why it may not be seen."""

    campaign: Campaign
    figures: Figures
    serving_problem: str = ""

    @property
    def daily_budget(self) -> str:
        """Its daily budget in won."""
        return format_won(self.campaign.daily_budget_micros)


CAMPAIGN_COLUMNS: tuple[Column[CampaignListRow], ...] = (
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
    advertiser: Advertiser, period: Period, balance: Balance, list_query: ListQuery[CampaignListRow]
) -> Page[CampaignListRow]:
    """Return one page of the advertiser's campaigns, newest first unless another order is asked for."""
    figures = figures_by_campaign(advertiser, period)
    words, status = list_query.words.casefold(), list_query.choices["status"]
    page = list_query.paginate(
        [
            CampaignListRow(campaign, figures.get(campaign.pk, Figures()))
            for campaign in Campaign.objects.filter(advertiser=advertiser)
            if words in campaign.name.casefold() and status in ("", campaign.status)
        ]
    )
    obstacles = find_serving_problems(advertiser, [row.campaign.pk for row in page], balance)
    page.object_list = [replace(row, serving_problem=obstacles[row.campaign.pk]) for row in page]
    return page
