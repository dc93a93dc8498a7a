"""The catalog of language models in the admin."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from aggregator.models import Listing


@admin.register(Listing)
class ListingAdmin(ModelAdmin):
    """Models with their prices and limits, switched on and off here."""

    list_display = ["name", "slug", "vendor", "provider", "is_on", "is_reachable", "standing", "can_fuse"]
    list_editable = ["is_on"]
    list_filter = ["is_on", "is_reachable", "provider", "vendor"]
    search_fields = ["slug", "name"]
    readonly_fields = ["slug", "provider", "litellm_model", "api_base", "is_reachable", "updated_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Models come from the catalog file and the configured keys."""
        return False
