"""The accounts that money moves between: an advertiser's wallet, a campaign's lease, the platform's own."""

from django.db.models import Sum

from ads.models import Account, Advertiser, Campaign, Entry


def open_wallet(advertiser: Advertiser) -> Account:
    """Return the advertiser's wallet, creating it if needed."""
    wallet, _ = Account.objects.get_or_create(
        kind=Account.Kind.WALLET, advertiser=advertiser, campaign=None, defaults={"balance_micros": 0}
    )
    return wallet


def open_lease_account(campaign: Campaign) -> Account:
    """Return the account that holds the campaign's leased money, creating it if needed."""
    account, _ = Account.objects.get_or_create(
        kind=Account.Kind.LEASE, advertiser_id=campaign.advertiser_id, campaign=campaign
    )
    return account


def platform_account(kind: Account.Kind) -> Account:
    """Return the platform's own account of this kind, creating it if needed."""
    account, _ = Account.objects.get_or_create(kind=kind, advertiser=None, campaign=None)
    return account


def refundable_micros(wallet: Account) -> int:
    """Return the amount that can be paid out: the balance, limited to what was paid in (grants excluded)."""
    moved = Entry.objects.filter(
        account__kind=Account.Kind.CLEARING, transaction__entries__account=wallet
    ).aggregate(total=Sum("amount_micros"))["total"]
    return max(0, min(wallet.balance_micros or 0, -(moved or 0)))


def wallet_balance(advertiser_id: int) -> int:
    """Return the advertiser's wallet balance, without the money leased to campaigns."""
    balance = (
        Account.objects.filter(kind=Account.Kind.WALLET, advertiser_id=advertiser_id)
        .values_list("balance_micros", flat=True)
        .first()
    )
    return balance or 0
