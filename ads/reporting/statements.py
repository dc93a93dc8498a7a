"""An advertiser's statement: every movement of their money, newest first, with what was left after it.

Money set aside for a campaign is still theirs, so wallet and set-aside money count as one here and moving
between the two is no line of the statement.
"""

import datetime
from dataclasses import dataclass

from django.db import connection
from django.db.models import Sum
from django.utils.translation import gettext as _

from ads.campaigns.credit_grants import LEGACY_TEST_CREDIT_NOTES, TEST_CREDIT_NOTE
from ads.domain.money import format_won
from ads.models import Account, Advertiser, Entry, Transaction
from ads.reporting.reason_labels import label_reason

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
    """One movement and the balance after it; its number only grows."""

    number: int
    kind: str
    note: str
    at: datetime.datetime
    campaign: str
    amount_micros: int
    balance_micros: int

    @property
    def label(self) -> str:
        """What kind of movement it was, in words."""
        if self.kind == Transaction.Kind.REVERSAL:
            return _("클릭 값 돌려받음")
        return str(Transaction.Kind(self.kind).label)

    @property
    def remark(self) -> str:
        """The note in words: what a click was given back for is kept as one word, and so is test money."""
        if self.note in (TEST_CREDIT_NOTE, *LEGACY_TEST_CREDIT_NOTES):
            return _("시험용 돈")
        return label_reason(self.note) if self.kind == Transaction.Kind.REVERSAL else self.note

    @property
    def amount(self) -> str:
        """What came or went, signed, in won."""
        sign = "+" if self.amount_micros > 0 else ""
        return f"{sign}{format_won(self.amount_micros)}"

    @property
    def balance(self) -> str:
        """What was left, in won."""
        return format_won(self.balance_micros)


@dataclass(frozen=True, slots=True)
class Balance:
    """What an advertiser owns: free in the wallet, and set aside for today's clicks."""

    free_micros: int
    set_aside_micros: int

    @property
    def total(self) -> str:
        """All of it, in won."""
        return format_won(self.free_micros + self.set_aside_micros)

    @property
    def free(self) -> str:
        """What no campaign has set aside, in won."""
        return format_won(self.free_micros)

    @property
    def set_aside(self) -> str:
        """What campaigns have set aside for today, in won."""
        return format_won(self.set_aside_micros)


def read_statement(
    advertiser: Advertiser, *, before: int | None = None, limit: int | None = PAGE_LINES
) -> list[StatementLine]:
    """Return movements older than the line of that number, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT_SQL, {"advertiser": advertiser.pk, "before": before, "limit": limit})
        return [
            StatementLine(number, kind, note, created_at, campaign or "", int(amount), int(balance))
            for number, kind, note, created_at, campaign, amount, balance in cursor
        ]


def read_balance(advertiser: Advertiser) -> Balance:
    """Return what the advertiser owns now."""
    sums = dict(
        Entry.objects.filter(account__advertiser=advertiser)
        .values_list("account__kind")
        .annotate(total=Sum("amount_micros"))
        .order_by()
    )
    return Balance(sums.get(Account.Kind.WALLET, 0), sums.get(Account.Kind.LEASE, 0))
