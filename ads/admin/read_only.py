"""Pages that show rows and change none, and how amounts are written on them."""

from collections.abc import Callable

from django.contrib.admin import AdminSite
from django.db.models import Field, Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from ads.domain.money import format_won


class ReadOnlyAdmin(ModelAdmin):
    """A page of rows that come from the market and stay as they are; amounts are shown in won."""

    def __init__(self, model: type[Model], admin_site: AdminSite) -> None:
        super().__init__(model, admin_site)
        for field in model._meta.fields:
            if field.name.endswith("_micros"):
                setattr(self, won_field_name(field.name), _won_display(field))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Put an amount in won in the place of each that is kept in micros."""
        return [won_field_name(name) for name in super().get_fields(request, obj)]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from the market."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows are looked at."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows stay."""
        return False


def won_field_name(name: str) -> str:
    """Return the name under which a page shows this column."""
    return f"{name.removesuffix('_micros')}_in_won" if name.endswith("_micros") else name


def _won_display(field: Field) -> Callable[[Model], str]:  # type: ignore[type-arg]
    def show(row: Model) -> str:
        return show_won(getattr(row, field.name))

    show.short_description = field.verbose_name  # type: ignore[attr-defined]
    return show


def show_won(micros: int | None) -> str:
    """Write an amount as a person reads it; nothing for none."""
    return "" if micros is None else _("%(won)s원") % {"won": format_won(micros)}
