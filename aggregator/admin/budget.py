"""The daily budget in the admin: its charts above its points."""

import datetime as dt
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.timesince import timeuntil
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from aggregator.models import DayPoint
from aggregator.selectors.budget_history import BudgetHistory, read_budget_history
from ui.charts import Chart, Series
from ui.read_only_admin import ReadOnlyAdmin
from ui.won import render_won


@admin.register(DayPoint)
class DayPointAdmin(ReadOnlyAdmin):
    """Income, spending, the price of quality and the balance, minute by minute."""

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
        """Show the day's figures and charts above the points."""
        history = read_budget_history()
        coverage, coverage_note = describe_coverage(history)
        more = build_charts(history) | {
            "history": history,
            "runway": format_runway(history.runway),
            "coverage": coverage,
            "coverage_note": coverage_note,
            "quality_won": f"{1 / history.price:,.1f}" if history.price else "",
        }
        page: HttpResponse = super().changelist_view(request, more | (extra_context or {}))
        return page

    @display(description=_("광고 수입"))
    def show_income(self, point: DayPoint) -> str:
        """Income from ads."""
        return render_won(point.income_micros, 3)

    @display(description=_("지원금"))
    def show_subsidy(self, point: DayPoint) -> str:
        """The subsidy."""
        return render_won(point.subsidy_micros, 3)

    @display(description=_("예상 품질"))
    def show_quality(self, point: DayPoint) -> str:
        """The expected quality of the answers."""
        return "–" if point.quality is None else f"{point.quality:.2f}"

    @display(description=_("품질의 가격"))
    def show_price(self, point: DayPoint) -> str:
        """The price of quality."""
        return f"{point.price:.4f}"

    @display(description=_("잔액(원)"))
    def show_balance(self, point: DayPoint) -> str:
        """The balance."""
        return f"{point.balance:,.1f}"

    @display(description=_("사용 금액"))
    def show_spent(self, point: DayPoint) -> str:
        """The cost of models."""
        return render_won(point.spent_micros, 3)


def build_charts(history: BudgetHistory) -> dict[str, Any]:
    """Return the charts of money, price and quality by their names in the template."""
    points = history.points
    # The shared axis of all three.
    titles = tuple(f"{point.at:%H:%M}" for point in points)
    hours = tuple(round(point.at.hour + point.at.minute / 60 + point.at.second / 3600, 4) for point in points)

    def draw(*series: Series, decimals: int, maximum: float | None = None) -> Chart:
        return Chart("line", titles, series, hours=hours, decimals=decimals, maximum=maximum)

    income = Series(gettext("광고 수입"), tuple(round(point.income, 2) for point in points))
    spent = Series(gettext("모델 비용"), tuple(round(point.spent, 2) for point in points))
    price = Series(gettext("품질의 가격"), tuple(round(point.price, 6) for point in points))
    quality = Series(
        gettext("예상 품질"),
        tuple(None if point.quality is None else round(point.quality, 4) for point in points),
    )
    return {
        # Fractions of a won matter while there are few of them.
        "money_chart": draw(income, spent, decimals=2 if max(history.income, history.spent) < 10 else 0),
        "price_chart": draw(price, decimals=4),
        "quality_chart": draw(quality, decimals=2, maximum=1.0),
    }


def describe_coverage(history: BudgetHistory) -> tuple[str, str]:
    """Return how far ads pay for the models, with a note: a share, or a multiple above the whole cost."""
    if not history.spent:
        return "–", gettext("아직 모델 비용이 없어요")
    covered = history.income / history.spent
    if covered > 1:
        times = gettext("%(times)s배") % {"times": f"{covered:.1f}"}
        return times, gettext("광고 수입이 모델 비용의 %(times)s예요") % {"times": times}
    return f"{100 * covered:.0f}%", gettext("모델 비용 가운데 광고 수입으로 낸 만큼이에요")


def format_runway(runway: dt.timedelta | None) -> str:
    """Return how long the money lasts as text; empty when it lasts."""
    now = timezone.now()
    return timeuntil(now + runway, now) if runway else ""
