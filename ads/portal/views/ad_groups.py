"""The form of an ad group: its keywords, its bid, and an estimate of its reach."""

import logging
from uuid import UUID

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from ads.campaigns.campaigns import (
    DEFAULT_BID,
    AdGroupSpec,
    save_ad_group,
    set_ad_group_enabled,
    suggest_group_name,
)
from ads.campaigns.errors import InvalidChangeError
from ads.campaigns.keywords import KeywordSpec
from ads.domain.auction import floor_price_micros
from ads.domain.money import BID_STEP, MIN_BID, WON
from ads.models import AdGroup, Campaign, Keyword
from ads.portal.access import AdvertiserContext, editor_required, find_ad_group, find_campaign
from ads.portal.bid_forecast import estimate_bids, forecast
from ads.portal.campaign_steps import KEYWORDS, ad_url, list_wizard_steps
from ads.portal.fields import KeywordInput
from ads.portal.forms import AdGroupForm
from ads.portal.keyword_ideas import MAX_IDEAS, suggest_keywords
from ads.portal.landing_page import read_landing_page
from ads.portal.views.layout import is_save, is_switched_on, render_form
from ads.reporting.advertiser_inventory import list_negative_texts
from ads.reporting.reach_estimate import MIN_REPORTED, ReachEstimate, estimate_reach, read_enabled_spec

logger = logging.getLogger(__name__)


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def group_create(request: HttpRequest, access: AdvertiserContext, campaign_id: UUID) -> HttpResponseBase:
    """Step 2 of a new ad: create an ad group and continue with its creative."""
    campaign = find_campaign(access, campaign_id)
    bid = max(DEFAULT_BID, estimate_bids(campaign.category).typical_micros)
    values = {"name": suggest_group_name(campaign), "default_bid": bid}
    form = AdGroupForm(_read_data(request), initial=values)
    if _is_saved(request) and form.is_valid():
        group = _save(form, campaign)
        if group is not None:
            return redirect("portal:make_creative", access.advertiser.public_id, group.public_id)
    reach = _estimate_reach(_read_spec(form), campaign) if form.is_bound else None
    return _render(request, access, form, {"campaign": campaign, "is_new": True, "reach": reach})


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def group_edit(request: HttpRequest, access: AdvertiserContext, group_id: UUID) -> HttpResponseBase:
    """Edit an ad group's bid and keywords."""
    group = find_ad_group(access, group_id)
    form = AdGroupForm(_read_data(request), initial=_group_initial(group))
    if _is_saved(request) and form.is_valid() and _save(form, group.campaign, group):
        if group.campaign.status == Campaign.Status.DRAFT:
            return redirect(ad_url(access, group))
        return redirect("portal:campaign", access.advertiser.public_id, group.campaign.public_id)
    spec = _read_spec(form) if form.is_bound else read_enabled_spec(group)
    reach = _estimate_reach(spec, group.campaign)
    return _render(request, access, form, {"campaign": group.campaign, "group": group, "reach": reach})


@require_POST
@editor_required
def group_switch(request: HttpRequest, access: AdvertiserContext, group_id: UUID) -> HttpResponseBase:
    """Switch an ad group on or off."""
    group = find_ad_group(access, group_id)
    set_ad_group_enabled(group=group, is_on=is_switched_on(request))
    return redirect("portal:campaign", access.advertiser.public_id, group.campaign.public_id)


def _is_saved(request: HttpRequest) -> bool:
    return is_save(request, except_button="estimate") and "add_ideas" not in request.POST


def _read_data(request: HttpRequest) -> QueryDict | None:
    """Return the form's data; chosen ideas are appended to the lines of their match type."""
    if request.method != "POST":
        return None
    data = request.POST.copy()
    for chosen in data.getlist("idea")[:MAX_IDEAS] if "add_ideas" in data else ():
        match, _, text = chosen.partition(":")
        lines = data.get(match, "").splitlines()
        if match in Keyword.Match.values and text not in lines:
            data[match] = "\n".join([*lines, text])
    return data


