"""Every movement of money: balanced transactions, each posted once for its idempotency key.

The database refuses an unbalanced transaction, a changed row and a wallet below zero; this module decides
which accounts a movement touches. `find_faults` proves the books against the clicks.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.db.models import Sum

from ads.models import Account, Advertiser, Campaign, Click, Entry, Freeze, Transaction


class LedgerError(Exception):
    """Money cannot move that way."""


class MarketFrozenError(LedgerError):
    """The market is frozen: no money leaves it until a person has looked at its books."""


class InsufficientBalanceError(LedgerError):
    """The wallet holds less than what was asked of it."""


class IdempotencyKeyReusedError(LedgerError):
    """The key of this payment was used for another one, and nothing was moved."""


@dataclass(frozen=True, slots=True)
class Leg:
    """What one account gains in a transaction, or loses when negative."""

    account_id: int
    amount_micros: int


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One place where the books disagree."""

    rule: str
    where: str
    found: int
    expected: int


def open_wallet(advertiser: Advertiser) -> Account:
    """Return the advertiser's wallet, made when it is not there."""
    wallet, _ = Account.objects.get_or_create(
        kind=Account.Kind.WALLET, advertiser=advertiser, campaign=None, defaults={"balance_micros": 0}
    )
    return wallet


def open_lease_account(campaign: Campaign) -> Account:
    """Return the account of the money set aside for this campaign."""
    account, _ = Account.objects.get_or_create(
        kind=Account.Kind.LEASE, advertiser_id=campaign.advertiser_id, campaign=campaign
    )
    return account


def platform_account(kind: Account.Kind) -> Account:
    """Return the one account of that kind that belongs to the house."""
    account, _ = Account.objects.get_or_create(kind=kind, advertiser=None, campaign=None)
    return account


def post(
    *,
    kind: Transaction.Kind,
    key: str,
    legs: Sequence[Leg],
    note: str = "",
    reverses: Transaction | None = None,
) -> Transaction | None:
    """Keep one balanced transaction; None when its key was posted before."""
    if sum(leg.amount_micros for leg in legs) != 0:
        raise LedgerError(f"{key}: the legs do not sum to zero")
    with transaction.atomic():
        try:
            with transaction.atomic():
                posted = Transaction.objects.create(
                    id=uuid.uuid4(), kind=kind, idempotency_key=key, note=note, reverses=reverses
                )
        except IntegrityError:
            if Transaction.objects.filter(idempotency_key=key).exists():
                return None
            raise
        Entry.objects.bulk_create(
            Entry(transaction=posted, account_id=leg.account_id, amount_micros=leg.amount_micros)
            for leg in legs
        )
    return posted


def top_up(
    advertiser: Advertiser,
    amount_micros: int,
    *,
    key: str,
    source: Account.Kind = Account.Kind.CLEARING,
    note: str = "",
) -> Transaction | None:
    """Put money into a wallet, once for the key of its payment."""
    if amount_micros <= 0:
        raise LedgerError("a top-up adds money")
    legs = [
        Leg(platform_account(source).id, -amount_micros),
        Leg(open_wallet(advertiser).id, amount_micros),
    ]
    return post(kind=Transaction.Kind.TOP_UP, key=f"top_up:{key}", legs=legs, note=note)


def refund(advertiser: Advertiser, amount_micros: int, *, key: str, note: str = "") -> Transaction | None:
    """Pay money out of a wallet; raises NotEnoughMoneyError beyond what may be paid out, and FrozenError."""
    if amount_micros <= 0:
        raise LedgerError("a refund pays money out")
    with transaction.atomic():
        wallet = Account.objects.select_for_update(no_key=True).get(id=open_wallet(advertiser).id)
        if Transaction.objects.filter(idempotency_key=f"refund:{key}").exists():
            return None
        if is_frozen():
            raise MarketFrozenError("the market is frozen")
        if refundable_micros(wallet) < amount_micros:
            raise InsufficientBalanceError(f"{advertiser}: less than that can be paid out")
        legs = [
            Leg(wallet.id, -amount_micros),
            Leg(platform_account(Account.Kind.CLEARING).id, amount_micros),
        ]
        return post(kind=Transaction.Kind.REFUND, key=f"refund:{key}", legs=legs, note=note)


def require_same_payment(
    kind: Transaction.Kind, key: str, *, advertiser: Advertiser, amount_micros: int, note: str
) -> None:
    """Raise ReusedKeyError unless the payment of this key was just this one: wallet, amount and note."""
    posted = Entry.objects.filter(
        transaction__idempotency_key=f"{kind}:{key}",
        transaction__note=note,
        account__kind=Account.Kind.WALLET,
        account__advertiser=advertiser,
        amount_micros__in=(amount_micros, -amount_micros),
    )
    if not posted.exists():
        raise IdempotencyKeyReusedError(f"{kind}:{key}: another payment has this key")


def refundable_micros(wallet: Account) -> int:
    """Return how much of a wallet can be paid out: what is in it, but never money that was only granted."""
    moved = Entry.objects.filter(
        account__kind=Account.Kind.CLEARING, transaction__entries__account=wallet
    ).aggregate(total=Sum("amount_micros"))["total"]
    return max(0, min(wallet.balance_micros or 0, -(moved or 0)))


def reverse_click(click: Click, *, reason: str) -> Transaction | None:
    """Give the price of a billed click back to its wallet, at most once."""
    paid = click.transaction
    if paid is None:
        raise LedgerError(f"{click.offer_id}: this click was never billed")
    wallet = open_wallet(Campaign.objects.select_related("advertiser").get(id=click.campaign_id).advertiser)
    legs = [
        Leg(platform_account(Account.Kind.REVENUE).id, -click.price_micros),
        Leg(wallet.id, click.price_micros),
    ]
    return post(
        kind=Transaction.Kind.REVERSAL,
        key=f"reversal:{click.offer_id}",
        legs=legs,
        note=reason,
        reverses=paid,
    )


