"""What the market has learned, in the admin: versions of the click model, and reserve prices."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from ads.admin.market_admin import MarketAdmin
from ads.models import ClickModel, LearnedReserve
from ui.won import render_won


@admin.register(ClickModel)
class ClickModelAdmin(MarketAdmin):
    """Versions of the click model with their loss on held-out impressions."""

    list_display = ["id", "created_at", "looks", "clicks", "trust", "loss", "base_loss", "provenance"]
    exclude = ["weights"]
    date_hierarchy = "created_at"


@admin.register(LearnedReserve)
class LearnedReserveAdmin(MarketAdmin):
    """Changes of reserve prices with the replayed auctions behind them."""

    list_display = ["category", "created_at", "show_reserve", "auctions", "income_gain", "fill_loss"]
    list_filter = ["category"]
    date_hierarchy = "created_at"

    @display(description=_("최저가"))
    def show_reserve(self, learned: LearnedReserve) -> str:
        """The new reserve price."""
        return render_won(learned.reserve_micros)
