"""What the market has learned: versions of the click model, and the reserves of each category."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from ads.admin.read_only import ReadOnlyAdmin, show_won
from ads.models import ClickModel, LearnedReserve


@admin.register(ClickModel)
class ClickModelAdmin(ReadOnlyAdmin):
    """Versions of the click model, each with how it did on looks that it had not learned from."""

    list_display = ["id", "created_at", "looks", "clicks", "trust", "loss", "base_loss", "provenance"]
    exclude = ["weights"]
    date_hierarchy = "created_at"


@admin.register(LearnedReserve)
class LearnedReserveAdmin(ReadOnlyAdmin):
    """Changes of reserves, with what the auctions seen had to say for them."""

    list_display = ["category", "created_at", "show_reserve", "auctions", "income_gain", "fill_loss"]
    list_filter = ["category"]
    date_hierarchy = "created_at"

    @display(description=_("최저가"))
    def show_reserve(self, learned: LearnedReserve) -> str:
        """The least a click costs from then on."""
        return show_won(learned.reserve_micros)
