"""Second step of an ad: which questions it answers to, and for how much."""

import uuid

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
    if request.method == "POST" and form.is_valid():
        group = _save(form, campaign)
        if group is not None:
            return redirect("portal:make_creative", desk.advertiser.public_id, group.public_id)
    return _show(request, desk, form, {"campaign": campaign, "step": 2})


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def change(request: HttpRequest, desk: Desk, group_id: uuid.UUID) -> HttpResponseBase:
    """Change an ad group's bid and keywords."""
    group = find_group(desk, group_id)
    form = AdGroupForm(request.POST or None, initial=group_values(group))
    if request.method == "POST" and form.is_valid() and _save(form, group.campaign, group):
        return redirect("portal:campaign", desk.advertiser.public_id, group.campaign.public_id)
    return _show(request, desk, form, {"campaign": group.campaign, "group": group})


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


def _save(form: AdGroupForm, campaign: Campaign, group: AdGroup | None = None) -> AdGroup | None:
    cleaned = form.cleaned_data
    plan = GroupPlan(
        name=cleaned["name"],
        default_bid_micros=cleaned["default_bid"],
        language=cleaned["language"],
        device=cleaned["device"],
        keywords=tuple(
            KeywordPlan(typed.text, match, typed.bid_micros)
            for match in Keyword.Match.values
            for typed in cleaned[match]
        ),
        negatives=tuple(typed.text for typed in cleaned["negatives"]),
    )
    try:
        return save_group(campaign=campaign, plan=plan, group=group)
    except RefusedError as error:
        form.add_error(error.field, str(error))
        return None


def _show(
    request: HttpRequest, desk: Desk, form: AdGroupForm, context: dict[str, object]
) -> HttpResponseBase:
    prices = {"floor_won": LEAST_BID // WON, "tick_won": TICK // WON}
    return show_form(request, desk, "group_form", form=form, context=context | prices)
