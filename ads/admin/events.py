"""Offers, impressions, clicks, rejected events, complaints and rollups in the admin."""

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from ads.admin.decision_view import describe_decision
from ads.admin.market_admin import MarketAdmin, ReasonLabelMixin
from ads.domain.money import format_won
from ads.events.click_audit import credit_click
from ads.models import Click, Complaint, Impression, Offer, RejectedEvent, Rollup
from ads.reporting.decision_trace import find_decision, offer_decision


@admin.register(Offer)
class OfferAdmin(MarketAdmin):
    """Offers with the record of their auction: every candidate and its outcome."""

    list_display = [
        "id",
        "created_at",
        "campaign",
        "keyword_text",
        "match",
        "price_in_won",
        "language",
        "is_explored",
    ]
    list_filter = ["match", "language", "placement", "is_explored"]
    list_select_related = ["campaign"]
    search_fields = ["id", "request_id", "keyword_text", "campaign__name"]
    date_hierarchy = "created_at"
    exclude = ["trace"]
    readonly_fields = ["show_trace"]
    actions_list = ["explain_request"]

    @display(description=_("경매 기록"))
    def show_trace(self, offer: Offer) -> str:
        """Every candidate of the auction with its scores and outcome."""
        return render_to_string(
            "ads/admin/_decision.html", {"decision": describe_decision(offer_decision(offer))}
        )

    @action(description=_("요청 분석"), url_path="explain", permissions=["view"])
    def explain_request(self, request: HttpRequest) -> HttpResponse:
        """Show how a request of the last day was decided, including one without an ad."""
        name = request.GET.get("request", "").strip()
        record = find_decision(name) if name else None
        context = self.admin_site.each_context(request) | {
            "title": _("요청 분석"),
            "name": name,
            "decision": record and describe_decision(record),
        }
        return render(request, "ads/admin/decision_trace.html", context)


@admin.register(Impression)
class ImpressionAdmin(ReasonLabelMixin, MarketAdmin):
    """Impressions with their verdicts."""

    list_display = ["offer", "created_at", "verdict", "show_reason"]
    list_filter = ["verdict", "reason"]
    ordering = ["-created_at"]
    date_hierarchy = "created_at"


@admin.register(Click)
class ClickAdmin(ReasonLabelMixin, MarketAdmin):
    """Clicks with their verdicts and prices, and an action that credits them."""

    list_display = ["offer", "created_at", "campaign", "verdict", "show_reason", "price_in_won", "network"]
    list_filter = ["verdict", "reason"]
    ordering = ["-created_at"]
    list_select_related = ["campaign", "offer"]
    search_fields = ["offer__id", "campaign__name"]
    date_hierarchy = "created_at"
    actions = ["give_back"]

    @action(description=_("선택한 클릭 요금 환급"), permissions=["credit"])
    def give_back(self, request: HttpRequest, queryset: QuerySet[Click]) -> None:
        """Credit billed clicks that an advertiser disputes, each once."""
        billed = queryset.filter(verdict=Click.Verdict.BILLED).select_related("transaction").order_by("pk")
        count = sum(self._credit(request, click) for click in billed)
        messages.success(request, _("클릭 %(count)d개의 요금을 환급했어요.") % {"count": count})

    def _credit(self, request: HttpRequest, click: Click) -> bool:
        with transaction.atomic():
            is_new = credit_click(click, reason="operator")
            if is_new:
                self.log_change(request, click, f"+{format_won(click.price_micros)} KRW · operator")
        return is_new

    def has_credit_permission(self, request: HttpRequest) -> bool:
        """Crediting needs the permission to add credits."""
        return request.user.has_perm("ads.add_credit")


@admin.register(RejectedEvent)
class RejectedEventAdmin(ReasonLabelMixin, MarketAdmin):
    """Events rejected before they were recorded, with the reasons."""

    list_display = ["offer", "campaign", "kind", "show_reason", "visits", "first_at", "last_at"]
    list_filter = ["kind", "reason"]
    list_select_related = ["campaign", "offer"]
    date_hierarchy = "day"


@admin.register(Complaint)
class ComplaintAdmin(MarketAdmin):
    """Complaints of users about ads."""

    list_display = ["created_at", "reason", "offer"]
    list_filter = ["reason"]


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
        "spend_in_won",
        "credited_clicks",
    ]
    list_filter = ["grain"]
    list_select_related = ["campaign"]
    search_fields = ["campaign__name", "keyword_text"]
    date_hierarchy = "bucket"
    ordering = ["-bucket"]
