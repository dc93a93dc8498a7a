"""The list of campaigns, one campaign's page, and the forms that make and change it."""

import uuid
from dataclasses import dataclass

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ads.campaigns.campaigns import CampaignSpec, create_campaign, set_campaign_status, update_campaign
from ads.campaigns.errors import InvalidChangeError
from ads.domain.money import format_won
from ads.models import AdGroup, Campaign, Creative, Keyword, NegativeKeyword
from ads.portal.access import AdvertiserContext, editor_required, member_required
from ads.portal.campaign_list import CAMPAIGN_COLUMNS, list_campaigns
from ads.portal.forms import CampaignForm, campaign_initial
from ads.portal.list_query import parse_list_query
from ads.portal.views.dashboard import days_csv_response, figure_headings
from ads.portal.views.layout import read_period, render_form, render_page, spend_chart
from ads.reporting.csv_export import csv_response
from ads.reporting.figures import figures_by_day, figures_by_keyword, total
from ads.reporting.invalid_clicks import list_invalid_clicks
from ads.reporting.serving_status import find_serving_problems
from ads.reporting.statements import read_balance

MATCH_NAMES = dict(Keyword.Match.choices)
# A campaign's page names that many keywords and leads to the list of all.
MAX_SHOWN_KEYWORDS, MAX_KEYWORD_ROWS = 30, 20


@dataclass(frozen=True, slots=True)
class AdGroupView:
    """An ad group as a campaign's page shows it: its bid in won and the first of its keywords."""

    group: AdGroup
    bid: str

    @property
    def keywords(self) -> list[Keyword]:
        """The first keywords."""
        return list(self.group.keywords.all())[:MAX_SHOWN_KEYWORDS]

    @property
    def keywords_left(self) -> int:
        """How many keywords there are beside those."""
        return max(0, len(self.group.keywords.all()) - MAX_SHOWN_KEYWORDS)


def find_campaign(access: AdvertiserContext, public_id: uuid.UUID) -> Campaign:
    """Return this advertiser's campaign; another's does not exist here."""
    campaign: Campaign = get_object_or_404(Campaign, public_id=public_id, advertiser=access.advertiser)
    campaign.advertiser = access.advertiser
    return campaign


