"""Votes and other feedback on answers in the admin."""

from django.contrib import admin

from aggregator.models import (
    Signal,
    Vote,
)
from ui.read_only_admin import ReadOnlyAdmin


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    """Which candidates people picked."""

    list_display = ["created_at", "candidate", "voter"]
    list_select_related = ["candidate", "voter"]


@admin.register(Signal)
class SignalAdmin(ReadOnlyAdmin):
    """What people did with answers without picking one."""

    list_display = ["created_at", "kind", "candidate", "person"]
    list_filter = ["kind", "created_at"]
    list_select_related = ["candidate", "person"]
