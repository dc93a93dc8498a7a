"""Offers, looks, clicks and complaints, as they were kept."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from ads.admin.read_only import ReadOnlyAdmin, show_won
from ads.models import Click, Complaint, Impression, Offer, RefusedVisit


@admin.register(Offer)
class OfferAdmin(ReadOnlyAdmin):
    """Offers, each with every contender of its auction and the rung where it fell."""

    list_display = [
        "id",
        "created_at",
        "campaign",
        "keyword_text",
        "match",
        "show_price",
        "language",
        "is_explored",
    ]
    list_filter = ["match", "language", "placement", "is_explored"]
    list_select_related = ["campaign"]
    search_fields = ["id", "request_id", "keyword_text", "campaign__name"]
    date_hierarchy = "created_at"
    exclude = ["trace"]
    readonly_fields = ["show_trace"]

    @display(description=_("클릭당 가격"))
    def show_price(self, offer: Offer) -> str:
        """What a click will cost."""
        return show_won(offer.price_micros)

    @display(description=_("경매 기록"))
    def show_trace(self, offer: Offer) -> SafeString:
        """Every contender with its scores and the rung where it ended."""
        won = [
            show_won(offer.price_micros),
            show_won(offer.reserve_micros),
            show_won(offer.shadow_price_micros),
        ]
        outcome = "price {} · reserve {} · VCG {}".format(*won)
        lines = [outcome, *(describe_contender(line) for line in offer.trace)]
        return format_html_join("", "<p>{}</p>", ((line,) for line in lines))


def describe_contender(line: dict[str, Any]) -> str:
    """Write one contender of an auction in one line; the word after the click rate says whose it is."""
    # Decisions of an older market had smoothing alone.
    smoothed, source = line.get("smoothed_rate", line["click_rate"]), line.get("rate_source", "smoothed")
    parts = [
        str(line["rung"]),
        str(line["term"]),
        show_won(int(line["bid_micros"])),
        f"reserve {show_won(line.get('reserve_micros'))}",
        f"pace {float(line['pace']):.4g}",
        f"relevance {float(line['relevance']):.4g}",
        f"click_rate {float(line['click_rate']):.4g} ({source}, smoothed {float(smoothed):.4g})",
        f"score {float(line['score']):.4g}",
    ]
    return " · ".join(parts)


@admin.register(Impression)
class ImpressionAdmin(ReadOnlyAdmin):
    """Looks, with what was wrong with them."""

    list_display = ["offer", "created_at", "verdict", "reason"]
    list_filter = ["verdict", "reason"]
    date_hierarchy = "created_at"


@admin.register(Click)
class ClickAdmin(ReadOnlyAdmin):
    """Clicks, what they cost and why."""

    list_display = ["offer", "created_at", "campaign", "verdict", "reason", "show_price", "network"]
    list_filter = ["verdict", "reason"]
    list_select_related = ["campaign", "offer"]
    search_fields = ["offer__id", "campaign__name"]
    date_hierarchy = "created_at"

    @display(description=_("청구액"))
    def show_price(self, click: Click) -> str:
        """What was charged."""
        return show_won(click.price_micros)


@admin.register(RefusedVisit)
class RefusedVisitAdmin(ReadOnlyAdmin):
    """Visits that used up nothing, with what was wrong with them."""

    list_display = ["offer", "campaign", "kind", "reason", "visits", "first_at", "last_at"]
    list_filter = ["kind", "reason"]
    list_select_related = ["campaign", "offer"]
    date_hierarchy = "day"


@admin.register(Complaint)
class ComplaintAdmin(ReadOnlyAdmin):
    """What people said against ads."""

    list_display = ["created_at", "reason", "offer"]
    list_filter = ["reason"]
