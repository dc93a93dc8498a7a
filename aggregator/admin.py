"""Conversations, turns and the catalog, as an admin sees and switches them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from aggregator.models import ApiKey, Candidate, Conversation, Listing, Turn, Usage, Vote


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


def show_won(micros: int) -> str:
    """Return micros of won as an amount that a person reads."""
    return f"{micros / 1_000_000:,.3f}원"


@admin.register(Listing)
class ListingAdmin(ModelAdmin):
    """The catalog: switch, price and limit each model."""

    list_display = ["name", "slug", "vendor", "provider", "is_on", "is_reachable", "standing", "can_fuse"]
    list_editable = ["is_on"]
    list_filter = ["is_on", "is_reachable", "provider", "vendor"]
    search_fields = ["slug", "name"]
    readonly_fields = ["slug", "provider", "litellm_model", "api_base", "is_reachable", "updated_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Models come from the catalog file and the keys."""
        return False


class CandidateInline(TabularInline):
    """A turn's candidates, best known by their first lines."""

    model = Candidate
    extra = 0
    can_delete = False
    fields = readonly_fields = [
        "model", "status", "error", "ttft_ms", "duration_ms", "output_tokens", "cost_micros", "text",
    ]  # fmt: skip

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Candidates come from models."""
        return False


@admin.register(Turn)
class TurnAdmin(ReadOnlyAdmin):
    """Every turn with its route, candidates, ranking, answer, cost and ad."""

    list_display = [
        "opened_at",
        "show_prompt",
        "language",
        "strategy",
        "status",
        "answer_kind",
        "show_cost",
        "duration_ms",
        "show_ad",
    ]
    list_filter = ["status", "strategy", "language", "answer_kind", "opened_at"]
    search_fields = ["prompt", "public_id"]
    date_hierarchy = "opened_at"
    inlines = [CandidateInline]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Turn]":
        """Return turns with their conversation, newest first."""
        turns: QuerySet[Turn] = super().get_queryset(request)
        return turns.select_related("conversation").order_by("-opened_at")

    @display(description=_("프롬프트"))
    def show_prompt(self, turn: Turn) -> str:
        """Return the prompt's beginning."""
        return turn.prompt[:60]

    @display(description=_("비용"), ordering="cost_micros")
    def show_cost(self, turn: Turn) -> str:
        """Return what the turn cost."""
        return show_won(turn.cost_micros)

    @display(description=_("광고"))
    def show_ad(self, turn: Turn) -> str:
        """Return the ad that was shown, or why there was none."""
        placement = turn.placement or {}
        ad = placement.get("ad")
        return str(ad["advertiser"] if ad else placement.get("reason", ""))


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    """Conversations by person."""

    list_display = ["updated_at", "title", "owner", "is_sensitive"]
    list_filter = ["is_sensitive", "updated_at"]
    list_select_related = ["owner"]
    search_fields = ["title", "public_id", "owner__email"]


@admin.register(Usage)
class UsageAdmin(ReadOnlyAdmin):
    """What every call to a provider took and cost."""

    list_display = [
        "created_at",
        "model",
        "provider",
        "purpose",
        "input_tokens",
        "output_tokens",
        "source",
        "show_cost",
    ]
    list_filter = ["model", "purpose", "source", "created_at"]
    date_hierarchy = "created_at"

    @display(description=_("비용"), ordering="cost_micros")
    def show_cost(self, usage: Usage) -> str:
        """Return what the call cost."""
        return show_won(usage.cost_micros)


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    """Which candidates people picked."""

    list_display = ["created_at", "candidate", "voter"]
    list_select_related = ["candidate", "voter"]


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys of the public API, without their secret part."""

    list_display = ["name", "prefix", "owner", "created_at", "last_used_at", "revoked_at"]
    list_select_related = ["owner"]
