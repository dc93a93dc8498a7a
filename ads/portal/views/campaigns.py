"""The list of campaigns, the page of one campaign, and the forms that create and edit it."""

from dataclasses import dataclass, replace
from uuid import UUID

from django.core.paginator import Page
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ads.campaigns.campaigns import (
    DEFAULT_DAILY_BUDGET,
    CampaignSpec,
    create_campaign,
    set_campaign_status,
    update_campaign,
)
from ads.campaigns.errors import InvalidChangeError
from ads.models import AdGroup, Campaign, Keyword
from ads.portal.access import AdvertiserContext, editor_required, find_campaign, member_required
from ads.portal.campaign_steps import (
    BUDGET,
    NextAction,
    find_next_action,
    keywords_url,
    list_wizard_steps,
)
from ads.portal.forms import CampaignForm, campaign_initial
from ads.portal.list_query import Column, ListFilter, ListQuery, figure_columns, parse_list_query
from ads.portal.views.dashboard import build_spend_chart, days_csv_response, figure_headings
from ads.portal.views.layout import announce_state, read_period, render_conflict, render_form, render_page
from ads.reporting.advertiser_inventory import campaigns_of, list_ad_groups, list_negative_texts
from ads.reporting.campaign_state import CampaignState, find_campaign_states
from ads.reporting.csv_export import csv_response
from ads.reporting.figures import (
    Figures,
    Period,
    figures_by_campaign,
    figures_by_day,
    figures_by_keyword,
    sum_figures,
)
from ads.reporting.invalid_clicks import list_invalid_clicks
from ads.reporting.statements import read_balance
from ads.selection.jobs.publishing import request_publication

MATCH_LABELS = dict(Keyword.Match.choices)
# A campaign's page shows that many keywords and links to the full list.
MAX_SHOWN_KEYWORDS, MAX_KEYWORD_ROWS = 30, 20


@dataclass(frozen=True, slots=True)
class CampaignListRow:
    """One campaign of the list, its figures, its state and what to do next."""

    campaign: Campaign
    figures: Figures
    state: CampaignState | None = None
    action: NextAction | None = None


CAMPAIGN_COLUMNS: tuple[Column[CampaignListRow], ...] = (
    Column("name", gettext_lazy("이름"), lambda row: row.campaign.name.casefold(), is_number=False),
    Column(
        "status",
        gettext_lazy("상태"),
        lambda row: Campaign.Status.values.index(row.campaign.status),
        is_number=False,
    ),
    Column("budget", gettext_lazy("하루 예산"), lambda row: row.campaign.daily_budget_micros),
    *figure_columns(),
)
CAMPAIGN_FILTERS = (
    ListFilter(
        "status",
        gettext_lazy("상태"),
        gettext_lazy("모든 상태"),
        (
            ("on", gettext_lazy("켜짐")),
            ("off", gettext_lazy("꺼짐")),
            ("ended", gettext_lazy("끝남")),
        ),
    ),
)


# By value of the filter: a draft or paused campaign is off.
FILTERED_STATUSES = {
    "on": (Campaign.Status.ACTIVE,),
    "off": (Campaign.Status.DRAFT, Campaign.Status.PAUSED),
    "ended": (Campaign.Status.ENDED,),
    "": tuple(Campaign.Status),
}


@dataclass(frozen=True, slots=True)
class AdGroupView:
    """An ad group on a campaign's page, with the first of its keywords."""

    group: AdGroup

    @property
    def keywords(self) -> list[Keyword]:
        """The first keywords."""
        return list(self.group.keywords.all())[:MAX_SHOWN_KEYWORDS]

    @property
    def keywords_left(self) -> int:
        """How many keywords are not shown."""
        return max(0, len(self.group.keywords.all()) - MAX_SHOWN_KEYWORDS)


