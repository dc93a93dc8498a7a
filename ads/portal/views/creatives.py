"""The form of a creative, with a preview of the ad, and submitting it for review."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ads.campaigns.creatives import (
    CreativeContent,
    draft_creative,
    set_creative_enabled,
    submit_creative,
    update_creative,
)
from ads.campaigns.errors import InvalidChangeError
from ads.models import AdGroup, Campaign, Creative
from ads.portal.access import AdvertiserContext, editor_required, find_ad_group, find_creative
from ads.portal.campaign_steps import AD, list_wizard_steps
from ads.portal.fields import LandingUrlField, domain_of
from ads.portal.forms import CreativeForm
from ads.portal.landing_page import read_landing_page, suggest_copy
from ads.portal.views.layout import announce_state, is_save, is_switched_on, render_form

# Buttons that help to write and save nothing.
HELP_BUTTONS = frozenset({"suggest", "use_title", "use_body"})


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def creative_create(request: HttpRequest, access: AdvertiserContext, group_id: UUID) -> HttpResponseBase:
    """Step 3 of a new ad: create the first version of its creative."""
    group = find_ad_group(access, group_id)
    form = _read_form(request, {"landing_url": group.campaign.landing_url})
    if _is_saved(request) and form.is_valid():
        creative = draft_creative(ad_group=group, words=_read_content(form), key=form.cleaned_data["key"])
        return _submit_and_redirect(request, access, creative)
    return _render(request, access, form, group, {})


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def creative_edit(request: HttpRequest, access: AdvertiserContext, creative_id: UUID) -> HttpResponseBase:
    """Edit a creative: a draft in place, a submitted version as the next one."""
    creative = find_creative(access, creative_id)
    values = {name: getattr(creative, name) for name in CreativeForm.base_fields if name != "key"}
    form = _read_form(request, values)
    if _is_saved(request) and form.is_valid():
        updated = update_creative(creative=creative, words=_read_content(form))
        return _submit_and_redirect(request, access, updated)
    return _render(request, access, form, creative.ad_group, {"creative": creative})


@require_POST
@editor_required
def creative_submit(request: HttpRequest, access: AdvertiserContext, creative_id: UUID) -> HttpResponseBase:
    """Submit a draft for review."""
    creative = find_creative(access, creative_id)
    try:
        submit_creative(creative=creative)
    except InvalidChangeError as error:
        messages.warning(request, str(error))
    else:
        announce_state(request, access, creative.ad_group.campaign)
    return _redirect_to_campaign(access, creative.ad_group)


@require_POST
@editor_required
def creative_switch(request: HttpRequest, access: AdvertiserContext, creative_id: UUID) -> HttpResponseBase:
    """Switch a creative on or off."""
    creative = find_creative(access, creative_id)
    set_creative_enabled(creative=creative, is_on=is_switched_on(request))
    return _redirect_to_campaign(access, creative.ad_group)


def _is_saved(request: HttpRequest) -> bool:
    return is_save(request, except_button="preview") and HELP_BUTTONS.isdisjoint(request.POST)


def _read_form(request: HttpRequest, initial: dict[str, object]) -> CreativeForm:
    """Return the form; a button of the copy help keeps what was typed without checking it."""
    params = request.POST
    if request.method != "POST" or HELP_BUTTONS.isdisjoint(params):
        return CreativeForm(params or None, initial=initial)
    typed: dict[str, object] = {
        name: params.get(name, "") for name in ("key", "title", "body", "landing_url")
    }
    used = {name: params[f"use_{name}"] for name in ("title", "body") if f"use_{name}" in params}
    return CreativeForm(initial={**typed, **used, "is_ai_generated": "is_ai_generated" in params})


def _copy_help(request: HttpRequest, form: CreativeForm) -> dict[str, object]:
    """Return ideas from the landing page; it is read on request, and when a new form opens with it."""
    url = str(form["landing_url"].value() or "")
    is_requested = "suggest" in request.POST
    context: dict[str, object] = {"reads_pages": settings.ADS_READ_LANDING_PAGES}
    try:
        url = LandingUrlField().clean(url)
    except ValidationError as error:
        return context | ({"page_error": error.messages[0]} if is_requested else {})
    page = read_landing_page(
        url, account_id=int(request.user.pk or 0), may_connect=is_requested or request.method != "POST"
    )
    if page is not None and (page.title or page.description):
        return context | {"copy_ideas": suggest_copy(page)}
    failed = _("페이지를 읽지 못했어요. 문구를 직접 적어 주세요.")
    return context | ({"page_error": failed} if is_requested else {})


def _read_content(form: CreativeForm) -> CreativeContent:
    cleaned = form.cleaned_data
    return CreativeContent(
        title=cleaned["title"],
        body=cleaned["body"],
        landing_url=cleaned["landing_url"],
        display_domain=form.display_domain,
        is_ai_generated=cleaned["is_ai_generated"],
    )


def _submit_and_redirect(
    request: HttpRequest, access: AdvertiserContext, creative: Creative
) -> HttpResponseBase:
    # A form sent twice may find its creative submitted already.
    if "submit" in request.POST and creative.review == Creative.Review.DRAFT:
        submit_creative(creative=creative)
        announce_state(request, access, creative.ad_group.campaign)
    if "next" in request.POST:
        campaign = creative.ad_group.campaign
        return redirect("portal:fund_campaign", access.advertiser.public_id, campaign.public_id)
    return _redirect_to_campaign(access, creative.ad_group)


def _redirect_to_campaign(access: AdvertiserContext, group: AdGroup) -> HttpResponse:
    return redirect("portal:campaign", access.advertiser.public_id, group.campaign.public_id)


def _render(
    request: HttpRequest,
    access: AdvertiserContext,
    form: CreativeForm,
    group: AdGroup,
    context: dict[str, object],
) -> HttpResponseBase:
    typed = {name: form[name].value() or "" for name in ("title", "body", "landing_url", "is_ai_generated")}
    preview = typed | {
        "advertiser": access.advertiser.name,
        "display_domain": domain_of(str(typed["landing_url"])),
    }
    is_draft = group.campaign.status == Campaign.Status.DRAFT
    steps = list_wizard_steps(access, group.campaign, AD) if is_draft else []
    context = context | {"campaign": group.campaign, "group": group, "preview": preview, "steps": steps}
    context = context | _copy_help(request, form)
    return render_form(request, access, "ads/creative_form.html", form=form, context=context)