def _group_initial(group: AdGroup) -> dict[str, object]:
    keywords = list(group.keywords.order_by("text"))
    boxes = {
        match: [KeywordInput(each.text, each.bid_micros) for each in keywords if each.match == match]
        for match in Keyword.Match.values
    }
    return {
        "name": group.name,
        "default_bid": group.default_bid_micros,
        "language": group.language,
        "device": group.device,
        "negatives": [KeywordInput(each.text) for each in group.negative_keywords.order_by("text")],
        **boxes,
    }


def _estimate_reach(spec: AdGroupSpec, campaign: Campaign) -> ReachEstimate | None:
    try:
        return estimate_reach(spec, negatives=list_negative_texts(campaign))
    except redis.RedisError:
        # The form can be saved without an estimate.
        logger.warning("no reach estimate: Valkey is unavailable")
        return None


def _read_spec(form: AdGroupForm) -> AdGroupSpec:
    """Return the spec of the fields that are valid, for an estimate also of an incomplete form."""
    form.is_valid()
    cleaned = form.cleaned_data
    return AdGroupSpec(
        name=cleaned.get("name", ""),
        default_bid_micros=cleaned.get("default_bid", 0),
        language=cleaned.get("language", AdGroup.Language.ANY),
        device=cleaned.get("device", AdGroup.Device.ANY),
        keywords=tuple(
            KeywordSpec(typed.text, match, typed.bid_micros)
            for match in Keyword.Match.values
            for typed in cleaned.get(match, ())
        ),
        negatives=tuple(typed.text for typed in cleaned.get("negatives", ())),
    )


def _page_texts(request: HttpRequest, campaign: Campaign) -> list[str]:
    """Return title and description of the campaign's landing page; a form that is sent waits for no page."""
    page = read_landing_page(
        campaign.landing_url, account_id=int(request.user.pk or 0), may_connect=request.method != "POST"
    )
    return [page.title, page.description] if page else []


def _market_context(
    request: HttpRequest, form: AdGroupForm, campaign: Campaign, reach: object
) -> dict[str, object]:
    """Return keyword ideas, the usual bids, and what bid and budget are likely to bring."""
    spec = _read_spec(form) if form.is_bound else None
    lines = [str(form[match].value() or "") for match in Keyword.Match.values]
    typed = [line.partition(",")[0] for box in lines for line in box.splitlines()]
    bids = estimate_bids(campaign.category)
    bid = spec.default_bid_micros if spec else int(form.initial["default_bid"])
    ideas = suggest_keywords(
        category=campaign.category,
        language=spec.language if spec else form.initial.get("language", AdGroup.Language.ANY),
        seeds=[campaign.name, *typed, *_page_texts(request, campaign)],
        taken=typed,
    )
    return {
        "bids": bids,
        "ideas": ideas,
        "has_counts": any(idea.requests_a_week for idea in ideas),
        "forecast": forecast(
            reach if isinstance(reach, ReachEstimate) else None,
            bids,
            bid_micros=bid or bids.typical_micros,
            daily_budget_micros=campaign.daily_budget_micros,
        ),
    }


def _save(form: AdGroupForm, campaign: Campaign, group: AdGroup | None = None) -> AdGroup | None:
    try:
        return save_ad_group(
            campaign=campaign, spec=_read_spec(form), group=group, key=form.cleaned_data["key"]
        )
    except InvalidChangeError as error:
        form.add_error(error.field, str(error))
        return None


def _render(
    request: HttpRequest, access: AdvertiserContext, form: AdGroupForm, context: dict[str, object]
) -> HttpResponseBase:
    # A bid between the smallest possible bid and the floor can be saved, but never wins.
    floor = max(MIN_BID, floor_price_micros(settings.ADS_FLOOR_WON))
    limits = {"floor_won": floor // WON, "tick_won": BID_STEP // WON, "least_told": MIN_REPORTED}
    campaign: Campaign = context["campaign"]  # type: ignore[assignment]
    is_draft = campaign.status == Campaign.Status.DRAFT
    steps = list_wizard_steps(access, campaign, KEYWORDS) if is_draft else []
    context = context | limits | _market_context(request, form, campaign, context["reach"]) | {"steps": steps}
    return render_form(request, access, "ads/group_form.html", form=form, context=context)
