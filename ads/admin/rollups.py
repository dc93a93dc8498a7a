"""The rollups that reports are read from, in the admin."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from ads.admin.market_admin import MarketAdmin
from ads.models import Rollup
from ui.won import render_won


@admin.register(Rollup)
class RollupAdmin(MarketAdmin):
    """Figures by minute, hour and day."""

    list_display = [
        "bucket",
        "grain",
        "campaign",
        "keyword_text",
        "impressions",
        "clicks",
        "invalid_clicks",
        "show_spend",
        "credited_clicks",
    ]
    list_filter = ["grain"]
    list_select_related = ["campaign"]
    search_fields = ["campaign__name", "keyword_text"]
    date_hierarchy = "bucket"
    ordering = ["-bucket"]

    @display(description=_("쓴 돈"))
    def show_spend(self, rollup: Rollup) -> str:
        """The spend."""
        return render_won(rollup.spend_micros)
