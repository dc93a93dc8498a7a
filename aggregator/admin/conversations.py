"""Conversations, turns and public links in the admin."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import AllValuesFieldListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from aggregator.admin.turn_page import build_turn_context
from aggregator.domain.messages import ANSWER_KINDS, LANGUAGES, NO_AD_REASONS, label_of
from aggregator.models import Conversation, Share, Turn
from aggregator.services.sharing import withdraw_share
from ui.read_only_admin import ReadOnlyAdmin
from ui.won import render_won


def build_label_filter(labels: Mapping[str, Promise]) -> type[AllValuesFieldListFilter]:
    """Return a filter that shows the codes in use with these labels."""

    class LabelFilter(AllValuesFieldListFilter):
        def choices(self, changelist: ChangeList) -> Iterator[Any]:
            for choice in super().choices(changelist):
                yield {**choice, "display": label_of(labels, str(choice["display"]))}

    return LabelFilter


@admin.register(Turn)
class TurnAdmin(ReadOnlyAdmin):
    """Turns with their route, candidates, ranking, answer, cost and ad."""

    list_display = [
        "opened_at", "show_prompt", "show_language", "strategy", "status", "show_kind", "show_cost",
        "duration_ms", "show_ad",
    ]  # fmt: skip
    list_filter = [
        "status",
        "strategy",
        ("language", build_label_filter(LANGUAGES)),
        ("answer_kind", build_label_filter(ANSWER_KINDS)),
        "opened_at",
    ]
    search_fields = ["prompt", "public_id"]
    date_hierarchy = "opened_at"
    change_form_template = "admin/aggregator/turn.html"
    # The page is build_turn_context; of the row itself the form shows nothing.
    fields = ["prompt"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Turn]":
        """Return turns with their conversations, newest first."""
        turns: QuerySet[Turn] = super().get_queryset(request)
        return turns.select_related("conversation").order_by("-opened_at")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the turn as a conversation."""
        page: HttpResponse = super().render_change_form(
            request, context | build_turn_context(kwargs["obj"]), *args, **kwargs
        )
        return page

    @display(description=_("프롬프트"))
    def show_prompt(self, turn: Turn) -> str:
        """The beginning of the prompt."""
        return turn.prompt[:60]

    @display(description=_("언어"), ordering="language")
    def show_language(self, turn: Turn) -> str:
        """The language of the prompt."""
        return label_of(LANGUAGES, turn.language)

    @display(description=_("답의 종류"), ordering="answer_kind")
    def show_kind(self, turn: Turn) -> str:
        """How the answer was made."""
        return label_of(ANSWER_KINDS, turn.answer_kind)

    @display(description=_("비용"), ordering="cost_micros")
    def show_cost(self, turn: Turn) -> str:
        """The cost of the turn."""
        return render_won(turn.cost_micros, 3)

    @display(description=_("광고"))
    def show_ad(self, turn: Turn) -> str:
        """The advertiser of the ad, or why there was no ad."""
        placement = turn.placement or {}
        ad = placement.get("ad")
        return str(ad["advertiser"] if ad else label_of(NO_AD_REASONS, placement.get("reason", "")))


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    """Conversations with their owners."""

    list_display = ["updated_at", "title", "owner", "is_sensitive"]
    list_filter = ["is_sensitive", "updated_at"]
    list_select_related = ["owner"]
    search_fields = ["title", "public_id", "owner__email"]


@admin.register(Share)
class ShareAdmin(ReadOnlyAdmin):
    """Public links to conversations, and an action that withdraws them."""

    list_display = ["created_at", "title", "show_owner", "show_link", "withdrawn_at"]
    list_filter = [("withdrawn_at", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["conversation__owner"]
    search_fields = ["title", "token", "conversation__owner__email"]
    fields = ["title", "conversation", "show_owner", "show_link", "created_at", "withdrawn_at"]
    actions = ["withdraw"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Share]":
        """Return links without the shared turns, newest first."""
        shares: QuerySet[Share] = super().get_queryset(request)
        return shares.defer("turns").order_by("-created_at")

    @display(description=_("소유자"))
    def show_owner(self, share: Share) -> str:
        """The owner of the conversation."""
        return str(share.conversation.owner)

    @display(description=_("링크"))
    def show_link(self, share: Share) -> SafeString | str:
        """The link, or a dash when it is withdrawn."""
        if share.withdrawn_at:
            return "–"
        return format_html(
            '<a href="{}">{}</a>', reverse("aggregator:shared", args=[share.token]), gettext("열어 보기")
        )

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        """Withdrawing needs the permission to change shares."""
        return request.user.has_perm("aggregator.change_share")

    @action(description=_("공유 링크 거두기"), permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, chosen: "QuerySet[Share]") -> None:
        """Withdraw the selected links."""
        for share in chosen:
            withdraw_share(share=share)
        self.message_user(request, gettext("링크를 거뒀어요. 이제 열리지 않아요."), messages.SUCCESS)
