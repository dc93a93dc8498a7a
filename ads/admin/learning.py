"""What the market has learned, in the admin: versions of the click model, and reserve prices."""

from django.contrib import admin

from ads.admin.market_admin import MarketAdmin
from ads.models import ClickModel, LearnedReserve


@admin.register(ClickModel)
class ClickModelAdmin(MarketAdmin):
    """Versions of the click model with their loss on held-out impressions."""

    list_display = ["id", "created_at", "looks", "clicks", "trust", "loss", "base_loss", "provenance"]
    exclude = ["weights"]
    date_hierarchy = "created_at"


@admin.register(LearnedReserve)
class LearnedReserveAdmin(MarketAdmin):
    """Changes of reserve prices with the replayed auctions behind them."""

    list_display = ["category", "created_at", "reserve_in_won", "auctions", "income_gain", "fill_loss"]
    list_filter = ["category"]
    date_hierarchy = "created_at"
