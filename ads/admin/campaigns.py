"""Advertisers, campaigns and ad groups in the admin."""

import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Field, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from ads.admin.market_admin import WonDisplayMixin
from ads.admin.payments import PAY_IN, PAY_OUT, show_payment
from ads.campaigns.campaigns import pause_campaigns
from ads.domain.accounting_day import korean_day
from ads.domain.money import BID_STEP, MIN_BID, WON, format_won
from ads.forms import WonField
from ads.ledger.accounts import wallet_balance
from ads.ledger.leases import sync_daily_budget
from ads.models import AdGroup, Advertiser, Campaign, Keyword, Membership, NegativeKeyword
from ads.reporting.advertiser_inventory import count_clicks_since
from ads.selection.jobs.live_overrides import publish_live_overrides
from language.keyphrases import normalise
from ui.read_only_admin import KeptRowsAdmin
from ui.won import render_won

KEYWORD_CHARS = Keyword._meta.get_field("text").max_length or 80
NORM_CHARS = Keyword._meta.get_field("norm").max_length or 120
OWN_CLICKS_PERIOD = datetime.timedelta(days=30)


class WonFieldsMixin:
    """Edits fields in micros as amounts in won."""

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:  # type: ignore[type-arg]
        """Return a form field in won for a model field in micros."""
        if not db_field.name.endswith("_micros"):
            return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        return WonField(
            label=_("%(name)s (원)") % {"name": db_field.verbose_name},
            min_won=MIN_BID // WON,
            step_won=BID_STEP // WON if "bid" in db_field.name else 1,
            required=not db_field.blank,
            widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
        )


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg]
    """A campaign with a check of its total budget."""

    def clean_total_budget_micros(self) -> int | None:
        """Refuse a total budget below what is spent and leased."""
        total: int | None = self.cleaned_data["total_budget_micros"]
        if total is not None and total < self.instance.leased_micros:
            least = format_won(self.instance.leased_micros)
            raise forms.ValidationError(
                _("이미 쓰거나 예약한 %(least)s원보다 작을 수 없어요.") % {"least": least}
            )
        return total


class MembershipInline(TabularInline):
    """The members of an advertiser."""

    model = Membership
    extra = 0
    autocomplete_fields = ["member"]


