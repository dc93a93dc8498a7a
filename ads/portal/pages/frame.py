"""What every page of the console has around it."""

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ads.money import WON
from ads.portal.access import Desk
from ads.portal.chart import Chart, draw_bars
from ads.portal.figures import DayRow, Period

SPANS = (7, 30, 90)
USUAL_SPAN = 30


def show(
    request: HttpRequest,
    desk: Desk,
    page: str,
    *,
    section: str,
    context: dict[str, object],
    status: int = 200,
) -> HttpResponse:
    """Render a page of the console inside its frame."""
    frame = {"desk": desk, "advertiser": desk.advertiser, "section": section}
    return render(request, f"ads/{page}.html", frame | context, status=status)


def show_form(
    request: HttpRequest, desk: Desk, page: str, *, form: Form, context: dict[str, object]
) -> HttpResponse:
    """Render a form of a campaign; one that was refused answers 422, so that scripts can tell too."""
    status = 422 if form.is_bound and form.errors else 200
    return show(request, desk, page, section="campaigns", context=context | {"form": form}, status=status)


def read_period(request: HttpRequest) -> Period:
    """Return the stretch of days that the address asks for; what makes no sense is the usual one."""
    asked = request.GET.get("days", "")
    span = int(asked) if asked.isdecimal() and len(asked) < 4 else USUAL_SPAN
    return Period.until_today(span if span in SPANS else USUAL_SPAN)


def draw_spend(rows: list[DayRow]) -> Chart:
    """Return the spend of each day, oldest first, as a chart in won."""
    return draw_bars([(row.day, row.figures.spend_micros / WON) for row in reversed(rows)])
