"""Votes and other feedback on answers in the admin."""

from django.contrib import admin

from aggregator.models import AnswerRating, Signal, Vote
from ui.read_only_admin import ReadOnlyAdmin


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    """Votes for candidates."""

    list_display = ["created_at", "candidate", "voter"]
    list_select_related = ["candidate", "voter"]


@admin.register(Signal)
class SignalAdmin(ReadOnlyAdmin):
    """Feedback without a vote: what users did with answers."""

    list_display = ["created_at", "kind", "candidate", "person"]
    list_filter = ["kind", "created_at"]
    list_select_related = ["candidate", "person"]


@admin.register(AnswerRating)
class AnswerRatingAdmin(ReadOnlyAdmin):
    """What users say of answers, with their reasons."""

    list_display = ["created_at", "verdict", "reason", "comment", "turn", "person"]
    list_filter = ["verdict", "reason", "created_at"]
    list_select_related = ["turn", "person"]
    search_fields = ["comment"]
