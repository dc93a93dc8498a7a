"""Second step of an ad: which questions it answers to, and for how much."""

import logging
import uuid

import redis
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ads.campaigning import GroupPlan, KeywordPlan, RefusedError, save_group, switch_group
from ads.models import AdGroup, Campaign, Keyword
from ads.money import LEAST_BID, TICK, WON
from ads.portal.access import Desk, for_editors
from ads.portal.fields import TypedKeyword
from ads.portal.forms import AdGroupForm
from ads.portal.pages.campaigns import find_campaign
from ads.portal.pages.frame import show_form
from ads.selection.bids_seen import floor_of
from ads.selection.reach import LEAST_TOLD, Reach, estimate_reach

logger = logging.getLogger(__name__)


def find_group(desk: Desk, public_id: uuid.UUID) -> AdGroup:
    """Return this advertiser's ad group; another's does not exist here."""
    groups = AdGroup.objects.filter(public_id=public_id, campaign__advertiser=desk.advertiser)
    group = groups.select_related("campaign").first()
    if group is None:
        raise Http404
    return group


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def make(request: HttpRequest, desk: Desk, campaign_id: uuid.UUID) -> HttpResponseBase:
    """Make an ad group, then go on to its ad."""
    campaign = find_campaign(desk, campaign_id)
    values = {
        "name": _("그룹 %(number)s") % {"number": campaign.ad_groups.count() + 1},
        "default_bid": 100 * WON,
    }
    form = AdGroupForm(request.POST or None, initial=values)
    if _is_to_be_kept(request) and form.is_valid():
        group = _save(form, campaign)
        if group is not None:
            return redirect("portal:make_creative", desk.advertiser.public_id, group.public_id)
    reach = _estimate(_plan_of(form), campaign) if form.is_bound else None
    return _show(request, desk, form, {"campaign": campaign, "step": 2, "reach": reach})


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def change(request: HttpRequest, desk: Desk, group_id: uuid.UUID) -> HttpResponseBase:
    """Change an ad group's bid and keywords."""
    group = find_group(desk, group_id)
    form = AdGroupForm(request.POST or None, initial=group_values(group))
    if _is_to_be_kept(request) and form.is_valid() and _save(form, group.campaign, group):
        return redirect("portal:campaign", desk.advertiser.public_id, group.campaign.public_id)
    reach = _estimate(_plan_of(form) if form.is_bound else plan_kept(group), group.campaign)
    return _show(request, desk, form, {"campaign": group.campaign, "group": group, "reach": reach})


@require_POST
@for_editors
def switch(request: HttpRequest, desk: Desk, group_id: uuid.UUID) -> HttpResponseBase:
    """Switch an ad group on or off."""
    group = find_group(desk, group_id)
    switch_group(group=group, is_on=request.POST.get("is_on") == "yes")
    return redirect("portal:campaign", desk.advertiser.public_id, group.campaign.public_id)


def group_values(group: AdGroup) -> dict[str, object]:
    """Return what the form shows for a group that exists."""
    keywords = list(group.keywords.order_by("text"))
    boxes = {
        match: [TypedKeyword(each.text, each.bid_micros) for each in keywords if each.match == match]
        for match in Keyword.Match.values
    }
    return {
        "name": group.name,
        "default_bid": group.default_bid_micros,
        "language": group.language,
        "device": group.device,
        "negatives": [TypedKeyword(each.text) for each in group.negative_keywords.order_by("text")],
        **boxes,
    }


def plan_kept(group: AdGroup) -> GroupPlan:
    """Return the plan that a group is in line with, but for the keywords that are off."""
    return GroupPlan(
        name=group.name,
        default_bid_micros=group.default_bid_micros,
        language=group.language,
        device=group.device,
        keywords=tuple(
            KeywordPlan(keyword.text, keyword.match, keyword.bid_micros)
            for keyword in group.keywords.filter(is_on=True)
        ),
        negatives=tuple(group.negative_keywords.values_list("text", flat=True)),
    )


def _is_to_be_kept(request: HttpRequest) -> bool:
    return request.method == "POST" and "estimate" not in request.POST


def _estimate(plan: GroupPlan, campaign: Campaign) -> Reach | None:
    whole = campaign.negative_keywords.filter(ad_group=None).values_list("text", flat=True)
    try:
        return estimate_reach(plan, negatives=whole)
    except redis.RedisError:
        # Keywords can be saved all the same.
        logger.warning("no estimate of reach: the quick memory is away")
        return None


def _plan_of(form: AdGroupForm) -> GroupPlan:
    # Of a form that is not in order, what is in order is planned with.
    form.is_valid()
    cleaned = form.cleaned_data
    return GroupPlan(
        name=cleaned.get("name", ""),
        default_bid_micros=cleaned.get("default_bid", 0),
        language=cleaned.get("language", AdGroup.Language.ANY),
        device=cleaned.get("device", AdGroup.Device.ANY),
        keywords=tuple(
            KeywordPlan(typed.text, match, typed.bid_micros)
            for match in Keyword.Match.values
            for typed in cleaned.get(match, ())
        ),
        negatives=tuple(typed.text for typed in cleaned.get("negatives", ())),
    )


def _save(form: AdGroupForm, campaign: Campaign, group: AdGroup | None = None) -> AdGroup | None:
    try:
        return save_group(campaign=campaign, plan=_plan_of(form), group=group, key=form.cleaned_data["key"])
    except RefusedError as error:
        form.add_error(error.field, str(error))
        return None


def _show(
    request: HttpRequest, desk: Desk, form: AdGroupForm, context: dict[str, object]
) -> HttpResponseBase:
    # A lower bid than the house asks for may be kept, but never wins.
    floor = max(LEAST_BID, floor_of(settings.ADS_FLOOR_WON))
    facts = {"floor_won": floor // WON, "tick_won": TICK // WON, "least_told": LEAST_TOLD}
    return show_form(request, desk, "group_form", form=form, context=context | facts)
