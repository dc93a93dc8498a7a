"""The base classes of admin pages that show the market's rows, with amounts in won."""

from collections.abc import Callable

from django.contrib.admin import AdminSite
from django.db.models import Field, Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from ads.models import Click, Credit, Impression, RejectedEvent
from ads.reporting.invalid_clicks import label_reason
from ui.read_only_admin import ReadOnlyAdmin
from ui.won import render_won


class WonDisplayMixin:
    """Adds a display in won of each field in micros: `price_in_won` shows `price_micros`."""

    def __init__(self, model: type[Model], admin_site: AdminSite) -> None:
        super().__init__(model, admin_site)  # type: ignore[call-arg]
        for field in model._meta.fields:
            if field.name.endswith("_micros"):
                setattr(self, won_field_name(field.name), _won_display(field))


class MarketAdmin(WonDisplayMixin, ReadOnlyAdmin):
    """Shows rows of the market; each field in micros is replaced by its display in won."""

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Return the fields of the page, in won in place of micros."""
        return [won_field_name(name) for name in super().get_fields(request, obj)]


class ReasonLabelMixin:
    """Shows the reason of a verdict as advertisers read it."""

    @display(description=_("사유"), ordering="reason")
    def show_reason(self, row: Impression | Click | RejectedEvent | Credit) -> str:
        """The label of the reason."""
        return label_reason(row.reason)


def won_field_name(name: str) -> str:
    """Return the name under which a page shows a field: `price_micros` as `price_in_won`."""
    return f"{name.removesuffix('_micros')}_in_won" if name.endswith("_micros") else name


def _won_display(field: Field) -> Callable[[Model], str]:  # type: ignore[type-arg]
    def show(row: Model) -> str:
        return render_won(getattr(row, field.name))

    show.short_description = field.verbose_name  # type: ignore[attr-defined]
    return show
