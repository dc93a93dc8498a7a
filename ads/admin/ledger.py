"""The books, to be read and never written."""

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from ads.admin.market_admin import MarketAdmin
from ads.models import Account, CampaignDay, Entry, Transaction
from ads.reporting.reason_labels import label_reason
from ui.won import render_won


class EntryInline(TabularInline):
    """The legs of a transaction."""

    model = Entry
    extra = 0
    can_delete = False
    fields = readonly_fields = ["account", "show_amount"]

    @display(description=_("금액"))
    def show_amount(self, entry: Entry) -> str:
        """What the account gained or lost."""
        return render_won(entry.amount_micros)

    def has_add_permission(self, request: object, obj: object = None) -> bool:
        """The market posts."""
        return False


@admin.register(Transaction)
class TransactionAdmin(MarketAdmin):
    """Money moved, newest first."""

    list_display = ["created_at", "kind", "show_moved", "show_owners", "show_note", "idempotency_key"]
    list_filter = ["kind"]
    search_fields = ["idempotency_key", "note"]
    date_hierarchy = "created_at"
    inlines = [EntryInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transaction]:
        """Bring the legs along, in two more queries for a whole page."""
        transactions: QuerySet[Transaction] = super().get_queryset(request)
        return transactions.prefetch_related("entries__account__campaign", "entries__account__advertiser")

    @display(description=_("금액"))
    def show_moved(self, posted: Transaction) -> str:
        """How much changed hands."""
        return render_won(sum(max(0, entry.amount_micros) for entry in posted.entries.all()))

    @display(description=_("누구의"))
    def show_owners(self, posted: Transaction) -> str:
        """The campaigns it is about, or else the advertisers."""
        accounts = [entry.account for entry in posted.entries.all()]
        campaigns = [str(account.campaign) for account in accounts if account.campaign]
        owners = campaigns or [str(account.advertiser) for account in accounts if account.advertiser]
        return ", ".join(dict.fromkeys(owners))

    @display(description=_("메모"))
    def show_note(self, posted: Transaction) -> str:
        """The note in words; what a click was given back for is kept as one word."""
        return label_reason(posted.note)


@admin.register(Account)
class AccountAdmin(MarketAdmin):
    """Accounts with what they hold."""

    list_display = ["id", "kind", "advertiser", "campaign", "show_balance"]
    list_filter = ["kind"]
    list_select_related = ["advertiser", "campaign"]
    search_fields = ["advertiser__name", "campaign__name"]

    @display(description=_("잔액"))
    def show_balance(self, account: Account) -> str:
        """The sum of the account's entries."""
        if account.balance_micros is not None:
            return render_won(account.balance_micros)
        return render_won(account.entries.aggregate(total=Sum("amount_micros"))["total"] or 0)


@admin.register(CampaignDay)
class CampaignDayAdmin(MarketAdmin):
    """What each campaign may spend, holds and spent, by day."""

    list_display = ["day", "campaign", "show_budget", "show_leased", "show_spent", "is_open"]
    list_filter = ["is_open"]
    list_select_related = ["campaign"]
    search_fields = ["campaign__name"]
    date_hierarchy = "day"

    @display(description=_("예산"))
    def show_budget(self, day: CampaignDay) -> str:
        """The day's budget."""
        return render_won(day.budget_micros)

    @display(description=_("떼어 둔 돈"))
    def show_leased(self, day: CampaignDay) -> str:
        """What is set aside."""
        return render_won(day.leased_micros)

    @display(description=_("쓴 돈"))
    def show_spent(self, day: CampaignDay) -> str:
        """What clicks cost."""
        return render_won(day.spent_micros)
