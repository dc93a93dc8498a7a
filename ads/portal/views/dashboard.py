"""The landing page of the portal, registering an advertiser, and the advertiser's dashboard."""

from dataclasses import dataclass
from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ads.campaigns.advertisers import register_advertiser
from ads.domain.money import WON
from ads.portal.access import AdvertiserContext, member_required
from ads.portal.forms import AdvertiserForm
from ads.portal.views.layout import read_period, render_page
from ads.reporting.advertiser_inventory import campaigns_of, list_memberships, list_rejected_creatives
from ads.reporting.csv_export import csv_response
from ads.reporting.figures import DayFigures, Figures, figures_by_day, sum_figures, today_and_yesterday
from ads.reporting.statements import read_balance
from ui.charts import Chart, Series
from ui.won import render_won


@dataclass(frozen=True, slots=True)
class MetricCard:
    """One number of today, its change since yesterday at the same time, and a link to its rows."""

    label: str
    value: str
    change: str
    link: str


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """Redirect the member of one advertiser, let members of several choose, and describe ads to others."""
    memberships = list_memberships(request.user.pk) if request.user.is_authenticated else []
    if len(memberships) == 1:
        return redirect("portal:dashboard", memberships[0].advertiser.public_id)
    return render(request, "ads/welcome.html", {"memberships": memberships})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def advertiser_create(request: HttpRequest) -> HttpResponse:
    """Register an advertiser with the current account as its owner."""
    form = AdvertiserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        advertiser = register_advertiser(
            name=form.cleaned_data["name"], owner_id=cast(int, request.user.pk), key=form.cleaned_data["key"]
        )
        return redirect("portal:dashboard", advertiser.public_id)
    return render(request, "ads/join.html", {"form": form})


@require_safe
@member_required
def dashboard(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """Show today compared with yesterday, the balance, and the figures of each day."""
    rows = figures_by_day(access.advertiser, read_period(request))
    here = reverse("portal:dashboard", args=[access.advertiser.public_id])
    context = {
        "cards": _metric_cards(*today_and_yesterday(access.advertiser, timezone.now()), f"{here}#days"),
        "balance": read_balance(access.advertiser),
        "rows": rows,
        "total": sum_figures(rows),
        "chart": build_spend_chart(rows),
        "span": len(rows),
        "has_campaign": campaigns_of(access.advertiser).exists(),
        "rejected": list_rejected_creatives(access.advertiser),
    }
    return render_page(request, access, "ads/dashboard.html", section="dashboard", context=context)


@require_safe
@member_required
def advertiser_days_csv(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """Return the days of the dashboard as a CSV file."""
    return days_csv_response("days", figures_by_day(access.advertiser, read_period(request)))


def figure_headings() -> list[str]:
    """Return the headings of a CSV file's columns of figures."""
    return [_("노출"), _("클릭"), _("무효 클릭"), _("클릭률"), _("광고비(원)"), _("환급액(원)")]


def days_csv_response(name: str, rows: list[DayFigures]) -> HttpResponse:
    """Return the figures of days as a CSV file."""
    header = [_("날짜"), *figure_headings()]
    return csv_response(name, header, ([row.day.isoformat(), *row.figures.cells] for row in rows))


def build_spend_chart(rows: list[DayFigures]) -> Chart:
    """Return a bar chart of the spend in won, oldest day first, from rows with the newest day first."""
    days = list(reversed(rows))
    spend = Series(_("광고비"), tuple(row.figures.spend_micros / WON for row in days))
    titles = tuple(row.day.isoformat() for row in days)
    return Chart("bar", titles, (spend,), ticks=tuple(f"{row.day.month}/{row.day.day}" for row in days))


def _metric_cards(today: Figures, yesterday: Figures, link: str) -> list[MetricCard]:
    return [
        MetricCard(
            _("오늘 광고비"),
            render_won(today.spend_micros),
            _describe_change(today.spend_micros, yesterday.spend_micros),
            link,
        ),
        MetricCard(
            _("노출"),
            f"{today.impressions:,}",
            _describe_change(today.impressions, yesterday.impressions),
            link,
        ),
        MetricCard(_("클릭"), f"{today.clicks:,}", _describe_change(today.clicks, yesterday.clicks), link),
        MetricCard(
            _("클릭률"),
            today.click_rate_text or "–",
            _describe_rate_change(today.click_rate, yesterday.click_rate),
            link,
        ),
    ]


def _describe_change(now: int, before: int) -> str:
    if now == before:
        return _("어제 이 시각과 같아요")
    if not before:
        return _("어제 이 시각에는 0")
    return _("어제 이 시각보다 %(change)s") % {"change": f"{(now - before) / before:+.0%}"}


def _describe_rate_change(now: float | None, before: float | None) -> str:
    """Return the change of a rate in percentage points."""
    if now is None or before is None:
        return _("아직 비교할 기록이 없어요")
    return _("어제 이 시각보다 %(change)s%%p") % {"change": f"{(now - before) * 100:+.2f}"}
