"""Conversations, turns and the catalog, as an admin sees and switches them."""

import datetime as dt
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timeuntil
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from aggregator.curve import read_curve
from aggregator.kitchen import use_fit
from aggregator.models import (
    ApiKey,
    Candidate,
    Conversation,
    DayPoint,
    KitchenFit,
    Listing,
    Share,
    Signal,
    Turn,
    Usage,
    Vote,
)
from aggregator.sharing import withdraw_share
from aggregator.worded_filter import worded
from aggregator.wording import ANSWER_KINDS, LANGUAGES, NO_AD, word_of


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
    return gettext("%(won)s원") % {"won": f"{micros / 1_000_000:,.3f}"}


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
        "opened_at", "show_prompt", "show_language", "strategy", "status", "show_kind", "show_cost",
        "duration_ms", "show_ad",
    ]  # fmt: skip
    list_filter = [
        "status", "strategy", ("language", worded(LANGUAGES)), ("answer_kind", worded(ANSWER_KINDS)),
        "opened_at",
    ]  # fmt: skip
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

    @display(description=_("언어"), ordering="language")
    def show_language(self, turn: Turn) -> str:
        """Return the prompt's language."""
        return word_of(LANGUAGES, turn.language)

    @display(description=_("답의 종류"), ordering="answer_kind")
    def show_kind(self, turn: Turn) -> str:
        """Return how the answer came about."""
        return word_of(ANSWER_KINDS, turn.answer_kind)

    @display(description=_("비용"), ordering="cost_micros")
    def show_cost(self, turn: Turn) -> str:
        """Return what the turn cost."""
        return show_won(turn.cost_micros)

    @display(description=_("광고"))
    def show_ad(self, turn: Turn) -> str:
        """Return the ad that was shown, or why there was none."""
        placement = turn.placement or {}
        ad = placement.get("ad")
        return str(ad["advertiser"] if ad else word_of(NO_AD, placement.get("reason", "")))


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


@admin.register(Signal)
class SignalAdmin(ReadOnlyAdmin):
    """What people did with answers without picking one."""

    list_display = ["created_at", "kind", "candidate", "person"]
    list_filter = ["kind", "created_at"]
    list_select_related = ["candidate", "person"]


