"""What the portal's views share: rendering a page, a form or a conflict, and reading request parameters."""

from collections.abc import Mapping

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from ads.models import Campaign
from ads.portal.access import AdvertiserContext
from ads.reporting.campaign_state import StateCode, find_campaign_states
from ads.reporting.figures import Period
from ads.reporting.statements import read_balance

PERIOD_DAYS = (7, 30, 90)
DEFAULT_PERIOD_DAYS = 30


def render_page(
    request: HttpRequest,
    access: AdvertiserContext,
    template: str,
    *,
    section: str,
    context: Mapping[str, object],
    status: int = 200,
) -> HttpResponse:
    """Render a page of the portal; `section` marks the current link of the navigation."""
    layout = {"access": access, "advertiser": access.advertiser, "section": section}
    return render(request, template, layout | dict(context), status=status)


def render_form(
    request: HttpRequest,
    access: AdvertiserContext,
    template: str,
    *,
    section: str = "campaigns",
    form: Form,
    context: Mapping[str, object],
) -> HttpResponse:
    """Render a page with a form; the status is 422 when the form was sent and has errors."""
    status = 422 if form.is_bound and form.errors else 200
    context = {**context, "form": form}
    return render_page(request, access, template, section=section, context=context, status=status)


def render_conflict(
    request: HttpRequest,
    access: AdvertiserContext,
    message: str,
    *,
    section: str,
    campaign: Campaign | None = None,
) -> HttpResponse:
    """Render why a change was refused, with status 409."""
    context: dict[str, object] = {"error": message, "campaign": campaign}
    return render_page(request, access, "ads/conflict.html", section=section, context=context, status=409)


def announce_state(request: HttpRequest, access: AdvertiserContext, campaign: Campaign) -> None:
    """Tell the person what a change of a campaign led to: its state now, with what is still missing."""
    states = find_campaign_states(access.advertiser, [campaign.pk], read_balance(access.advertiser))
    state = states[campaign.pk]
    if state.code == StateCode.RUNNING:
        messages.success(request, _("시작했어요. 몇 초 안에 보이기 시작해요."))
        return
    is_fine = state.code in (StateCode.IN_REVIEW, StateCode.SCHEDULED) and state.next_step is None
    add = messages.success if is_fine else messages.warning
    add(request, _("%(state)s: %(detail)s") % {"state": state.label, "detail": state.detail})


def is_save(request: HttpRequest, *, except_button: str) -> bool:
    """Return whether a form is sent to be saved, and not with a button that only shows something."""
    return request.method == "POST" and except_button not in request.POST


def is_switched_on(request: HttpRequest) -> bool:
    """Return which way an on/off button was pressed."""
    return request.POST.get("is_on") == "yes"


def read_number(text: str, *, max_digits: int) -> int | None:
    """Return the whole number that a request parameter holds, or None."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= max_digits else None


def read_period(request: HttpRequest) -> Period:
    """Return the days chosen by the `days` parameter, or the default for any other value."""
    days = read_number(request.GET.get("days", ""), max_digits=3)
    return Period.until_today(days if days in PERIOD_DAYS else DEFAULT_PERIOD_DAYS)
