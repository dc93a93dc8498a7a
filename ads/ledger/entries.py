"""Money movements: balanced transactions, each posted once for its idempotency key.

The database refuses an unbalanced transaction, a changed row and a wallet below zero; this module decides
which accounts a movement touches.

LedgerError > MarketFrozenError | InsufficientBalanceError | IdempotencyKeyReusedError
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from ads.ledger.accounts import open_wallet, platform_account, refundable_micros
from ads.ledger.market_freeze import is_frozen
from ads.models import Account, Advertiser, Campaign, Click, Entry, Transaction


class LedgerError(Exception):
    """A movement of money that the ledger does not allow."""


class MarketFrozenError(LedgerError):
    """The market is frozen: no refund is paid until an administrator lifts the freeze."""


class InsufficientBalanceError(LedgerError):
    """The wallet holds less than the requested amount."""


class IdempotencyKeyReusedError(LedgerError):
    """The idempotency key belongs to a different payment; no money was moved."""


@dataclass(frozen=True, slots=True)
class Leg:
    """The amount one account gains in a transaction; negative when it loses."""

    account_id: int
    amount_micros: int


def post(
    *,
    kind: Transaction.Kind,
    key: str,
    legs: Sequence[Leg],
    note: str = "",
    reverses: Transaction | None = None,
) -> Transaction | None:
    """Insert one balanced transaction; return None when its key was posted before."""
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
    """Add money to a wallet; return None when a payment with this key was posted before."""
    if amount_micros <= 0:
        raise LedgerError("a top-up adds money")
    legs = [Leg(platform_account(source).id, -amount_micros), Leg(open_wallet(advertiser).id, amount_micros)]
    return post(kind=Transaction.Kind.TOP_UP, key=f"top_up:{key}", legs=legs, note=note)


def refund(advertiser: Advertiser, amount_micros: int, *, key: str, note: str = "") -> Transaction | None:
    """Pay money out of a wallet; raises InsufficientBalanceError or MarketFrozenError."""
    if amount_micros <= 0:
        raise LedgerError("a refund pays money out")
    with transaction.atomic():
        wallet = Account.objects.select_for_update(no_key=True).get(id=open_wallet(advertiser).id)
        if Transaction.objects.filter(idempotency_key=f"refund:{key}").exists():
            return None
        if is_frozen():
            raise MarketFrozenError("the market is frozen")
        if refundable_micros(wallet) < amount_micros:
            raise InsufficientBalanceError(f"{advertiser}: the refundable balance is smaller")
        legs = [
            Leg(wallet.id, -amount_micros),
            Leg(platform_account(Account.Kind.CLEARING).id, amount_micros),
        ]
        return post(kind=Transaction.Kind.REFUND, key=f"refund:{key}", legs=legs, note=note)


def pay_once(
    kind: Transaction.Kind, advertiser: Advertiser, amount_micros: int, *, key: str, note: str
) -> Transaction | None:
    """Top up or refund a wallet; return None when this very payment was posted before.

    Raises IdempotencyKeyReusedError when a different payment has the key.
    """
    pay = {Transaction.Kind.TOP_UP: top_up, Transaction.Kind.REFUND: refund}[kind]
    posted = pay(advertiser, amount_micros, key=key, note=note)
    if posted is None:
        require_same_payment(kind, key, advertiser=advertiser, amount_micros=amount_micros, note=note)
    return posted


def require_same_payment(
    kind: Transaction.Kind, key: str, *, advertiser: Advertiser, amount_micros: int, note: str
) -> None:
    """Raise IdempotencyKeyReusedError unless the posted payment has this wallet, amount and note."""
    posted = Entry.objects.filter(
        transaction__idempotency_key=f"{kind}:{key}",
        transaction__note=note,
        account__kind=Account.Kind.WALLET,
        account__advertiser=advertiser,
        amount_micros__in=(amount_micros, -amount_micros),
    )
    if not posted.exists():
        raise IdempotencyKeyReusedError(f"{kind}:{key}: another payment has this key")


def reverse_click(click: Click, *, reason: str) -> Transaction | None:
    """Return the price of a billed click to its wallet; return None when it was reversed before."""
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
