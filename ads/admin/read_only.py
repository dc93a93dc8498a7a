"""Pages that show rows and change none, and how amounts are written on them."""

from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from ads.money import format_won


class ReadOnlyAdmin(ModelAdmin):
    """A page of rows that come from the market and stay as they are."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from the market."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows are looked at."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows stay."""
        return False


def show_won(micros: int | None) -> str:
    """Write an amount as a person reads it; nothing for none."""
    return "" if micros is None else _("%(won)s원") % {"won": format_won(micros)}
