"""Advertisers, campaigns and ad groups, as an admin looks at, pauses and corrects them."""

import datetime

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from ads.admin.read_only import show_won
from ads.leases import korean_day
from ads.ledger import wallet_balance
from ads.models import AdGroup, Advertiser, Campaign, Click, Keyword, Membership, NegativeKeyword
from ads.selection.live import publish_live
from language.keyphrases import normalise

OWN_CLICKS_SPAN = datetime.timedelta(days=30)


class MembershipInline(TabularInline):
    """Who acts for an advertiser."""

    model = Membership
    extra = 0
    autocomplete_fields = ["member"]


@admin.register(Advertiser)
class AdvertiserAdmin(ModelAdmin):
    """Advertisers with what is left in their wallets."""

    list_display = ["name", "status", "is_demo", "show_wallet", "created_at"]
    list_filter = ["status", "is_demo"]
    search_fields = ["name"]
    readonly_fields = [
        "public_id",
        "show_wallet",
        "own_networks",
        "show_own_clicks",
        "created_at",
        "updated_at",
    ]
    inlines = [MembershipInline]

    @display(description=_("지갑"))
    def show_wallet(self, advertiser: Advertiser) -> str:
        """What the advertiser can still spend."""
        return show_won(wallet_balance(advertiser.pk)) if advertiser.pk else ""

    @display(description=_("30일 동안 광고주 자신의 주소에서 온 클릭"))
    def show_own_clicks(self, advertiser: Advertiser) -> str:
        """How many clicks were free because of the addresses named, so that nobody names their customers'."""
        clicks = Click.objects.filter(
            campaign__advertiser=advertiser.pk, day__gte=korean_day(timezone.now()) - OWN_CLICKS_SPAN
        )
        return f"{clicks.filter(reason='own_address').count():,} / {clicks.count():,}"

    def has_delete_permission(self, request: HttpRequest, obj: Advertiser | None = None) -> bool:
        """Whoever paid stays on record; a suspension ends their ads."""
        return False


@admin.register(Campaign)
class CampaignAdmin(ModelAdmin):
    """Campaigns: budgets, schedules, and one action that stops them at once."""

    list_display = [
        "name",
        "advertiser",
        "category",
        "status",
        "show_daily",
        "show_total",
        "starts_at",
        "ends_at",
    ]
    list_filter = ["status", "category", "advertiser__is_demo"]
    list_select_related = ["advertiser"]
    search_fields = ["name", "advertiser__name"]
    autocomplete_fields = ["advertiser"]
    readonly_fields = ["public_id", "created_at", "updated_at"]
    actions = ["pause_campaigns"]

    @display(description=_("하루 예산"))
    def show_daily(self, campaign: Campaign) -> str:
        """The daily budget in won."""
        return show_won(campaign.daily_budget_micros)

    @display(description=_("전체 예산"))
    def show_total(self, campaign: Campaign) -> str:
        """The total budget in won."""
        return show_won(campaign.total_budget_micros)

    @action(description=_("고른 캠페인 멈추기"))
    def pause_campaigns(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        """Stop these campaigns; every process knows within seconds."""
        active = queryset.filter(status=Campaign.Status.ACTIVE)
        count = active.update(status=Campaign.Status.PAUSED, updated_at=timezone.now())
        publish_live(at=timezone.now())
        messages.success(request, _("캠페인 %(count)d개를 멈췄어요.") % {"count": count})

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        """What was paid for stays on record; an ended campaign serves nothing."""
        return False


class KeywordInline(TabularInline):
    """The keywords of an ad group."""

    model = Keyword
    extra = 0
    fields = ["text", "match", "bid_micros"]


class NegativeKeywordInline(TabularInline):
    """What keeps an ad group out."""

    model = NegativeKeyword
    extra = 0
    fields = readonly_fields = ["text"]

    def has_add_permission(self, request: HttpRequest, obj: AdGroup | None = None) -> bool:
        """Advertisers exclude words in their console."""
        return False


@admin.register(AdGroup)
class AdGroupAdmin(ModelAdmin):
    """Ad groups with their keywords."""

    list_display = ["name", "campaign", "language", "device", "show_bid", "is_on"]
    list_filter = ["is_on", "language", "device"]
    list_select_related = ["campaign"]
    search_fields = ["name", "campaign__name", "keywords__text"]
    autocomplete_fields = ["campaign"]
    readonly_fields = ["public_id", "created_at", "updated_at"]
    inlines = [KeywordInline, NegativeKeywordInline]

    @display(description=_("기본 입찰가"))
    def show_bid(self, group: AdGroup) -> str:
        """The default bid in won."""
        return show_won(group.default_bid_micros)

    def save_formset(self, request: HttpRequest, form: object, formset: object, change: bool) -> None:
        """Give every keyword the key it is found by before it is kept."""
        for row in formset.forms:  # type: ignore[attr-defined]
            if isinstance(row.instance, Keyword):
                row.instance.norm = normalise(row.instance.text)
        formset.save()  # type: ignore[attr-defined]

    def has_delete_permission(self, request: HttpRequest, obj: AdGroup | None = None) -> bool:
        """What was shown stays on record; a group that is off serves nothing."""
        return False
