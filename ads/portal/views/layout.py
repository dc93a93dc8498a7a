"""What every page of the console has around it."""

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from ads.domain.money import WON
from ads.portal.access import AdvertiserContext
from ads.reporting.figures import DayFigures, Period
from ui.charts import Chart, Series

PERIOD_DAYS = (7, 30, 90)
DEFAULT_PERIOD_DAYS = 30


def render_page(
    request: HttpRequest,
    access: AdvertiserContext,
    page: str,
    *,
    section: str,
    context: dict[str, object],
    status: int = 200,
) -> HttpResponse:
    """Render a page of the console inside its frame."""
    frame = {"access": access, "advertiser": access.advertiser, "section": section}
    return render(request, f"ads/{page}.html", frame | context, status=status)


def render_form(
    request: HttpRequest, access: AdvertiserContext, page: str, *, form: Form, context: dict[str, object]
) -> HttpResponse:
    """Render a form of a campaign; one that was refused answers 422, so that scripts can tell too."""
    status = 422 if form.is_bound and form.errors else 200
    return render_page(
        request, access, page, section="campaigns", context=context | {"form": form}, status=status
    )


def read_period(request: HttpRequest) -> Period:
    """Return the stretch of days that the address asks for; what makes no sense is the usual one."""
    asked = request.GET.get("days", "")
    span = int(asked) if asked.isdecimal() and len(asked) < 4 else DEFAULT_PERIOD_DAYS
    return Period.until_today(span if span in PERIOD_DAYS else DEFAULT_PERIOD_DAYS)


def spend_chart(rows: list[DayFigures]) -> Chart:
    """Return the spend of each day in won as bars, oldest first, from rows that begin with the newest."""
    days = list(reversed(rows))
    spend = Series(_("쓴 돈"), tuple(row.figures.spend_micros / WON for row in days))
    titles = tuple(row.day.isoformat() for row in days)
    return Chart("bar", titles, (spend,), ticks=tuple(f"{row.day.month}/{row.day.day}" for row in days))
