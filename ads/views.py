"""The ad links of a browser: impression, click, hide, report; and the landing page of demo ads."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from ads.campaigns.creatives import find_demo_creative
from ads.events.event_requests import read_event_request
from ads.events.link_tokens import ExpiredTokenError, LinkPurpose, TokenError, verify_token
from ads.events.offers import find_offer, hide_offer, report_offer
from ads.events.receive import UnknownLandingError, receive_click, receive_impression
from ads.models import Complaint, Offer


# The signed token replaces the CSRF token: sendBeacon, which calls these, cannot send a header.
@csrf_exempt
@require_POST
def seen(request: HttpRequest, token: str) -> HttpResponse:
    """Count an impression."""
    try:
        receive_impression(token, read_event_request(request))
    except TokenError:
        return HttpResponse(status=410)
    return HttpResponse(status=204)


@require_safe
def click(request: HttpRequest, token: str) -> HttpResponse:
    """Settle a click and redirect to the landing page."""
    try:
        outcome = receive_click(token, read_event_request(request))
    except TokenError as error:
        raise Http404 from error
    except UnknownLandingError:
        # Rendered without the request, whose user is in the database.
        unavailable = HttpResponse(render_to_string("ads/public/destination_unavailable.html"), status=503)
        unavailable["Retry-After"] = "5"
        return unavailable
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
    """Hide an ad and its campaign from a person for the rest of the day."""
    offer = _offer_of(token)
    hide_offer(offer, at=timezone.now())
    return JsonResponse({"hidden": True, "message": _("오늘은 이 광고를 더 보여 드리지 않아요.")})


@csrf_exempt
@require_POST
def report_ad(request: HttpRequest, token: str) -> HttpResponse:
    """Save a complaint about an ad and hide its campaign from the person for the rest of the day."""
    offer = _offer_of(token)
    reason = request.POST.get("reason", Complaint.Reason.OTHER)
    if reason not in Complaint.Reason.values:
        return JsonResponse({"error": "unknown_reason"}, status=400)
    report_offer(offer, reason=reason, at=timezone.now())
    return JsonResponse({"reported": True, "message": _("알려 주셔서 고마워요. 사람이 살펴볼게요.")})


@require_safe
def demo_landing(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the landing page of a demo ad, which says that its advertiser is fictional."""
    creative = find_demo_creative(slug)
    if creative is None:
        raise Http404
    advertiser = creative.ad_group.campaign.advertiser
    return render(request, "ads/public/demo_landing.html", {"creative": creative, "advertiser": advertiser})


def _offer_of(token: str) -> Offer:
    try:
        offer_id = verify_token(token, LinkPurpose.FEEDBACK, at=timezone.now())
    except ExpiredTokenError as error:
        # An ad in an old conversation can still be hidden or reported; no money depends on it.
        offer_id = error.offer
    except TokenError as error:
        raise Http404 from error
    offer = find_offer(offer_id)
    if offer is None:
        raise Http404
    return offer
