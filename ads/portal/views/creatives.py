"""Third step of an ad: its words, with the card as people will see it, and off to review."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
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
from ads.models import AdGroup, Creative
from ads.portal.access import AdvertiserContext, editor_required
from ads.portal.forms import CreativeForm, domain_of
from ads.portal.views.ad_groups import find_group
from ads.portal.views.layout import render_form


def find_creative(access: AdvertiserContext, public_id: uuid.UUID) -> Creative:
    """Return this advertiser's creative; another's does not exist here."""
    creatives = Creative.objects.filter(public_id=public_id, ad_group__campaign__advertiser=access.advertiser)
    creative = creatives.select_related("ad_group__campaign").first()
    if creative is None:
        raise Http404
    return creative


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def creative_create(request: HttpRequest, access: AdvertiserContext, group_id: uuid.UUID) -> HttpResponseBase:
    """Write an ad's first version."""
    group = find_group(access, group_id)
    form = CreativeForm(request.POST or None)
    if _is_save(request) and form.is_valid():
        creative = draft_creative(ad_group=group, words=_words(form), key=form.cleaned_data["key"])
        return _finish(request, access, creative)
    return _render(request, access, form, group, {"step": 3})


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def creative_edit(
    request: HttpRequest, access: AdvertiserContext, creative_id: uuid.UUID
) -> HttpResponseBase:
    """Change an ad: a draft in place, anything that was in review as its next version."""
    creative = find_creative(access, creative_id)
    values = {name: getattr(creative, name) for name in CreativeForm.base_fields if name != "key"}
    form = CreativeForm(request.POST or None, initial=values)
    if _is_save(request) and form.is_valid():
        return _finish(request, access, update_creative(creative=creative, words=_words(form)))
    return _render(request, access, form, creative.ad_group, {"creative": creative})


@require_POST
@editor_required
def creative_submit(
    request: HttpRequest, access: AdvertiserContext, creative_id: uuid.UUID
) -> HttpResponseBase:
    """Send a draft to review."""
    creative = find_creative(access, creative_id)
    try:
        submit_creative(creative=creative)
    except InvalidChangeError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("검토를 요청했어요. 승인되면 바로 보이기 시작해요."))
    return _redirect_to_campaign(access, creative.ad_group)


@require_POST
@editor_required
def creative_switch(
    request: HttpRequest, access: AdvertiserContext, creative_id: uuid.UUID
) -> HttpResponseBase:
    """Switch an ad on or off."""
    creative = find_creative(access, creative_id)
    set_creative_enabled(creative=creative, is_on=request.POST.get("is_on") == "yes")
    return _redirect_to_campaign(access, creative.ad_group)


def _is_save(request: HttpRequest) -> bool:
    return request.method == "POST" and "preview" not in request.POST


def _words(form: CreativeForm) -> CreativeContent:
    cleaned = form.cleaned_data
    return CreativeContent(
        title=cleaned["title"],
        body=cleaned["body"],
        landing_url=cleaned["landing_url"],
        display_domain=form.display_domain,
        is_ai_generated=cleaned["is_ai_generated"],
    )


def _finish(request: HttpRequest, access: AdvertiserContext, creative: Creative) -> HttpResponseBase:
    if "submit" in request.POST and creative.review == Creative.Review.DRAFT:
        submit_creative(creative=creative)
        messages.success(request, _("검토를 요청했어요. 승인되면 바로 보이기 시작해요."))
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
    context = context | {"campaign": group.campaign, "group": group, "preview": preview}
    return render_form(request, access, "creative_form", form=form, context=context)
