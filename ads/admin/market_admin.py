"""The base class of admin pages that show the market's rows, with amounts in won."""

from collections.abc import Callable

from django.contrib.admin import AdminSite
from django.db.models import Field, Model
from django.http import HttpRequest

from ui.read_only_admin import ReadOnlyAdmin
from ui.won import render_won


class MarketAdmin(ReadOnlyAdmin):
    """Shows rows of the market; each field in micros is replaced by a display in won."""

    def __init__(self, model: type[Model], admin_site: AdminSite) -> None:
        super().__init__(model, admin_site)
        for field in model._meta.fields:
            if field.name.endswith("_micros"):
                setattr(self, won_field_name(field.name), _won_display(field))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Return the fields of the page, in won in place of micros."""
        return [won_field_name(name) for name in super().get_fields(request, obj)]


def won_field_name(name: str) -> str:
    """Return the name under which a page shows a field: `price_micros` as `price_in_won`."""
    return f"{name.removesuffix('_micros')}_in_won" if name.endswith("_micros") else name


def _won_display(field: Field) -> Callable[[Model], str]:  # type: ignore[type-arg]
    def show(row: Model) -> str:
        return render_won(getattr(row, field.name))

    show.short_description = field.verbose_name  # type: ignore[attr-defined]
    return show
