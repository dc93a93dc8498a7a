"""Second step of an ad: which questions it answers to, and for how much."""

import logging
import uuid

import redis
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ads.campaigns.campaigns import AdGroupSpec, save_ad_group, set_ad_group_enabled
from ads.campaigns.errors import InvalidChangeError
from ads.campaigns.keywords import KeywordSpec
from ads.domain.auction import floor_price_micros
from ads.domain.money import BID_STEP, MIN_BID, WON
from ads.models import AdGroup, Campaign, Keyword
from ads.portal.access import AdvertiserContext, editor_required
from ads.portal.fields import KeywordInput
from ads.portal.forms import AdGroupForm
from ads.portal.views.campaigns import find_campaign
from ads.portal.views.layout import render_form
from ads.reporting.reach_estimate import MIN_REPORTED, ReachEstimate, estimate_reach

logger = logging.getLogger(__name__)


def find_group(access: AdvertiserContext, public_id: uuid.UUID) -> AdGroup:
    """Return this advertiser's ad group; another's does not exist here."""
    groups = AdGroup.objects.filter(public_id=public_id, campaign__advertiser=access.advertiser)
    group = groups.select_related("campaign").first()
    if group is None:
        raise Http404
    return group


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def group_create(request: HttpRequest, access: AdvertiserContext, campaign_id: uuid.UUID) -> HttpResponseBase:
    """Make an ad group, then go on to its ad."""
    campaign = find_campaign(access, campaign_id)
    values = {
        "name": _("그룹 %(number)s") % {"number": campaign.ad_groups.count() + 1},
        "default_bid": 100 * WON,
    }
    form = AdGroupForm(request.POST or None, initial=values)
    if _is_save(request) and form.is_valid():
        group = _save(form, campaign)
        if group is not None:
            return redirect("portal:make_creative", access.advertiser.public_id, group.public_id)
    reach = _estimate_reach(_build_group_plan(form), campaign) if form.is_bound else None
    return _render(request, access, form, {"campaign": campaign, "step": 2, "reach": reach})


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def group_edit(request: HttpRequest, access: AdvertiserContext, group_id: uuid.UUID) -> HttpResponseBase:
    """Change an ad group's bid and keywords."""
    group = find_group(access, group_id)
    form = AdGroupForm(request.POST or None, initial=group_initial(group))
    if _is_save(request) and form.is_valid() and _save(form, group.campaign, group):
        return redirect("portal:campaign", access.advertiser.public_id, group.campaign.public_id)
    reach = _estimate_reach(
        _build_group_plan(form) if form.is_bound else saved_group_plan(group), group.campaign
    )
    return _render(request, access, form, {"campaign": group.campaign, "group": group, "reach": reach})


@require_POST
@editor_required
def group_switch(request: HttpRequest, access: AdvertiserContext, group_id: uuid.UUID) -> HttpResponseBase:
    """Switch an ad group on or off."""
    group = find_group(access, group_id)
    set_ad_group_enabled(group=group, is_on=request.POST.get("is_on") == "yes")
    return redirect("portal:campaign", access.advertiser.public_id, group.campaign.public_id)


def group_initial(group: AdGroup) -> dict[str, object]:
    """Return what the form shows for a group that exists."""
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


def saved_group_plan(group: AdGroup) -> AdGroupSpec:
    """Return the plan that a group is in line with, but for the keywords that are off."""
    return AdGroupSpec(
        name=group.name,
        default_bid_micros=group.default_bid_micros,
        language=group.language,
        device=group.device,
        keywords=tuple(
            KeywordSpec(keyword.text, keyword.match, keyword.bid_micros)
            for keyword in group.keywords.filter(is_on=True)
        ),
        negatives=tuple(group.negative_keywords.values_list("text", flat=True)),
    )


def _is_save(request: HttpRequest) -> bool:
    return request.method == "POST" and "estimate" not in request.POST


def _estimate_reach(plan: AdGroupSpec, campaign: Campaign) -> ReachEstimate | None:
    whole = campaign.negative_keywords.filter(ad_group=None).values_list("text", flat=True)
    try:
        return estimate_reach(plan, negatives=whole)
    except redis.RedisError:
        # Keywords can be saved all the same.
        logger.warning("no estimate of reach: the quick memory is away")
        return None


def _build_group_plan(form: AdGroupForm) -> AdGroupSpec:
    # Of a form that is not in order, what is in order is planned with.
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


def _save(form: AdGroupForm, campaign: Campaign, group: AdGroup | None = None) -> AdGroup | None:
    try:
        return save_ad_group(
            campaign=campaign, spec=_build_group_plan(form), group=group, key=form.cleaned_data["key"]
        )
    except InvalidChangeError as error:
        form.add_error(error.field, str(error))
        return None


def _render(
    request: HttpRequest, access: AdvertiserContext, form: AdGroupForm, context: dict[str, object]
) -> HttpResponseBase:
    # A lower bid than the house asks for may be kept, but never wins.
    floor = max(MIN_BID, floor_price_micros(settings.ADS_FLOOR_WON))
    facts = {"floor_won": floor // WON, "tick_won": BID_STEP // WON, "least_told": MIN_REPORTED}
    return render_form(request, access, "group_form", form=form, context=context | facts)
