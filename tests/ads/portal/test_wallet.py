import datetime
import uuid

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from ads.campaigns.advertisers import register_advertiser
from ads.campaigns.credit_grants import grant_test_credit
from ads.campaigns.errors import InvalidChangeError
from ads.domain.money import WON
from ads.ledger.accounts import wallet_balance
from ads.ledger.billing import settle_click
from ads.ledger.entries import top_up
from ads.ledger.invariants import find_discrepancies
from ads.models import Account, Advertiser, Creative, Transaction
from ads.reporting.statements import read_balance, read_statement
from testing.ads.inventory import make_advertiser, make_offer
from tests.ads.ledger.test_concurrent_charges import at_once


def test_test_credit_is_added_once_for_a_form_sent_twice(portal_client: Client, shop: Advertiser) -> None:
    where = f"/advertise/{shop.public_id}/money/"
    before = wallet_balance(shop.pk)
    page = portal_client.get(where)
    assert "진짜 돈이 아니에요" in page.content.decode()
    sent = {"amount": "50,000", "key": str(page.context["form"]["key"].value())}
    for _ in range(3):
        assert portal_client.post(f"{where}add/", sent).status_code == 302
    assert wallet_balance(shop.pk) - before == 50_000 * WON
    assert find_discrepancies() == []


def test_a_used_form_adds_no_other_amount_and_says_so(portal_client: Client, shop: Advertiser) -> None:
    where = f"/advertise/{shop.public_id}/money/add/"
    sent = {"amount": "50,000", "key": str(uuid.uuid4())}
    assert portal_client.post(where, sent).status_code == 302
    before = wallet_balance(shop.pk)
    page = portal_client.post(where, sent | {"amount": "10,000"})
    assert page.status_code == 422 and "이미 보낸 양식이라" in page.content.decode()
    assert wallet_balance(shop.pk) == before
    form = page.context["form"]
    again = {"amount": form["amount"].value(), "key": form["key"].value()}
    assert portal_client.post(where, again).status_code == 302
    assert wallet_balance(shop.pk) - before == 10_000 * WON


def add(portal_client: Client, shop: Advertiser, won: int, key: str = "") -> int:
    sent = {"amount": str(won), "key": key or str(uuid.uuid4())}
    return portal_client.post(f"/advertise/{shop.public_id}/money/add/", sent).status_code


def test_a_site_without_test_credit_neither_offers_nor_grants_it(
    portal_client: Client, shop: Advertiser, settings: Settings
) -> None:
    settings.ADS_TEST_MONEY = False
    page = portal_client.get(f"/advertise/{shop.public_id}/money/").content.decode()
    assert "money/add/" not in page
    assert "입금을 확인한 운영자" in page
    before = wallet_balance(shop.pk)
    assert add(portal_client, shop, 50_000) == 403
    assert wallet_balance(shop.pk) == before


def test_grants_are_limited_per_grant_and_per_owner_and_day(
    portal_client: Client, shop: Advertiser, grace: User
) -> None:
    other = register_advertiser(name="또 다른 가게", owner_id=grace.pk)
    assert add(portal_client, shop, 1_000_001) == 422
    key = str(uuid.uuid4())
    assert [add(portal_client, shop, 1_000_000), add(portal_client, other, 1_000_000, key)] == [302, 302]
    assert add(portal_client, shop, 900_000) == 302
    page = portal_client.post(
        f"/advertise/{other.public_id}/money/add/", {"amount": "100,001", "key": str(uuid.uuid4())}
    )
    assert page.status_code == 422
    assert "오늘은 100,000원이 남았어요" in page.content.decode()
    assert add(portal_client, other, 100_000) == 302
    # A payment that is known already is no new one, and another person has a day of their own.
    assert add(portal_client, other, 1_000_000, key) == 302
    assert wallet_balance(other.pk) == 1_100_000 * WON
    with time_machine.travel(timezone.now() + datetime.timedelta(days=1)):
        portal_client.force_login(grace)
        assert add(portal_client, shop, 1_000_000) == 302


def test_test_credit_is_labelled_in_the_reader_s_language(portal_client: Client, shop: Advertiser) -> None:
    where = f"/advertise/{shop.public_id}/money/"
    sent = {"amount": "50,000", "key": str(uuid.uuid4())}
    assert portal_client.post(f"{where}add/", sent, headers={"accept-language": "en"}).status_code == 302
    for note in ("시험용 돈", "Test money"):
        top_up(shop, WON, key=note, source=Account.Kind.GRANT, note=note)
    for language, words in (("ko", "시험용 잔액"), ("en", "Test credit")):
        page = portal_client.get(
            f"{where}statement.csv", headers={"accept-language": language}
        ).content.decode()
        assert page.count(f",{words}") == 3