@admin.register(Share)
class ShareAdmin(ReadOnlyAdmin):
    """Public links to conversations; what should not be read by everybody is withdrawn here."""

    list_display = ["created_at", "title", "show_owner", "show_link", "withdrawn_at"]
    list_filter = [("withdrawn_at", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["conversation__owner"]
    search_fields = ["title", "token", "conversation__owner__email"]
    fields = ["title", "conversation", "show_owner", "show_link", "created_at", "withdrawn_at"]
    actions = ["withdraw"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Share]":
        """Return links without what they show, newest first."""
        shares: QuerySet[Share] = super().get_queryset(request)
        return shares.defer("turns").order_by("-created_at")

    @display(description=_("주인"))
    def show_owner(self, share: Share) -> str:
        """Return whose conversation it is."""
        return str(share.conversation.owner)

    @display(description=_("링크"))
    def show_link(self, share: Share) -> SafeString | str:
        """Return the link while it leads somewhere."""
        if share.withdrawn_at:
            return "–"
        return format_html(
            '<a href="{}">{}</a>', reverse("aggregator:shared", args=[share.token]), gettext("열어 보기")
        )

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        """Rows are not edited, but whoever might edit them may withdraw them."""
        return request.user.has_perm("aggregator.change_share")

    @action(description=_("공유 링크 거두기"), permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, chosen: "QuerySet[Share]") -> None:
        """Make the chosen links lead nowhere."""
        for share in chosen:
            withdraw_share(share=share)
        self.message_user(request, gettext("링크를 거뒀어요. 이제 열리지 않아요."), messages.SUCCESS)


@admin.register(DayPoint)
class DayPointAdmin(ReadOnlyAdmin):
    """The day's curve: income, spending, the price of quality and how long the money lasts."""

    list_display = [
        "at", "show_income", "show_subsidy", "show_spent", "turns", "show_quality", "show_price",
        "show_balance",
    ]  # fmt: skip
    list_filter = ["at"]
    date_hierarchy = "at"
    list_before_template = "admin/aggregator/day_curve.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the curve above its points."""
        curve = read_curve()
        more = {
            "curve": curve,
            "runway": word_runway(curve.runway),
            # Pennies matter while there are few of them.
            "money_digits": "-2" if max(curve.income, curve.spent) < 10 else "0g",
        }
        shown: HttpResponse = super().changelist_view(request, {**more, **(extra_context or {})})
        return shown

    @display(description=_("광고 수입"))
    def show_income(self, point: DayPoint) -> str:
        """Return what ads brought in."""
        return show_won(point.income_micros)

    @display(description=_("보탠 돈"))
    def show_subsidy(self, point: DayPoint) -> str:
        """Return what was added."""
        return show_won(point.subsidy_micros)

    @display(description=_("기대한 품질"))
    def show_quality(self, point: DayPoint) -> str:
        """Return what was expected of the answers."""
        return "–" if point.quality is None else f"{point.quality:.2f}"

    @display(description=_("품질의 값"))
    def show_price(self, point: DayPoint) -> str:
        """Return the price of quality."""
        return f"{point.price:.4f}"

    @display(description=_("남은 돈(원)"))
    def show_balance(self, point: DayPoint) -> str:
        """Return the running balance."""
        return f"{point.balance:,.1f}"

    @display(description=_("쓴 돈"))
    def show_spent(self, point: DayPoint) -> str:
        """Return what models cost."""
        return show_won(point.spent_micros)


@admin.register(KitchenFit)
class KitchenFitAdmin(ReadOnlyAdmin):
    """What the kitchen has learned, fit by fit, with where it comes from; one is in use."""

    list_display = ["version", "show_use", "created_at", "show_sources"]
    fields = readonly_fields = ["version", "is_active", "created_at", "provenance"]
    actions = ["use_this", "use_shipped"]

    @display(description=_("쓰는 중"), boolean=True)
    def show_use(self, fit: KitchenFit) -> bool:
        """Tell whether turns are counted and ranked with this fit."""
        newest = KitchenFit.objects.filter(is_active=True).first()
        return newest is not None and newest.pk == fit.pk

    @display(description=_("출처"))
    def show_sources(self, fit: KitchenFit) -> str:
        """Return what the fit was made from."""
        return ", ".join(sorted(fit.provenance)) or "–"

    def has_use_permission(self, request: HttpRequest) -> bool:
        """Rows are not edited, but whoever might edit them may choose among them."""
        return request.user.has_perm("aggregator.change_kitchenfit")

    @action(description=_("이 학습값 쓰기"), permissions=["use"])
    def use_this(self, request: HttpRequest, chosen: "QuerySet[KitchenFit]") -> None:
        """Use the one fit that is chosen."""
        fits = list(chosen[:2])
        if len(fits) != 1:
            self.message_user(request, gettext("하나만 골라 주세요."), messages.WARNING)
            return
        use_fit(fits[0])
        self.message_user(request, gettext("1분 안에 모든 워커가 이 학습값을 써요."), messages.SUCCESS)

    @action(description=_("처음 학습값으로 돌아가기"), permissions=["use"])
    def use_shipped(self, request: HttpRequest, chosen: "QuerySet[KitchenFit]") -> None:
        """Go back to the fit that ships."""
        use_fit(None)
        self.message_user(request, gettext("1분 안에 모든 워커가 처음 학습값을 써요."), messages.SUCCESS)


def word_runway(runway: dt.timedelta | None) -> str:
    """Return a length of time in words."""
    now = timezone.now()
    return timeuntil(now + runway, now) if runway else ""
