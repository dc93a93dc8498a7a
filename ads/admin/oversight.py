"""What watches over the market: freezes, credits and rollups."""

from typing import cast

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from ads.admin.market_admin import MarketAdmin
from ads.ledger.market_freeze import NotFrozenError, lift_freeze
from ads.models import Credit, Freeze, Rollup
from ads.reporting.reason_labels import label_reason
from ui.won import render_won


@admin.register(Freeze)
class FreezeAdmin(ModelAdmin):
    """Stops of the market; one that stands is lifted here, with a note."""

    list_display = ["created_at", "reason", "show_state", "lifted_at", "lifted_by", "note"]
    readonly_fields = ["created_at", "reason", "show_faults", "lifted_at", "lifted_by"]
    fields = [*readonly_fields, "note"]
    actions_submit_line = ["lift"]

    @display(description=_("상태"), label={"standing": "danger", "lifted": "success"})
    def show_state(self, freeze: Freeze) -> tuple[str, str]:
        """Whether it still stands."""
        return ("standing", str(_("멈춤"))) if freeze.lifted_at is None else ("lifted", str(_("풀림")))

    @display(description=_("어긋난 곳"))
    def show_faults(self, freeze: Freeze) -> str:
        """Every place where the books disagreed."""
        return "\n".join(
            f"{fault['rule']} · {fault['where']} · {fault['found']} ≠ {fault['expected']}"
            for fault in freeze.faults
        )

    @action(description=_("적은 까닭과 함께 다시 시작"))
    def lift(self, request: HttpRequest, freeze: Freeze) -> None:
        """Let the market go on."""
        try:
            lift_freeze(freeze=freeze, note=freeze.note, admin_id=cast("int", request.user.pk))
            messages.success(request, _("시장을 다시 열었어요."))
        except NotFrozenError:
            messages.error(request, _("멈춘 시장이 아니거나, 푸는 까닭이 비어 있어요."))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The proof freezes."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Freeze | None = None) -> bool:
        """A lifted freeze stays on record as it is."""
        may = super().has_change_permission(request, obj)
        return bool(may) and (obj is None or obj.lifted_at is None)

    def has_delete_permission(self, request: HttpRequest, obj: Freeze | None = None) -> bool:
        """Freezes stay on record."""
        return False


@admin.register(Credit)
class CreditAdmin(MarketAdmin):
    """Clicks whose price was given back, and why."""

    list_display = ["click", "show_reason", "show_amount", "kept_at"]
    list_filter = ["reason"]
    list_select_related = ["click"]
    date_hierarchy = "kept_at"

    @display(description=_("사유"))
    def show_reason(self, credit: Credit) -> str:
        """The reason in words."""
        return label_reason(credit.reason)

    @display(description=_("금액"))
    def show_amount(self, credit: Credit) -> str:
        """What was given back."""
        return render_won(credit.amount_micros)


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
        """What its clicks cost."""
        return render_won(rollup.spend_micros)
