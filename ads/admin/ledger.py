"""The books, to be read and never written."""

from django.contrib import admin
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from ads.admin.read_only import ReadOnlyAdmin, show_won
from ads.models import Account, CampaignDay, Entry, Transaction


class EntryInline(TabularInline):
    """The legs of a transaction."""

    model = Entry
    extra = 0
    can_delete = False
    fields = readonly_fields = ["account", "show_amount"]

    @display(description=_("금액"))
    def show_amount(self, entry: Entry) -> str:
        """What the account gained or lost."""
        return show_won(entry.amount_micros)

    def has_add_permission(self, request: object, obj: object = None) -> bool:
        """The market posts."""
        return False


@admin.register(Transaction)
class TransactionAdmin(ReadOnlyAdmin):
    """Money moved, newest first."""

    list_display = ["created_at", "kind", "idempotency_key", "note"]
    list_filter = ["kind"]
    search_fields = ["idempotency_key", "note"]
    date_hierarchy = "created_at"
    inlines = [EntryInline]


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    """Accounts with what they hold."""

    list_display = ["id", "kind", "advertiser", "campaign", "show_balance"]
    list_filter = ["kind"]
    list_select_related = ["advertiser", "campaign"]
    search_fields = ["advertiser__name", "campaign__name"]

    @display(description=_("잔액"))
    def show_balance(self, account: Account) -> str:
        """The sum of the account's entries."""
        if account.balance_micros is not None:
            return show_won(account.balance_micros)
        return show_won(account.entries.aggregate(total=Sum("amount_micros"))["total"] or 0)


@admin.register(CampaignDay)
class CampaignDayAdmin(ReadOnlyAdmin):
    """What each campaign may spend, holds and spent, by day."""

    list_display = ["day", "campaign", "show_budget", "show_leased", "show_spent", "is_open"]
    list_filter = ["is_open"]
    list_select_related = ["campaign"]
    search_fields = ["campaign__name"]
    date_hierarchy = "day"

    @display(description=_("예산"))
    def show_budget(self, day: CampaignDay) -> str:
        """The day's budget."""
        return show_won(day.budget_micros)

    @display(description=_("떼어 둔 돈"))
    def show_leased(self, day: CampaignDay) -> str:
        """What is set aside."""
        return show_won(day.leased_micros)

    @display(description=_("쓴 돈"))
    def show_spent(self, day: CampaignDay) -> str:
        """What clicks cost."""
        return show_won(day.spent_micros)
