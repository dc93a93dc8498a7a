"""An advertiser's statement: every movement of their money, newest first, with what was left after it.

Money set aside for a campaign is still theirs, so wallet and set-aside money count as one here and moving
between the two is no line of the statement.
"""

import datetime
import uuid
from dataclasses import dataclass

from django.db import connection
from django.db.models import Sum

from ads.models import Account, Advertiser, Entry, Transaction
from ads.money import format_won

PAGE_LINES = 50

MOVEMENTS = """
SELECT * FROM (
    SELECT t.id, t.kind, t.note, t.created_at, m.campaign, m.amount,
           sum(m.amount) OVER (ORDER BY t.created_at, t.id) AS balance
    FROM (
        SELECT e.transaction_id, sum(e.amount_micros) AS amount, max(c.name) AS campaign
        FROM ads_entry e
        JOIN ads_account a ON a.id = e.account_id
        LEFT JOIN ads_campaign c ON c.id = a.campaign_id
        WHERE a.advertiser_id = %(advertiser)s
        GROUP BY e.transaction_id HAVING sum(e.amount_micros) <> 0
    ) m
    JOIN ads_transaction t ON t.id = m.transaction_id
) lines
WHERE %(at)s::timestamptz IS NULL OR (created_at, id) < (%(at)s::timestamptz, %(id)s::uuid)
ORDER BY created_at DESC, id DESC
LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One movement and the balance after it."""

    id: uuid.UUID
    kind: str
    note: str
    at: datetime.datetime
    campaign: str
    amount_micros: int
    balance_micros: int

    @property
    def label(self) -> str:
        """What kind of movement it was, in words."""
        return str(Transaction.Kind(self.kind).label)

    @property
    def amount(self) -> str:
        """What came or went, signed, in won."""
        sign = "+" if self.amount_micros > 0 else ""
        return f"{sign}{format_won(self.amount_micros)}"

    @property
    def balance(self) -> str:
        """What was left, in won."""
        return format_won(self.balance_micros)

    @property
    def cursor(self) -> str:
        """Where the page after this line begins."""
        return f"{self.at.isoformat()}~{self.id}"


@dataclass(frozen=True, slots=True)
class Balance:
    """What an advertiser owns: free in the wallet, and set aside for today's clicks."""

    free_micros: int
    set_aside_micros: int

    @property
    def whole(self) -> str:
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


def read_lines(advertiser: Advertiser, *, before: str = "", limit: int | None = PAGE_LINES) -> list[Line]:
    """Return movements older than the cursor, newest first; a cursor that makes no sense is the beginning."""
    at, last = _read_cursor(before)
    with connection.cursor() as cursor:
        cursor.execute(MOVEMENTS, {"advertiser": advertiser.pk, "at": at, "id": last, "limit": limit})
        return [
            Line(id_, kind, note, created_at, campaign or "", int(amount), int(balance))
            for id_, kind, note, created_at, campaign, amount, balance in cursor
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


def _read_cursor(text: str) -> tuple[datetime.datetime | None, uuid.UUID | None]:
    at, _, last = text.partition("~")
    try:
        return datetime.datetime.fromisoformat(at), uuid.UUID(last)
    except ValueError:
        return None, None