@pytest.mark.django_db(transaction=True)
def test_concurrent_grants_keep_the_daily_limit(shop: Advertiser, grace: User) -> None:
    def grant(_number: int) -> bool:
        try:
            grant_test_credit(shop, 1_000_000 * WON, owner_id=grace.pk, key=uuid.uuid4())
        except InvalidChangeError:
            return False
        return True

    before = wallet_balance(shop.pk)
    assert sorted(at_once(6, grant)) == [False] * 3 + [True] * 3
    assert wallet_balance(shop.pk) - before == 3_000_000 * WON


def test_the_same_key_of_another_advertiser_is_another_payment(
    shop: Advertiser, portal_client: Client
) -> None:
    other = make_advertiser("다른 가게", won=0)
    key = str(uuid.uuid4())
    top_up(other, 1_000 * WON, key=f"portal:{other.public_id}:{key}")
    portal_client.post(f"/advertise/{shop.public_id}/money/add/", {"amount": "1,000", "key": key})
    assert read_statement(shop)[0].amount_micros == 1_000 * WON


@pytest.mark.parametrize("amount", ["", "0", "-5,000", "999", "1000000001", "5.5", "백만원", "1e9"])
def test_an_invalid_amount_moves_nothing(portal_client: Client, shop: Advertiser, amount: str) -> None:
    before = Transaction.objects.count()
    answer = portal_client.post(
        f"/advertise/{shop.public_id}/money/add/", {"amount": amount, "key": str(uuid.uuid4())}
    )
    assert answer.status_code == 422
    assert 'id="id_amount_error"' in answer.content.decode()
    assert Transaction.objects.count() == before


@pytest.mark.parametrize("typed", ["5,000", "5000", "5000원", " 5,000 "])
def test_amounts_can_be_typed_with_separators_and_unit(
    portal_client: Client, shop: Advertiser, typed: str
) -> None:
    portal_client.post(f"/advertise/{shop.public_id}/money/add/", {"amount": typed, "key": str(uuid.uuid4())})
    assert read_statement(shop)[0].amount_micros == 5_000 * WON


def test_the_statement_shows_movements_with_the_balance_after_each(
    portal_client: Client, shop: Advertiser, ad: Creative
) -> None:
    settle_click(make_offer(ad, price_won=120), reason="", network="", at=timezone.now())
    lines = read_statement(shop)
    # What was set aside for the day moved too, and is no line: it is still the advertiser's.
    assert [(line.kind, line.amount_micros) for line in lines] == [
        ("click", -120 * WON),
        ("top_up", 1_000_000 * WON),
    ]
    assert lines[0].balance_micros == 999_880 * WON
    assert lines[0].campaign == ad.ad_group.campaign.name
    balance = read_balance(shop)
    assert balance.total_micros == 999_880 * WON
    assert balance.reserved_micros > 0
    page = portal_client.get(f"/advertise/{shop.public_id}/money/").content.decode()
    assert "-120원" in page
    assert "999,880원" in page


def test_a_long_statement_is_paginated_without_gap_or_repetition(
    portal_client: Client, shop: Advertiser
) -> None:
    for _ in range(120):
        top_up(shop, WON, key=str(uuid.uuid4()))
    seen: list[int] = []
    where = f"/advertise/{shop.public_id}/money/"
    cursor: int | str = ""
    while True:
        page = portal_client.get(where, {"before": cursor})
        seen += [line.number for line in page.context["lines"]]
        cursor = page.context["next_cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 121
    assert len(portal_client.get(f"{where}statement.csv").content.decode().splitlines()) == 122


@pytest.mark.parametrize("cursor", ["nonsense", "-1", "1.5", "٣" * 30, "9" * 40, "'; DROP TABLE ads_entry"])
def test_an_invalid_cursor_starts_at_the_newest_line(
    portal_client: Client, shop: Advertiser, cursor: str
) -> None:
    page = portal_client.get(f"/advertise/{shop.public_id}/money/", {"before": cursor})
    assert len(page.context["lines"]) == 1


def test_another_advertiser_s_money_is_in_no_line(shop: Advertiser) -> None:
    make_advertiser("다른 가게")
    assert len(read_statement(shop)) == 1
