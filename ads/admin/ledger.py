"""The ledger in the admin: transactions, accounts, daily budgets, credits and freezes of the market."""

from typing import cast

from django.contrib import admin, messages
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display

from ads.admin.market_admin import MarketAdmin, ReasonLabelMixin
from ads.ledger.market_freeze import NotFrozenError, lift_freeze
from ads.models import Account, CampaignDay, Credit, Entry, Freeze, Transaction
from ads.reporting.invalid_clicks import label_reason
from ui.read_only_admin import KeptRowsAdmin
from ui.won import render_won


class EntryInline(TabularInline):
    """The legs of a transaction."""

    model = Entry
    extra = 0
    can_delete = False
    fields = readonly_fields = ["account", "show_amount"]

    @display(description=_("금액"))
    def show_amount(self, entry: Entry) -> str:
        """What the account gained, or lost as a negative amount."""
        return render_won(entry.amount_micros)

    def has_add_permission(self, request: object, obj: object = None) -> bool:
        """Only the product posts entries."""
        return False


@admin.register(Transaction)
class TransactionAdmin(MarketAdmin):
    """Transactions with their entries, newest first."""

    list_display = ["created_at", "kind", "show_moved", "show_owners", "show_note", "idempotency_key"]
    list_filter = ["kind"]
    search_fields = ["idempotency_key", "note"]
    date_hierarchy = "created_at"
    inlines = [EntryInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transaction]:
        """Prefetch the entries of a page, in two more queries."""
        transactions: QuerySet[Transaction] = super().get_queryset(request)
        return transactions.prefetch_related("entries__account__campaign", "entries__account__advertiser")

    @display(description=_("금액"))
    def show_moved(self, posted: Transaction) -> str:
        """The amount that moved."""
        return render_won(sum(max(0, entry.amount_micros) for entry in posted.entries.all()))

    @display(description=_("소유자"))
    def show_owners(self, posted: Transaction) -> str:
        """The campaigns of its accounts, or else the advertisers."""
        accounts = [entry.account for entry in posted.entries.all()]
        campaigns = [str(account.campaign) for account in accounts if account.campaign]
        owners = campaigns or [str(account.advertiser) for account in accounts if account.advertiser]
        return ", ".join(dict.fromkeys(owners))

    @display(description=_("메모"))
    def show_note(self, posted: Transaction) -> str:
        """The note; the reason of a credit is translated."""
        return label_reason(posted.note)


@admin.register(Account)
class AccountAdmin(MarketAdmin):
    """Accounts with their balances."""

    list_display = ["id", "kind", "advertiser", "campaign", "show_balance"]
    list_filter = ["kind"]
    list_select_related = ["advertiser", "campaign"]
    search_fields = ["advertiser__name", "campaign__name"]

    @display(description=_("잔액"))
    def show_balance(self, account: Account) -> str:
        """The stored balance, or the sum of the entries of an account without one."""
        if account.balance_micros is not None:
            return render_won(account.balance_micros)
        return render_won(account.entries.aggregate(total=Sum("amount_micros"))["total"] or 0)


@admin.register(CampaignDay)
class CampaignDayAdmin(MarketAdmin):
    """The budget, the lease and the spend of each campaign by day."""

    list_display = ["day", "campaign", "budget_in_won", "leased_in_won", "spent_in_won", "is_open"]
    list_filter = ["is_open"]
    list_select_related = ["campaign"]
    search_fields = ["campaign__name"]
    date_hierarchy = "day"


@admin.register(Freeze)
class FreezeAdmin(KeptRowsAdmin):
    """Freezes of the market; an open one is lifted here with a note."""

    list_display = ["created_at", "reason", "show_state", "lifted_at", "lifted_by", "note"]
    readonly_fields = ["created_at", "reason", "show_faults", "lifted_at", "lifted_by"]
    fields = [*readonly_fields, "note"]
    actions_submit_line = ["lift"]

    @display(description=_("상태"), label={"open": "danger", "lifted": "success"})
    def show_state(self, freeze: Freeze) -> tuple[str, str]:
        """Whether the market is still frozen."""
        return ("open", str(_("멈춤"))) if freeze.lifted_at is None else ("lifted", str(_("풀림")))

    @display(description=_("맞지 않는 곳"))
    def show_faults(self, freeze: Freeze) -> str:
        """Every discrepancy that was found."""
        return "\n".join(
            f"{fault['rule']} · {fault['where']} · {fault['found']} ≠ {fault['expected']}"
            for fault in freeze.faults
        )

    @action(description=_("적은 사유와 함께 다시 시작"))
    def lift(self, request: HttpRequest, freeze: Freeze) -> None:
        """Lift the freeze."""
        try:
            lift_freeze(freeze=freeze, note=freeze.note, admin_id=cast("int", request.user.pk))
            messages.success(request, _("시장을 다시 열었어요."))
        except NotFrozenError:
            messages.error(request, _("멈춘 시장이 아니거나, 해제 사유가 비어 있어요."))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only the reconciliation freezes the market."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Freeze | None = None) -> bool:
        """A lifted freeze cannot be edited."""
        may = super().has_change_permission(request, obj)
        return bool(may) and (obj is None or obj.lifted_at is None)


@admin.register(Credit)
class CreditAdmin(ReasonLabelMixin, MarketAdmin):
    """Credits of clicks with their reasons."""

    list_display = ["click", "show_reason", "amount_in_won", "kept_at"]
    list_filter = ["reason"]
    list_select_related = ["click"]
    date_hierarchy = "kept_at"
