"""An advertiser's statement: every movement of their money with the balance after it, newest first.

Money leased to a campaign still belongs to the advertiser: wallet and lease count as one balance, and a
movement between them is not a line of the statement.
"""

import datetime
from dataclasses import dataclass

from django.db import connection
from django.db.models import Sum
from django.utils.translation import gettext as _

from ads.campaigns.credit_grants import LEGACY_TEST_CREDIT_NOTES, TEST_CREDIT_NOTE
from ads.models import Account, Advertiser, Entry, Transaction
from ads.reporting.invalid_clicks import label_reason

PAGE_LINES = 50

STATEMENT_SQL = """
SELECT * FROM (
    SELECT m.number, t.kind, t.note, t.created_at, coalesce(m.campaign, v.name), m.amount,
           sum(m.amount) OVER (ORDER BY m.number) AS balance
    FROM (
        SELECT e.transaction_id, max(e.id) AS number, sum(e.amount_micros) AS amount,
               max(c.name) AS campaign
        FROM ads_entry e
        JOIN ads_account a ON a.id = e.account_id
        LEFT JOIN ads_campaign c ON c.id = a.campaign_id
        JOIN ads_transaction k ON k.id = e.transaction_id
        WHERE a.advertiser_id = %(advertiser)s
        GROUP BY e.transaction_id, CASE k.kind WHEN 'click' THEN a.campaign_id END
        HAVING sum(e.amount_micros) <> 0
    ) m
    JOIN ads_transaction t ON t.id = m.transaction_id
    LEFT JOIN ads_credit r ON r.transaction_id = m.transaction_id
    LEFT JOIN ads_click k ON k.offer_id = r.click_id
    LEFT JOIN ads_campaign v ON v.id = k.campaign_id
) lines
WHERE %(before)s::bigint IS NULL OR number < %(before)s
ORDER BY number DESC
LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement and the balance after it; a later line has a higher number."""

    number: int
    kind: str
    note: str
    at: datetime.datetime
    campaign: str
    amount_micros: int
    balance_micros: int

    @property
    def label(self) -> str:
        """The kind of movement, translated."""
        if self.kind == Transaction.Kind.REVERSAL:
            return _("클릭 요금 환급")
        return str(Transaction.Kind(self.kind).label)

    @property
    def remark(self) -> str:
        """The note as users read it: the reason of a credit and the mark of test credit are translated."""
        if self.note in (TEST_CREDIT_NOTE, *LEGACY_TEST_CREDIT_NOTES):
            return _("시험용 잔액")
        return label_reason(self.note) if self.kind == Transaction.Kind.REVERSAL else self.note


@dataclass(frozen=True, slots=True)
class Balance:
    """An advertiser's money: free in the wallet, and reserved for today's clicks."""

    free_micros: int
    reserved_micros: int

    @property
    def total_micros(self) -> int:
        """The free and the reserved money."""
        return self.free_micros + self.reserved_micros


def read_statement(
    advertiser: Advertiser, *, before: int | None = None, limit: int | None = PAGE_LINES
) -> list[StatementLine]:
    """Return the lines before a line number, newest first; without a limit, all of them."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT_SQL, {"advertiser": advertiser.pk, "before": before, "limit": limit})
        return [
            StatementLine(number, kind, note, created_at, campaign or "", int(amount), int(balance))
            for number, kind, note, created_at, campaign, amount, balance in cursor
        ]


def read_balance(advertiser: Advertiser) -> Balance:
    """Return the advertiser's current balance."""
    sums = dict(
        Entry.objects.filter(account__advertiser=advertiser)
        .values_list("account__kind")
        .annotate(total=Sum("amount_micros"))
        .order_by()
    )
    return Balance(sums.get(Account.Kind.WALLET, 0), sums.get(Account.Kind.LEASE, 0))
