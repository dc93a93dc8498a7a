"""What a browser does with an ad: look, click, hide, complain. Decodes, calls one function, answers."""

import ipaddress

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe

from ads.events.clicks import UnknownLandingError, receive_click, receive_impression
from ads.events.event_requests import EventRequest
from ads.events.frequency_caps import FrequencyCaps
from ads.events.link_tokens import ExpiredTokenError, LinkPurpose, TokenError, verify_token
from ads.events.offers import mark_hidden, save_complaint
from ads.models import Complaint, Creative, Offer


def read_event_request(request: HttpRequest) -> EventRequest:
    """Return what judging a visit needs of its request."""
    headers = request.headers
    return EventRequest(
        method=request.method or "",
        agent=headers.get("User-Agent", ""),
        address=client_address(request),
        purpose=" ".join(
            headers.get(name, "") for name in ("Sec-Purpose", "LinkPurpose", "X-Moz", "X-Purpose")
        ),
        at=timezone.now(),
    )


def client_address(request: HttpRequest) -> str:
    """Return the address of the visitor, as the proxies that are trusted report it."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    trusted = settings.TRUSTED_PROXY_COUNT
    address = hops[-trusted] if trusted and len(hops) >= trusted else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return ""


# A signed token stands for the form's own: these are called by sendBeacon, which cannot carry a header.
@csrf_exempt
@require_POST
def seen(request: HttpRequest, token: str) -> HttpResponse:
    """Count that an ad was seen."""
    try:
        receive_impression(token, read_event_request(request))
    except TokenError:
        return HttpResponse(status=410)
    return HttpResponse(status=204)


@require_safe
def click(request: HttpRequest, token: str) -> HttpResponse:
    """Settle a click and lead on to the advertiser."""
    try:
        outcome = receive_click(token, read_event_request(request))
    except TokenError as error:
        raise Http404 from error
    except UnknownLandingError:
        # Without the request: who is asking is in the database.
        sorry = HttpResponse(render_to_string("ads/public/destination_unavailable.html"), status=503)
        sorry["Retry-After"] = "5"
        return sorry
    if outcome is None:
        raise Http404
    redirect = HttpResponseRedirect(outcome.url)
    redirect["Cache-Control"] = "no-store"
    redirect["Referrer-Policy"] = "origin"
    redirect["X-Robots-Tag"] = "noindex"
    return redirect


@csrf_exempt
@require_POST
def hide_ad(request: HttpRequest, token: str) -> HttpResponse:
    """Keep an ad's campaign away from a person for the rest of the day."""
    offer = _offer_of(token)
    mark_hidden(offer, at=timezone.now())
    _cap_campaign(offer)
    return JsonResponse({"hidden": True, "message": _("오늘은 이 광고를 더 보여 드리지 않아요.")})


@csrf_exempt
@require_POST
def report_ad(request: HttpRequest, token: str) -> HttpResponse:
    """Keep a complaint about an ad, and its campaign away from whoever complains for the rest of the day."""
    offer = _offer_of(token)
    reason = request.POST.get("reason", Complaint.Reason.OTHER)
    if reason not in Complaint.Reason.values:
        return JsonResponse({"error": "unknown_reason"}, status=400)
    save_complaint(offer, reason=reason)
    _cap_campaign(offer)
    return JsonResponse({"reported": True, "message": _("알려 주셔서 고마워요. 사람이 살펴볼게요.")})


@require_GET
def demo_landing(request: HttpRequest, slug: str) -> HttpResponse:
    """Show where a demo ad leads: a page that says that its advertiser is invented."""
    creative = (
        Creative.objects.select_related("ad_group__campaign__advertiser")
        .filter(landing_url=f"/ads/demo/{slug}/")
        .order_by("-version")
        .first()
    )
    if creative is None:
        raise Http404
    advertiser = creative.ad_group.campaign.advertiser
    return render(request, "ads/public/demo_landing.html", {"creative": creative, "advertiser": advertiser})


def _offer_of(token: str) -> Offer:
    try:
        offer_id = verify_token(token, LinkPurpose.FEEDBACK, at=timezone.now())
    except ExpiredTokenError as error:
        # Whoever reads an old conversation may still be rid of its ad: signed by us, and no money moves.
        offer_id = error.offer
    except TokenError as error:
        raise Http404 from error
    return get_object_or_404(Offer, pk=offer_id)


def _cap_campaign(offer: Offer) -> None:
    FrequencyCaps(offer.frequency_key, at=timezone.now()).record_hidden(offer.campaign_id)
