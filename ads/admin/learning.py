"""What the market has learned: versions of the click model, and the reserves of each category."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from ads.admin.market_admin import MarketAdmin
from ads.models import ClickModel, LearnedReserve
from ui.won import render_won


@admin.register(ClickModel)
class ClickModelAdmin(MarketAdmin):
    """Versions of the click model, each with how it did on looks that it had not learned from."""

    list_display = ["id", "created_at", "looks", "clicks", "trust", "loss", "base_loss", "provenance"]
    exclude = ["weights"]
    date_hierarchy = "created_at"


@admin.register(LearnedReserve)
class LearnedReserveAdmin(MarketAdmin):
    """Changes of reserves, with what the auctions seen had to say for them."""

    list_display = ["category", "created_at", "show_reserve", "auctions", "income_gain", "fill_loss"]
    list_filter = ["category"]
    date_hierarchy = "created_at"

    @display(description=_("최저가"))
    def show_reserve(self, learned: LearnedReserve) -> str:
        """The least a click costs from then on."""
        return render_won(learned.reserve_micros)
