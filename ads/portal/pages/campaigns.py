"""The list of campaigns, one campaign's page, and the forms that make and change it."""

import uuid
from dataclasses import dataclass

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ads.campaigning import CampaignPlan, RefusedError, create_campaign, move_campaign, revise_campaign
from ads.models import AdGroup, Campaign, Creative, Keyword, NegativeKeyword
from ads.money import format_won
from ads.portal.access import Desk, for_editors, for_members
from ads.portal.campaign_rows import CAMPAIGN_COLUMNS, list_campaigns
from ads.portal.export import answer_csv
from ads.portal.figures import by_day, by_keyword, total
from ads.portal.forms import CampaignForm, campaign_values
from ads.portal.listing import read_asked
from ads.portal.obstacles import obstacles_of
from ads.portal.pages.desk import answer_days, figure_heads
from ads.portal.pages.frame import draw_spend, read_period, show, show_form
from ads.portal.refusals import list_refusals
from ads.portal.statement import read_balance

MATCH_NAMES = dict(Keyword.Match.choices)
# A campaign's page names that many keywords and leads to the list of all.
MOST_CHIPS, MOST_ROWS = 30, 20


@dataclass(frozen=True, slots=True)
class GroupView:
    """An ad group as a campaign's page shows it: its bid in won and the first of its keywords."""

    group: AdGroup
    bid: str

    @property
    def keywords(self) -> list[Keyword]:
        """The first keywords."""
        return list(self.group.keywords.all())[:MOST_CHIPS]

    @property
    def keywords_left(self) -> int:
        """How many keywords there are beside those."""
        return max(0, len(self.group.keywords.all()) - MOST_CHIPS)


def find_campaign(desk: Desk, public_id: uuid.UUID) -> Campaign:
    """Return this advertiser's campaign; another's does not exist here."""
    campaign: Campaign = get_object_or_404(Campaign, public_id=public_id, advertiser=desk.advertiser)
    campaign.advertiser = desk.advertiser
    return campaign


@require_safe
@for_members
def list_all(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Show a page of campaigns with what each of them did."""
    period = read_period(request)
    asked = read_asked(request, columns=CAMPAIGN_COLUMNS, choices={"status": Campaign.Status.values})
    context = {
        "asked": asked,
        "heads": asked.heads(CAMPAIGN_COLUMNS),
        "page": list_campaigns(desk.advertiser, period, read_balance(desk.advertiser), asked),
        "statuses": Campaign.Status.choices,
        "span": len(period.days),
    }
    return show(request, desk, "campaigns", section="campaigns", context=context)


@require_safe
@for_members
def show_one(request: HttpRequest, desk: Desk, campaign_id: uuid.UUID) -> HttpResponseBase:
    """Show one campaign: its figures by day and keyword, its groups and their ads."""
    campaign = find_campaign(desk, campaign_id)
    period = read_period(request)
    rows, brought = by_day(desk.advertiser, period, campaign), by_keyword(campaign, period)
    obstacles = obstacles_of(desk.advertiser, [campaign.pk], read_balance(desk.advertiser))
    groups = list(
        campaign.ad_groups.prefetch_related(
            "keywords",
            "negative_keywords",
            Prefetch("creatives", Creative.objects.exclude(review=Creative.Review.RETIRED)),
        )
    )
    context = {
        "campaign": campaign,
        "last_day": campaign_values(campaign)["ends_on"],
        "daily_budget": format_won(campaign.daily_budget_micros),
        "total_budget": campaign.total_budget_micros and format_won(campaign.total_budget_micros),
        "obstacle": obstacles[campaign.pk],
        "groups": [GroupView(group, format_won(group.default_bid_micros)) for group in groups],
        "negatives": _texts_of_negatives(campaign),
        "rows": rows,
        "total": total(rows),
        "chart": draw_spend(rows),
        "span": len(rows),
        "refusals": list_refusals(campaign, period),
        "keywords": [(row, MATCH_NAMES.get(row.match, row.match)) for row in brought[:MOST_ROWS]],
        "keywords_left": max(0, len(brought) - MOST_ROWS),
    }
    return show(request, desk, "campaign", section="campaigns", context=context)


@require_safe
@for_members
def download_days(request: HttpRequest, desk: Desk, campaign_id: uuid.UUID) -> HttpResponseBase:
    """Give a campaign's days as a file."""
    campaign = find_campaign(desk, campaign_id)
    return answer_days("campaign-days", by_day(desk.advertiser, read_period(request), campaign))


@require_safe
@for_members
def download_keywords(request: HttpRequest, desk: Desk, campaign_id: uuid.UUID) -> HttpResponseBase:
    """Give a campaign's keywords as a file."""
    rows = by_keyword(find_campaign(desk, campaign_id), read_period(request))
    header = [_("키워드"), _("일치 방식"), *figure_heads()]
    cells = ([row.text, str(MATCH_NAMES.get(row.match, row.match)), *row.figures.cells] for row in rows)
    return answer_csv("campaign-keywords", header, cells)


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def make(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """First step of an ad: the campaign's budget and schedule."""
    form = CampaignForm(request.POST or None, initial={"daily_budget": 10_000_000_000})
    if request.method == "POST" and form.is_valid():
        campaign = create_campaign(
            advertiser=desk.advertiser, plan=plan_of(form), key=form.cleaned_data["key"]
        )
        return redirect("portal:make_group", desk.advertiser.public_id, campaign.public_id)
    return show_form(request, desk, "campaign_form", form=form, context={"step": 1})


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def change(request: HttpRequest, desk: Desk, campaign_id: uuid.UUID) -> HttpResponseBase:
    """Change a campaign's budget, schedule and negative keywords."""
    campaign = find_campaign(desk, campaign_id)
    values = campaign_values(campaign) | {"negatives": "\n".join(_texts_of_negatives(campaign))}
    form = CampaignForm(request.POST or None, initial=values)
    if request.method == "POST" and form.is_valid():
        try:
            revise_campaign(campaign=campaign, plan=plan_of(form))
        except RefusedError as error:
            form.add_error(error.field, str(error))
        else:
            return redirect("portal:campaign", desk.advertiser.public_id, campaign.public_id)
    return show_form(request, desk, "campaign_form", form=form, context={"campaign": campaign})


@require_POST
@for_editors
def move(request: HttpRequest, desk: Desk, campaign_id: uuid.UUID) -> HttpResponseBase:
    """Start, pause or end a campaign."""
    campaign = find_campaign(desk, campaign_id)
    try:
        move_campaign(campaign=campaign, status=request.POST.get("status", ""))
    except RefusedError as error:
        return show(
            request,
            desk,
            "refused",
            section="campaigns",
            context={"campaign": campaign, "error": error},
            status=409,
        )
    return redirect("portal:campaign", desk.advertiser.public_id, campaign.public_id)


def _texts_of_negatives(campaign: Campaign) -> list[str]:
    whole = NegativeKeyword.objects.filter(campaign=campaign, ad_group=None)
    return list(whole.order_by("text").values_list("text", flat=True))


def plan_of(form: CampaignForm) -> CampaignPlan:
    """Return what the form says as a plan."""
    cleaned = form.cleaned_data
    return CampaignPlan(
        name=cleaned["name"],
        category=cleaned["category"],
        daily_budget_micros=cleaned["daily_budget"],
        total_budget_micros=cleaned["total_budget"],
        starts_at=form.starts_at,
        ends_at=form.ends_at,
        daily_views_a_person=cleaned["daily_views_a_person"],
        negatives=tuple(each.text for each in cleaned["negatives"]),
    )
