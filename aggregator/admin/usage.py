"""Provider calls and API keys in the admin."""

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from aggregator.models import ApiKey, Usage
from ui.read_only_admin import ReadOnlyAdmin
from ui.won import render_won


@admin.register(Usage)
class UsageAdmin(ReadOnlyAdmin):
    """Provider calls with their tokens and costs."""

    list_display = [
        "created_at",
        "model",
        "provider",
        "provider_key",
        "show_person",
        "purpose",
        "input_tokens",
        "output_tokens",
        "source",
        "show_cost",
    ]
    list_filter = ["model", "purpose", "source", "provider_key", "created_at"]
    list_select_related = ["provider_key__account", "turn__conversation__owner"]
    date_hierarchy = "created_at"

    @display(description=_("사용자"))
    def show_person(self, usage: Usage) -> str:
        """The person whose question made the call."""
        if usage.turn is None:
            return "–"
        owner = usage.turn.conversation.owner
        return gettext("비회원") if owner.is_guest else str(owner)

    @display(description=_("비용"), ordering="cost_micros")
    def show_cost(self, usage: Usage) -> str:
        """The cost of the call."""
        return render_won(usage.cost_micros, 3)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys of the public API, without their secrets."""

    list_display = ["name", "prefix", "owner", "created_at", "last_used_at", "revoked_at"]
    list_select_related = ["owner"]
