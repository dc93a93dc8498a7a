"""The history of the daily budget in the admin."""

import datetime as dt
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.timesince import timeuntil
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from aggregator.admin.read_only import ReadOnlyAdmin, format_won
from aggregator.models import (
    DayPoint,
)
from aggregator.selectors.budget_history import read_budget_history


@admin.register(DayPoint)
class DayPointAdmin(ReadOnlyAdmin):
    """The day's curve: income, spending, the price of quality and how long the money lasts."""

    list_display = [
        "at", "show_income", "show_subsidy", "show_spent", "turns", "show_quality", "show_price",
        "show_balance",
    ]  # fmt: skip
    list_filter = ["at"]
    date_hierarchy = "at"
    list_before_template = "admin/aggregator/budget_history.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the curve above its points."""
        curve = read_budget_history()
        more = {
            "curve": curve,
            "runway": format_runway(curve.runway),
            # Pennies matter while there are few of them.
            "money_digits": "-2" if max(curve.income, curve.spent) < 10 else "0g",
        }
        shown: HttpResponse = super().changelist_view(request, {**more, **(extra_context or {})})
        return shown

    @display(description=_("광고 수입"))
    def show_income(self, point: DayPoint) -> str:
        """Return what ads brought in."""
        return format_won(point.income_micros)

    @display(description=_("보탠 돈"))
    def show_subsidy(self, point: DayPoint) -> str:
        """Return what was added."""
        return format_won(point.subsidy_micros)

    @display(description=_("기대한 품질"))
    def show_quality(self, point: DayPoint) -> str:
        """Return what was expected of the answers."""
        return "–" if point.quality is None else f"{point.quality:.2f}"

    @display(description=_("품질의 값"))
    def show_price(self, point: DayPoint) -> str:
        """Return the price of quality."""
        return f"{point.price:.4f}"

    @display(description=_("남은 돈(원)"))
    def show_balance(self, point: DayPoint) -> str:
        """Return the running balance."""
        return f"{point.balance:,.1f}"

    @display(description=_("쓴 돈"))
    def show_spent(self, point: DayPoint) -> str:
        """Return what models cost."""
        return format_won(point.spent_micros)


def format_runway(runway: dt.timedelta | None) -> str:
    """Return a length of time in words."""
    now = timezone.now()
    return timeuntil(now + runway, now) if runway else ""
