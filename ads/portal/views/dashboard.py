"""The way in, becoming an advertiser, and the advertiser's first page."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ads.campaigns.advertisers import register_advertiser
from ads.models import Campaign, Creative, Membership
from ads.portal.access import AdvertiserContext, member_required
from ads.portal.forms import AdvertiserForm
from ads.portal.metric_cards import build_metric_cards
from ads.portal.views.layout import read_period, render_page, spend_chart
from ads.reporting.csv_export import csv_response
from ads.reporting.figures import DayFigures, figures_by_day, today_and_yesterday, total
from ads.reporting.statements import read_balance


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """Lead a member to their access, let one of several choose, and tell everybody else what this is."""
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
def advertiser_create(request: HttpRequest) -> HttpResponse:
    """Make the logged-in person an advertiser."""
    form = AdvertiserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        advertiser = register_advertiser(
            name=form.cleaned_data["name"],
            owner_id=cast(int, request.user.pk),
            key=form.cleaned_data["key"],
        )
        return redirect("portal:dashboard", advertiser.public_id)
    return render(request, "ads/join.html", {"form": form})


@require_safe
@member_required
def dashboard(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """Show today against yesterday, the balance, and spend by day."""
    period = read_period(request)
    rows = figures_by_day(access.advertiser, period)
    here = reverse("portal:dashboard", args=[access.advertiser.public_id])
    context = {
        "cards": build_metric_cards(*today_and_yesterday(access.advertiser, timezone.now()), f"{here}#days"),
        "balance": read_balance(access.advertiser),
        "rows": rows,
        "total": total(rows),
        "chart": spend_chart(rows),
        "span": len(rows),
        "has_campaign": Campaign.objects.filter(advertiser=access.advertiser).exists(),
        "rejected": Creative.objects.filter(
            ad_group__campaign__advertiser=access.advertiser, review=Creative.Review.REJECTED, is_on=True
        ).select_related("ad_group__campaign")[:5],
    }
    return render_page(request, access, "dashboard", section="dashboard", context=context)


@require_safe
@member_required
def advertiser_days_csv(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """Give the days of the first page as a file."""
    return days_csv_response("days", figures_by_day(access.advertiser, read_period(request)))


def figure_headings() -> list[str]:
    """Return the heads of a file's columns of figures."""
    return [_("노출"), _("클릭"), _("무효 클릭"), _("클릭률"), _("쓴 돈(원)"), _("돌려받은 돈(원)")]


def days_csv_response(name: str, rows: list[DayFigures]) -> HttpResponse:
    """Return rows of days as a CSV file."""
    header = [_("날짜"), *figure_headings()]
    return csv_response(name, header, ([row.day.isoformat(), *row.figures.cells] for row in rows))