@require_safe
@member_required
def campaign_list(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """Show a page of campaigns with their figures."""
    period = read_period(request)
    list_query = parse_list_query(request, columns=CAMPAIGN_COLUMNS, filters=CAMPAIGN_FILTERS)
    context = {
        "list_query": list_query,
        "headings": list_query.headings(CAMPAIGN_COLUMNS),
        "page": _list_campaigns(access, period, list_query),
        "span": len(period.days),
    }
    return render_page(request, access, "ads/campaigns.html", section="campaigns", context=context)


@require_safe
@member_required
def campaign_detail(request: HttpRequest, access: AdvertiserContext, campaign_id: UUID) -> HttpResponseBase:
    """Show one campaign: its figures by day and by keyword, its groups and their ads."""
    campaign = find_campaign(access, campaign_id)
    period = read_period(request)
    days = figures_by_day(access.advertiser, period, campaign)
    keywords = figures_by_keyword(campaign, period)
    states = find_campaign_states(access.advertiser, [campaign.pk], read_balance(access.advertiser))
    context = {
        "campaign": campaign,
        "last_day": campaign_initial(campaign)["ends_on"],
        "state": states[campaign.pk],
        "action": find_next_action(access, campaign, states[campaign.pk]),
        "groups": [AdGroupView(group) for group in list_ad_groups(campaign)],
        "negatives": list_negative_texts(campaign),
        "rows": days,
        "total": sum_figures(days),
        "chart": build_spend_chart(days),
        "span": len(days),
        "invalid_click_rows": list_invalid_clicks(campaign, period),
        "keywords": [(row, MATCH_LABELS.get(row.match, row.match)) for row in keywords[:MAX_KEYWORD_ROWS]],
        "keywords_left": max(0, len(keywords) - MAX_KEYWORD_ROWS),
    }
    return render_page(request, access, "ads/campaign.html", section="campaigns", context=context)


@require_safe
@member_required
def campaign_days_csv(request: HttpRequest, access: AdvertiserContext, campaign_id: UUID) -> HttpResponseBase:
    """Return a campaign's days as a CSV file."""
    campaign = find_campaign(access, campaign_id)
    return days_csv_response(
        "campaign-days", figures_by_day(access.advertiser, read_period(request), campaign)
    )


@require_safe
@member_required
def campaign_keywords_csv(
    request: HttpRequest, access: AdvertiserContext, campaign_id: UUID
) -> HttpResponseBase:
    """Return a campaign's keywords as a CSV file."""
    rows = figures_by_keyword(find_campaign(access, campaign_id), read_period(request))
    header = [_("키워드"), _("일치 방식"), *figure_headings()]
    cells = ([row.text, str(MATCH_LABELS.get(row.match, row.match)), *row.figures.cells] for row in rows)
    return csv_response("campaign-keywords", header, cells)


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def campaign_create(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """Step 1 of a new ad: the campaign's budget and schedule."""
    form = CampaignForm(request.POST or None, initial={"daily_budget": DEFAULT_DAILY_BUDGET})
    if request.method == "POST" and form.is_valid():
        campaign = create_campaign(
            advertiser=access.advertiser, spec=_read_spec(form), key=form.cleaned_data["key"]
        )
        return redirect("portal:make_group", access.advertiser.public_id, campaign.public_id)
    steps = list_wizard_steps(access, None, BUDGET)
    return render_form(request, access, "ads/campaign_form.html", form=form, context={"steps": steps})


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def campaign_edit(request: HttpRequest, access: AdvertiserContext, campaign_id: UUID) -> HttpResponseBase:
    """Edit a campaign's budget, schedule and negative keywords."""
    campaign = find_campaign(access, campaign_id)
    is_draft = campaign.status == Campaign.Status.DRAFT
    values = campaign_initial(campaign) | {"negatives": "\n".join(list_negative_texts(campaign))}
    form = CampaignForm(request.POST or None, initial=values)
    if request.method == "POST" and form.is_valid():
        try:
            update_campaign(campaign=campaign, spec=_read_spec(form))
        except InvalidChangeError as error:
            form.add_error(error.field, str(error))
        else:
            if is_draft:
                return redirect(keywords_url(access, campaign))
            return redirect("portal:campaign", access.advertiser.public_id, campaign.public_id)
    steps = list_wizard_steps(access, campaign, BUDGET) if is_draft else []
    context = {"campaign": campaign, "steps": steps}
    return render_form(request, access, "ads/campaign_form.html", form=form, context=context)


@require_POST
@editor_required
def campaign_set_status(
    request: HttpRequest, access: AdvertiserContext, campaign_id: UUID
) -> HttpResponseBase:
    """Start, pause or end a campaign."""
    campaign, status = find_campaign(access, campaign_id), request.POST.get("status", "")
    try:
        set_campaign_status(campaign=campaign, status=status)
    except InvalidChangeError as error:
        return render_conflict(request, access, str(error), section="campaigns", campaign=campaign)
    request_publication()
    if status == Campaign.Status.ACTIVE:
        announce_state(request, access, campaign)
    return redirect("portal:campaign", access.advertiser.public_id, campaign.public_id)


def _list_campaigns(
    access: AdvertiserContext, period: Period, list_query: ListQuery[CampaignListRow]
) -> Page[CampaignListRow]:
    """Return one page of campaigns, newest first by default; only its rows get a state."""
    advertiser = access.advertiser
    figures = figures_by_campaign(advertiser, period)
    search, statuses = list_query.search.casefold(), FILTERED_STATUSES[list_query.choices["status"]]
    page = list_query.paginate(
        [
            CampaignListRow(campaign, figures.get(campaign.pk, Figures()))
            for campaign in campaigns_of(advertiser)
            if search in campaign.name.casefold() and campaign.status in statuses
        ]
    )
    shown = [row.campaign.pk for row in page]
    states = find_campaign_states(advertiser, shown, read_balance(advertiser))
    page.object_list = [
        replace(
            row,
            state=states[row.campaign.pk],
            action=find_next_action(access, row.campaign, states[row.campaign.pk]),
        )
        for row in page
    ]
    return page


def _read_spec(form: CampaignForm) -> CampaignSpec:
    cleaned = form.cleaned_data
    return CampaignSpec(
        name=cleaned["name"],
        category=cleaned["category"],
        daily_budget_micros=cleaned["daily_budget"],
        total_budget_micros=cleaned["total_budget"],
        starts_at=form.starts_at,
        ends_at=form.ends_at,
        daily_views_a_person=cleaned["daily_views_a_person"],
        negatives=tuple(each.text for each in cleaned["negatives"]),
        landing_url=cleaned["landing_url"],
    )