@admin.register(Advertiser)
class AdvertiserAdmin(KeptRowsAdmin):
    """Advertisers with their wallet balances, and payments into and out of it; suspend one to stop it."""

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
    actions_detail = ["pay_in", "pay_out"]

    @action(description=_("입금"), url_path="payment", permissions=["move_money"])
    def pay_in(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Add a received payment to the wallet."""
        return show_payment(request, self, object_id, PAY_IN)

    @action(description=_("환불"), url_path="refund", permissions=["move_money"])
    def pay_out(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Refund money from the wallet."""
        return show_payment(request, self, object_id, PAY_OUT)

    def has_move_money_permission(self, request: HttpRequest, object_id: int | None = None) -> bool:
        """Payments need the permission to add transactions."""
        return request.user.has_perm("ads.add_transaction")

    @display(description=_("지갑"))
    def show_wallet(self, advertiser: Advertiser) -> str:
        """The wallet's balance."""
        return render_won(wallet_balance(advertiser.pk)) if advertiser.pk else ""

    @display(description=_("광고주 주소에서 온 클릭 (30일)"))
    def show_own_clicks(self, advertiser: Advertiser) -> str:
        """Free clicks from own networks, of all clicks; a high share points to declared customer networks."""
        own, total = count_clicks_since(advertiser, korean_day(timezone.now()) - OWN_CLICKS_PERIOD)
        return gettext("클릭 %(total)s번 가운데 %(own)s번") % {"own": f"{own:,}", "total": f"{total:,}"}


@admin.register(Campaign)
class CampaignAdmin(WonFieldsMixin, WonDisplayMixin, KeptRowsAdmin):
    """Campaigns with budgets and schedules, and an action that pauses them; end one to stop it."""

    list_display = [
        "name",
        "advertiser",
        "category",
        "status",
        "daily_budget_in_won",
        "total_budget_in_won",
        "starts_at",
        "ends_at",
    ]
    list_filter = ["status", "category", "advertiser__is_demo"]
    list_select_related = ["advertiser"]
    search_fields = ["name", "advertiser__name"]
    autocomplete_fields = ["advertiser"]
    readonly_fields = ["public_id", "created_at", "updated_at"]
    actions = ["pause_campaigns"]
    form = CampaignForm

    def get_readonly_fields(self, request: HttpRequest, obj: Campaign | None = None) -> list[str]:
        """A campaign keeps its advertiser, who owns its money and its clicks."""
        return [*self.readonly_fields, *(["advertiser"] if obj else [])]

    def save_model(self, request: HttpRequest, obj: Campaign, form: forms.ModelForm, change: bool) -> None:  # type: ignore[type-arg]
        """Save, and return money leased beyond the new budgets to the wallet."""
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            sync_daily_budget(obj.pk, at=timezone.now())

    @action(description=_("선택한 캠페인 중지"), permissions=["change"])
    def pause_campaigns(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        """Pause active campaigns; serving processes follow within seconds."""
        count = pause_campaigns(queryset)
        publish_live_overrides(at=timezone.now())
        messages.success(request, _("캠페인 %(count)d개를 멈췄어요.") % {"count": count})


class KeywordForm(forms.ModelForm):  # type: ignore[type-arg]
    """A keyword, normalised for matching."""

    def clean_text(self) -> str:
        """Set the normalised form that queries are matched with."""
        text = " ".join(str(self.cleaned_data["text"]).split())
        self.instance.norm = normalise(text)
        if not self.instance.norm:
            raise forms.ValidationError(_("글자가 있어야 해요."))
        if len(self.instance.norm) > NORM_CHARS:
            raise forms.ValidationError(_("%(most)s자까지예요.") % {"most": KEYWORD_CHARS})
        return text


class KeywordFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """An ad group's keywords without duplicates."""

    def clean(self) -> None:
        """Report a duplicate before the database refuses it."""
        super().clean()
        seen: set[tuple[str, str]] = set()
        for form in self.forms:
            if form in self.deleted_forms or "text" not in getattr(form, "cleaned_data", {}):
                continue
            key = (form.instance.norm, form.cleaned_data.get("match", ""))
            if key in seen:
                form.add_error("text", _("이미 있는 키워드예요."))
            seen.add(key)


class KeywordInline(WonFieldsMixin, TabularInline):
    """The keywords of an ad group."""

    model = Keyword
    form = KeywordForm
    formset = KeywordFormSet
    extra = 0
    fields = ["text", "match", "bid_micros", "is_on"]


class NegativeKeywordInline(TabularInline):
    """The negative keywords of an ad group."""

    model = NegativeKeyword
    extra = 0
    fields = readonly_fields = ["text"]

    def has_add_permission(self, request: HttpRequest, obj: AdGroup | None = None) -> bool:
        """Advertisers edit negative keywords in the portal."""
        return False


@admin.register(AdGroup)
class AdGroupAdmin(WonFieldsMixin, WonDisplayMixin, KeptRowsAdmin):
    """Ad groups with their keywords; switch one off to stop it."""

    list_display = ["name", "campaign", "language", "device", "default_bid_in_won", "is_on"]
    list_filter = ["is_on", "language", "device"]
    list_select_related = ["campaign"]
    search_fields = ["name", "campaign__name", "keywords__text"]
    autocomplete_fields = ["campaign"]
    readonly_fields = ["public_id", "created_at", "updated_at"]
    inlines = [KeywordInline, NegativeKeywordInline]

    def get_readonly_fields(self, request: HttpRequest, obj: AdGroup | None = None) -> list[str]:
        """An ad group keeps its campaign, which its clicks and negative keywords belong to."""
        return [*self.readonly_fields, *(["campaign"] if obj else [])]
