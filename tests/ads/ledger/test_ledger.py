import uuid

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ads.domain.money import WON
from ads.events.link_tokens import LinkPurpose, sign_token
from ads.ledger.accounts import open_wallet, platform_account, wallet_balance
from ads.ledger.entries import InsufficientBalanceError, LedgerError, Leg, post, refund, reverse_click, top_up
from ads.ledger.invariants import find_discrepancies
from ads.models import Account, Click, Entry, Transaction
from testing.ads.event_requests import click_on
from testing.ads.inventory import make_ad, make_advertiser, make_offer

pytestmark = pytest.mark.django_db


def settle_constraints() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def test_the_same_payment_tops_up_once() -> None:
    grace = make_advertiser(won=0)
    assert top_up(grace, 5_000 * WON, key="payment-1") is not None
    assert top_up(grace, 5_000 * WON, key="payment-1") is None
    assert wallet_balance(grace.id) == 5_000 * WON
    assert find_discrepancies() == []


def test_a_refund_never_takes_more_than_the_wallet_holds() -> None:
    grace = make_advertiser(won=100)
    with pytest.raises(InsufficientBalanceError):
        refund(grace, 101 * WON, key="r1")
    refund(grace, 100 * WON, key="r2")
    assert wallet_balance(grace.id) == 0


def test_the_database_refuses_a_wallet_below_zero() -> None:
    grace = make_advertiser(won=100)
    legs = [
        Leg(open_wallet(grace).id, -101 * WON),
        Leg(platform_account(Account.Kind.REVENUE).id, 101 * WON),
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        post(kind=Transaction.Kind.CLICK, key="x", legs=legs)
    assert wallet_balance(grace.id) == 100 * WON


def test_legs_that_do_not_sum_to_zero_are_refused() -> None:
    grace = make_advertiser(won=0)
    with pytest.raises(LedgerError):
        post(kind=Transaction.Kind.TOP_UP, key="x", legs=[Leg(open_wallet(grace).id, 1)])


def test_the_database_refuses_a_transaction_that_does_not_sum_to_zero() -> None:
    account = platform_account(Account.Kind.CLEARING)
    with pytest.raises(IntegrityError, match="sum to"), transaction.atomic():
        lopsided = Transaction.objects.create(kind=Transaction.Kind.TOP_UP, idempotency_key="lopsided")
        Entry.objects.create(transaction=lopsided, account=account, amount_micros=5)
        settle_constraints()


def test_the_database_refuses_a_transaction_without_entries() -> None:
    with pytest.raises(IntegrityError, match="0 legs"), transaction.atomic():
        Transaction.objects.create(kind=Transaction.Kind.TOP_UP, idempotency_key="empty")
        settle_constraints()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ads_entry SET amount_micros = 1",
        "DELETE FROM ads_entry",
        "UPDATE ads_transaction SET note = 'x'",
        "DELETE FROM ads_transaction",
    ],
)
def test_the_database_refuses_to_change_what_is_posted(statement: str) -> None:
    make_advertiser(won=100)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_click_is_reversed_once() -> None:
    offer = make_offer(price_won=120)
    advertiser = offer.campaign.advertiser
    assert click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at)).verdict == "billed"
    before = wallet_balance(advertiser.id)
    billed = Click.objects.get(offer=offer)
    assert reverse_click(billed, reason="burst_person") is not None
    assert reverse_click(billed, reason="burst_person") is None
    assert wallet_balance(advertiser.id) == before + 120 * WON
    assert find_discrepancies() == []


def test_a_free_click_cannot_be_reversed() -> None:
    offer = make_offer(seen=False)
    click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at))
    with pytest.raises(LedgerError):
        reverse_click(Click.objects.get(offer=offer), reason="burst_person")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(
        st.tuples(st.sampled_from(["top_up", "refund", "click"]), st.integers(1, 400)),
        min_size=1,
        max_size=12,
    )
)
def test_any_sequence_of_movements_sums_to_zero_and_leaves_no_wallet_below_zero(
    db: None, moves: list[tuple[str, int]]
) -> None:
    with transaction.atomic():
        advertiser = make_advertiser(str(uuid.uuid4()), won=0)
        creative = make_ad(advertiser, daily_won=500)
        for kind, won in moves:
            if kind == "top_up":
                top_up(advertiser, won * WON, key=str(uuid.uuid4()))
            elif kind == "refund":
                try:
                    refund(advertiser, won * WON, key=str(uuid.uuid4()))
                except InsufficientBalanceError:
                    assert wallet_balance(advertiser.id) < won * WON
            else:
                offer = make_offer(creative, price_won=max(70, won))
                click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at))
        assert find_discrepancies() == []
        assert wallet_balance(advertiser.id) >= 0
