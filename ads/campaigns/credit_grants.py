"""Test money: what owners put into their own wallets where the house allows it, in bounds."""

import datetime
import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ads.campaigns.campaigns import InvalidChangeError
from ads.domain.money import WON, format_won
from ads.ledger.entries import require_same_payment, top_up
from ads.ledger.leases import KOREA, korean_day
from ads.models import Account, Advertiser, Entry, Membership, Transaction

MAX_CREDIT_WON = 1_000_000
MAX_DAILY_CREDIT_WON = 3_000_000
# Kept as one word, and read in the language of whoever reads it.
TEST_CREDIT_NOTE = "test_money"
# What is posted never changes: once it was kept in the language of whoever pressed.
LEGACY_TEST_CREDIT_NOTES = ("시험용 돈", "Test money")


def is_test_credit_allowed() -> bool:
    """Say whether this is a house where test money is as good as any."""
    return bool(settings.ADS_TEST_MONEY)


@transaction.atomic
def grant_test_credit(advertiser: Advertiser, amount_micros: int, *, owner_id: int, key: uuid.UUID) -> None:
    """Put test money into a wallet, once for the key; raises RefusedError, or ReusedKeyError.

    A person may have so much at once and so much a day, over all advertisers that are theirs.
    """
    if not is_test_credit_allowed():
        raise InvalidChangeError(_("여기서는 시험용 돈을 넣을 수 없어요."), field="amount")
    # One after another, or two at once would each find the day's sum below its bound.
    owned = Membership.objects.select_for_update(no_key=True).filter(
        member_id=owner_id, role=Membership.Role.OWNER
    )
    advertisers = [membership.advertiser_id for membership in owned.order_by("pk")]
    name = f"portal:{advertiser.public_id}:{key}"
    if Transaction.objects.filter(idempotency_key=f"top_up:{name}").exists():
        require_same_payment(
            Transaction.Kind.TOP_UP,
            name,
            advertiser=advertiser,
            amount_micros=amount_micros,
            note=TEST_CREDIT_NOTE,
        )
        return
    left = MAX_DAILY_CREDIT_WON * WON - _credited_today(advertisers)
    if amount_micros > min(left, MAX_CREDIT_WON * WON):
        raise InvalidChangeError(
            _("한 번에 %(once)s원, 하루에 %(daily)s원까지예요. 오늘은 %(left)s원이 남았어요.")
            % {
                "once": f"{MAX_CREDIT_WON:,}",
                "daily": f"{MAX_DAILY_CREDIT_WON:,}",
                "left": format_won(max(0, left)),
            },
            field="amount",
        )
    top_up(advertiser, amount_micros, key=name, source=Account.Kind.GRANT, note=TEST_CREDIT_NOTE)


def _credited_today(advertisers: list[int]) -> int:
    midnight = datetime.datetime.combine(korean_day(timezone.now()), datetime.time(), KOREA)
    granted = Entry.objects.filter(
        account__kind=Account.Kind.WALLET,
        account__advertiser__in=advertisers,
        transaction__kind=Transaction.Kind.TOP_UP,
        transaction__entries__account__kind=Account.Kind.GRANT,
        transaction__created_at__gte=midnight,
    )
    return int(granted.aggregate(total=Sum("amount_micros"))["total"] or 0)