def is_frozen() -> bool:
    """Say whether the market stands still because its books disagreed."""
    return Freeze.objects.filter(lifted_at=None).exists()


def wallet_balance(advertiser_id: int) -> int:
    """Return what the advertiser can still spend, money set aside for today's clicks not included."""
    balance = (
        Account.objects.filter(kind=Account.Kind.WALLET, advertiser_id=advertiser_id)
        .values_list("balance_micros", flat=True)
        .first()
    )
    return balance or 0


INVARIANT_QUERIES = {
    "sum_is_zero": """
        SELECT 'all entries', coalesce(sum(amount_micros), 0), 0 FROM ads_entry
        HAVING coalesce(sum(amount_micros), 0) <> 0
    """,
    "transaction_sums_to_zero": """
        SELECT transaction_id::text, sum(amount_micros), 0 FROM ads_entry
        GROUP BY transaction_id HAVING sum(amount_micros) <> 0
    """,
    "wallet_is_its_entries": """
        SELECT a.id::text, a.balance_micros, coalesce(sum(e.amount_micros), 0)
        FROM ads_account a LEFT JOIN ads_entry e ON e.account_id = a.id WHERE a.kind = 'wallet'
        GROUP BY a.id HAVING a.balance_micros <> coalesce(sum(e.amount_micros), 0)
    """,
    "day_spent_is_its_clicks": """
        SELECT d.campaign_id || ' ' || d.day, d.spent_micros, coalesce(sum(c.price_micros), 0)
        FROM ads_campaignday d LEFT JOIN ads_click c ON c.campaign_id = d.campaign_id AND c.day = d.day
        GROUP BY d.id HAVING d.spent_micros <> coalesce(sum(c.price_micros), 0)
    """,
    "lease_is_what_days_hold": """
        SELECT a.campaign_id::text, coalesce(e.total, 0), coalesce(d.total, 0) FROM ads_account a
        LEFT JOIN (SELECT account_id, sum(amount_micros) AS total FROM ads_entry GROUP BY 1) e
            ON e.account_id = a.id
        LEFT JOIN (SELECT campaign_id, sum(leased_micros - spent_micros) AS total
                   FROM ads_campaignday GROUP BY 1) d ON d.campaign_id = a.campaign_id
        WHERE a.kind = 'lease' AND coalesce(e.total, 0) <> coalesce(d.total, 0)
    """,
    "lease_is_of_its_campaigns_advertiser": """
        SELECT a.campaign_id::text, a.advertiser_id, c.advertiser_id
        FROM ads_account a JOIN ads_campaign c ON c.id = a.campaign_id
        WHERE a.kind = 'lease' AND a.advertiser_id <> c.advertiser_id
    """,
    "transaction_is_its_clicks": """
        SELECT coalesce(paid.transaction_id, clicked.transaction_id) || ' ' ||
               coalesce(paid.campaign_id, clicked.campaign_id),
               coalesce(paid.total, 0), coalesce(clicked.total, 0)
        FROM (SELECT e.transaction_id, a.campaign_id, -sum(e.amount_micros) AS total FROM ads_entry e
              JOIN ads_transaction t ON t.id = e.transaction_id AND t.kind = 'click'
              JOIN ads_account a ON a.id = e.account_id AND a.kind = 'lease' GROUP BY 1, 2) AS paid
        FULL JOIN (SELECT transaction_id, campaign_id, sum(price_micros) AS total FROM ads_click
                   WHERE transaction_id IS NOT NULL GROUP BY 1, 2) AS clicked
            ON clicked.transaction_id = paid.transaction_id AND clicked.campaign_id = paid.campaign_id
        WHERE coalesce(paid.total, 0) <> coalesce(clicked.total, 0)
    """,
    "click_costs_what_was_offered": """
        SELECT c.offer_id::text, c.price_micros, o.price_micros FROM ads_click c
        JOIN ads_offer o ON o.id = c.offer_id
        WHERE c.verdict = 'billed' AND (c.price_micros <> o.price_micros OR c.campaign_id <> o.campaign_id)
    """,
    "reversal_is_its_click": """
        SELECT t.idempotency_key, coalesce(max(e.amount_micros), 0), coalesce(max(c.price_micros), 0)
        FROM ads_transaction t LEFT JOIN ads_entry e ON e.transaction_id = t.id AND e.amount_micros > 0
        LEFT JOIN ads_click c
            ON t.idempotency_key = 'reversal:' || c.offer_id AND c.transaction_id = t.reverses_id
        WHERE t.kind = 'reversal' GROUP BY t.id
        HAVING coalesce(max(e.amount_micros), 0) <> coalesce(max(c.price_micros), 0)
    """,
    "campaign_leased_is_its_days": """
        SELECT c.id::text, c.leased_micros, coalesce(sum(d.leased_micros), 0) FROM ads_campaign c
        LEFT JOIN ads_campaignday d ON d.campaign_id = c.id
        GROUP BY c.id HAVING c.leased_micros <> coalesce(sum(d.leased_micros), 0)
    """,
}


def find_discrepancies() -> list[Discrepancy]:
    """Prove the books; every fault names its rule, and an empty list means that all of them agree."""
    # One statement is one snapshot: between two of them a click would look like a fault.
    proofs = [
        f"SELECT '{rule}', f.* FROM ({statement}) AS f (place, found, expected)"  # noqa: S608
        for rule, statement in INVARIANT_QUERIES.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(proofs))
        return [Discrepancy(rule, where, int(found), int(due)) for rule, where, found, due in cursor]
