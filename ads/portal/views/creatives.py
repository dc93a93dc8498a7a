"""The form of a creative, with a preview of the ad, and submitting it for review."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
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
from ads.portal.fields import domain_of
from ads.portal.forms import CreativeForm
from ads.portal.views.layout import announce_state, is_save, is_switched_on, render_form


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def creative_create(request: HttpRequest, access: AdvertiserContext, group_id: UUID) -> HttpResponseBase:
    """Step 3 of a new ad: create the first version of its creative."""
    group = find_ad_group(access, group_id)
    form = CreativeForm(request.POST or None, initial={"landing_url": group.campaign.landing_url})
    if is_save(request, except_button="preview") and form.is_valid():
        creative = draft_creative(ad_group=group, words=_read_content(form), key=form.cleaned_data["key"])
        return _submit_and_redirect(request, access, creative)
    return _render(request, access, form, group, {})


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def creative_edit(request: HttpRequest, access: AdvertiserContext, creative_id: UUID) -> HttpResponseBase:
    """Edit a creative: a draft in place, a submitted version as the next one."""
    creative = find_creative(access, creative_id)
    values = {name: getattr(creative, name) for name in CreativeForm.base_fields if name != "key"}
    form = CreativeForm(request.POST or None, initial=values)
    if is_save(request, except_button="preview") and form.is_valid():
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
    return render_form(request, access, "ads/creative_form.html", form=form, context=context)
