"""Test credit: money that owners add to their own wallets where ADS_TEST_MONEY allows it, within limits."""

import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ads.campaigns.errors import InvalidChangeError
from ads.domain.accounting_day import day_start, korean_day
from ads.domain.money import WON, format_won
from ads.ledger.entries import require_same_payment, top_up
from ads.models import Account, Advertiser, Entry, Membership, Transaction

MAX_CREDIT_WON = 1_000_000
MAX_DAILY_CREDIT_WON = 3_000_000
# Stored as a code and translated when displayed.
TEST_CREDIT_NOTE = "test_money"
# Older postings stored the translated text; a posting never changes.
LEGACY_TEST_CREDIT_NOTES = ("시험용 돈", "Test money")


def is_test_credit_allowed() -> bool:
    """Return whether this site allows test credit."""
    return bool(settings.ADS_TEST_MONEY)


@transaction.atomic
def grant_test_credit(advertiser: Advertiser, amount_micros: int, *, owner_id: int, key: uuid.UUID) -> None:
    """Add test credit to a wallet, once per key; raises InvalidChangeError or IdempotencyKeyReusedError.

    Limits apply per grant and per accounting day, the latter over all advertisers that the person owns.
    """
    if not is_test_credit_allowed():
        raise InvalidChangeError(_("여기서는 시험용 잔액을 충전할 수 없어요."), field="amount")
    # The lock serialises grants: two at once would each find the day's sum below the limit.
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
    midnight = day_start(korean_day(timezone.now()))
    granted = Entry.objects.filter(
        account__kind=Account.Kind.WALLET,
        account__advertiser__in=advertisers,
        transaction__kind=Transaction.Kind.TOP_UP,
        transaction__entries__account__kind=Account.Kind.GRANT,
        transaction__created_at__gte=midnight,
    )
    return int(granted.aggregate(total=Sum("amount_micros"))["total"] or 0)