@require_safe
@member_required
def campaign_list(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """Show a page of campaigns with what each of them did."""
    period = read_period(request)
    list_query = parse_list_query(
        request, columns=CAMPAIGN_COLUMNS, choices={"status": Campaign.Status.values}
    )
    context = {
        "list_query": list_query,
        "headings": list_query.headings(CAMPAIGN_COLUMNS),
        "page": list_campaigns(access.advertiser, period, read_balance(access.advertiser), list_query),
        "statuses": Campaign.Status.choices,
        "span": len(period.days),
    }
    return render_page(request, access, "campaigns", section="campaigns", context=context)


@require_safe
@member_required
def campaign_detail(
    request: HttpRequest, access: AdvertiserContext, campaign_id: uuid.UUID
) -> HttpResponseBase:
    """Show one campaign: its figures by day and keyword, its groups and their ads."""
    campaign = find_campaign(access, campaign_id)
    period = read_period(request)
    rows, brought = figures_by_day(access.advertiser, period, campaign), figures_by_keyword(campaign, period)
    obstacles = find_serving_problems(access.advertiser, [campaign.pk], read_balance(access.advertiser))
    groups = list(
        campaign.ad_groups.prefetch_related(
            "keywords",
            "negative_keywords",
            Prefetch("creatives", Creative.objects.exclude(review=Creative.Review.RETIRED)),
        )
    )
    context = {
        "campaign": campaign,
        "last_day": campaign_initial(campaign)["ends_on"],
        "daily_budget": format_won(campaign.daily_budget_micros),
        "total_budget": campaign.total_budget_micros and format_won(campaign.total_budget_micros),
        "serving_problem": obstacles[campaign.pk],
        "groups": [AdGroupView(group, format_won(group.default_bid_micros)) for group in groups],
        "negatives": _negative_texts(campaign),
        "rows": rows,
        "total": total(rows),
        "chart": spend_chart(rows),
        "span": len(rows),
        "invalid_click_rows": list_invalid_clicks(campaign, period),
        "keywords": [(row, MATCH_NAMES.get(row.match, row.match)) for row in brought[:MAX_KEYWORD_ROWS]],
        "keywords_left": max(0, len(brought) - MAX_KEYWORD_ROWS),
    }
    return render_page(request, access, "campaign", section="campaigns", context=context)


@require_safe
@member_required
def campaign_days_csv(
    request: HttpRequest, access: AdvertiserContext, campaign_id: uuid.UUID
) -> HttpResponseBase:
    """Give a campaign's days as a file."""
    campaign = find_campaign(access, campaign_id)
    return days_csv_response(
        "campaign-days", figures_by_day(access.advertiser, read_period(request), campaign)
    )


@require_safe
@member_required
def campaign_keywords_csv(
    request: HttpRequest, access: AdvertiserContext, campaign_id: uuid.UUID
) -> HttpResponseBase:
    """Give a campaign's keywords as a file."""
    rows = figures_by_keyword(find_campaign(access, campaign_id), read_period(request))
    header = [_("키워드"), _("일치 방식"), *figure_headings()]
    cells = ([row.text, str(MATCH_NAMES.get(row.match, row.match)), *row.figures.cells] for row in rows)
    return csv_response("campaign-keywords", header, cells)


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def campaign_create(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """First step of an ad: the campaign's budget and schedule."""
    form = CampaignForm(request.POST or None, initial={"daily_budget": 10_000_000_000})
    if request.method == "POST" and form.is_valid():
        campaign = create_campaign(
            advertiser=access.advertiser, spec=build_campaign_plan(form), key=form.cleaned_data["key"]
        )
        return redirect("portal:make_group", access.advertiser.public_id, campaign.public_id)
    return render_form(request, access, "campaign_form", form=form, context={"step": 1})


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def campaign_edit(
    request: HttpRequest, access: AdvertiserContext, campaign_id: uuid.UUID
) -> HttpResponseBase:
    """Change a campaign's budget, schedule and negative keywords."""
    campaign = find_campaign(access, campaign_id)
    values = campaign_initial(campaign) | {"negatives": "\n".join(_negative_texts(campaign))}
    form = CampaignForm(request.POST or None, initial=values)
    if request.method == "POST" and form.is_valid():
        try:
            update_campaign(campaign=campaign, spec=build_campaign_plan(form))
        except InvalidChangeError as error:
            form.add_error(error.field, str(error))
        else:
            return redirect("portal:campaign", access.advertiser.public_id, campaign.public_id)
    return render_form(request, access, "campaign_form", form=form, context={"campaign": campaign})


@require_POST
@editor_required
def campaign_set_status(
    request: HttpRequest, access: AdvertiserContext, campaign_id: uuid.UUID
) -> HttpResponseBase:
    """Start, pause or end a campaign."""
    campaign = find_campaign(access, campaign_id)
    try:
        set_campaign_status(campaign=campaign, status=request.POST.get("status", ""))
    except InvalidChangeError as error:
        return render_page(
            request,
            access,
            "refused",
            section="campaigns",
            context={"campaign": campaign, "error": error},
            status=409,
        )
    return redirect("portal:campaign", access.advertiser.public_id, campaign.public_id)


def _negative_texts(campaign: Campaign) -> list[str]:
    whole = NegativeKeyword.objects.filter(campaign=campaign, ad_group=None)
    return list(whole.order_by("text").values_list("text", flat=True))


def build_campaign_plan(form: CampaignForm) -> CampaignSpec:
    """Return what the form says as a plan."""
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
    )
