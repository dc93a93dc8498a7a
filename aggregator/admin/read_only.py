"""Admin pages that show rows and change none, and how amounts are written on them."""

from django.http import HttpRequest
from django.utils.translation import gettext
from unfold.admin import ModelAdmin


class ReadOnlyAdmin(ModelAdmin):
    """A page that shows rows and changes none."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from the product, never from this page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Rows are looked at."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Rows stay."""
        return False


def format_won(micros: int) -> str:
    """Return micros of won as an amount that a person reads."""
    return gettext("%(won)s원") % {"won": f"{micros / 1_000_000:,.3f}"}
