"""The way in, becoming an advertiser, and the advertiser's first page."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ads.members import register_advertiser
from ads.models import Campaign, Creative, Membership
from ads.portal.access import Desk, for_members
from ads.portal.cards import make_cards
from ads.portal.export import answer_csv
from ads.portal.figures import DayRow, by_day, so_far, total
from ads.portal.forms import JoinForm
from ads.portal.pages.frame import draw_spend, read_period, show
from ads.portal.statement import read_balance


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """Lead a member to their desk, let one of several choose, and tell everybody else what this is."""
    memberships = list(
        Membership.objects.filter(member_id=request.user.pk).select_related("advertiser").order_by("pk")
        if request.user.is_authenticated
        else ()
    )
    if len(memberships) == 1:
        return redirect("portal:dashboard", memberships[0].advertiser.public_id)
    return render(request, "ads/welcome.html", {"memberships": memberships})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Make the logged-in person an advertiser."""
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        advertiser = register_advertiser(
            name=form.cleaned_data["name"],
            owner_id=cast(int, request.user.pk),
            key=form.cleaned_data["key"],
        )
        return redirect("portal:dashboard", advertiser.public_id)
    return render(request, "ads/join.html", {"form": form})


@require_safe
@for_members
def dashboard(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Show today against yesterday, the balance, and spend by day."""
    period = read_period(request)
    rows = by_day(desk.advertiser, period)
    here = reverse("portal:dashboard", args=[desk.advertiser.public_id])
    context = {
        "cards": make_cards(*so_far(desk.advertiser, timezone.now()), f"{here}#days"),
        "balance": read_balance(desk.advertiser),
        "rows": rows,
        "total": total(rows),
        "chart": draw_spend(rows),
        "span": len(rows),
        "has_campaign": Campaign.objects.filter(advertiser=desk.advertiser).exists(),
        "rejected": Creative.objects.filter(
            ad_group__campaign__advertiser=desk.advertiser, review=Creative.Review.REJECTED, is_on=True
        ).select_related("ad_group__campaign")[:5],
    }
    return show(request, desk, "dashboard", section="dashboard", context=context)


@require_safe
@for_members
def download_days(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Give the days of the first page as a file."""
    return answer_days("days", by_day(desk.advertiser, read_period(request)))


def figure_heads() -> list[str]:
    """Return the heads of a file's columns of figures."""
    return [_("노출"), _("클릭"), _("무효 클릭"), _("클릭률"), _("쓴 돈(원)"), _("돌려받은 돈(원)")]


def answer_days(name: str, rows: list[DayRow]) -> HttpResponse:
    """Return rows of days as a CSV file."""
    header = [_("날짜"), *figure_heads()]
    return answer_csv(name, header, ([row.day.isoformat(), *row.figures.cells] for row in rows))
