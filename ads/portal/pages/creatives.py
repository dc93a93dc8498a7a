"""Third step of an ad: its words, with the card as people will see it, and off to review."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ads.campaigning import RefusedError
from ads.creatives import Words, draft_creative, revise_creative, submit_creative, switch_creative
from ads.models import AdGroup, Creative
from ads.portal.access import Desk, for_editors
from ads.portal.forms import CreativeForm, domain_of
from ads.portal.pages.frame import show_form
from ads.portal.pages.groups import find_group


def find_creative(desk: Desk, public_id: uuid.UUID) -> Creative:
    """Return this advertiser's creative; another's does not exist here."""
    creatives = Creative.objects.filter(public_id=public_id, ad_group__campaign__advertiser=desk.advertiser)
    creative = creatives.select_related("ad_group__campaign").first()
    if creative is None:
        raise Http404
    return creative


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def make(request: HttpRequest, desk: Desk, group_id: uuid.UUID) -> HttpResponseBase:
    """Write an ad's first version."""
    group = find_group(desk, group_id)
    form = CreativeForm(request.POST or None)
    if _is_to_be_kept(request) and form.is_valid():
        creative = draft_creative(ad_group=group, words=_words(form), key=form.cleaned_data["key"])
        return _finish(request, desk, creative)
    return _show(request, desk, form, group, {"step": 3})


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def change(request: HttpRequest, desk: Desk, creative_id: uuid.UUID) -> HttpResponseBase:
    """Change an ad: a draft in place, anything that was in review as its next version."""
    creative = find_creative(desk, creative_id)
    values = {name: getattr(creative, name) for name in CreativeForm.base_fields if name != "key"}
    form = CreativeForm(request.POST or None, initial=values)
    if _is_to_be_kept(request) and form.is_valid():
        return _finish(request, desk, revise_creative(creative=creative, words=_words(form)))
    return _show(request, desk, form, creative.ad_group, {"creative": creative})


@require_POST
@for_editors
def submit(request: HttpRequest, desk: Desk, creative_id: uuid.UUID) -> HttpResponseBase:
    """Send a draft to review."""
    creative = find_creative(desk, creative_id)
    try:
        submit_creative(creative=creative)
    except RefusedError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("검토를 요청했어요. 승인되면 바로 보이기 시작해요."))
    return _back(desk, creative.ad_group)


@require_POST
@for_editors
def switch(request: HttpRequest, desk: Desk, creative_id: uuid.UUID) -> HttpResponseBase:
    """Switch an ad on or off."""
    creative = find_creative(desk, creative_id)
    switch_creative(creative=creative, is_on=request.POST.get("is_on") == "yes")
    return _back(desk, creative.ad_group)


def _is_to_be_kept(request: HttpRequest) -> bool:
    return request.method == "POST" and "preview" not in request.POST


def _words(form: CreativeForm) -> Words:
    cleaned = form.cleaned_data
    return Words(
        title=cleaned["title"],
        body=cleaned["body"],
        landing_url=cleaned["landing_url"],
        display_domain=form.display_domain,
        is_ai_generated=cleaned["is_ai_generated"],
    )


def _finish(request: HttpRequest, desk: Desk, creative: Creative) -> HttpResponseBase:
    if "submit" in request.POST and creative.review == Creative.Review.DRAFT:
        submit_creative(creative=creative)
        messages.success(request, _("검토를 요청했어요. 승인되면 바로 보이기 시작해요."))
    return _back(desk, creative.ad_group)


def _back(desk: Desk, group: AdGroup) -> HttpResponse:
    return redirect("portal:campaign", desk.advertiser.public_id, group.campaign.public_id)


def _show(
    request: HttpRequest, desk: Desk, form: CreativeForm, group: AdGroup, context: dict[str, object]
) -> HttpResponseBase:
    typed = {name: form[name].value() or "" for name in ("title", "body", "landing_url", "is_ai_generated")}
    preview = typed | {
        "advertiser": desk.advertiser.name,
        "display_domain": domain_of(str(typed["landing_url"])),
    }
    context = context | {"campaign": group.campaign, "group": group, "preview": preview}
    return show_form(request, desk, "creative_form", form=form, context=context)
