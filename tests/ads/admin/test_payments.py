import re
import uuid

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from ads.domain.money import WON
from ads.events.click_audit import credit_click
from ads.events.link_tokens import LinkPurpose, sign_token
from ads.ledger.accounts import open_wallet, refundable_micros, wallet_balance
from ads.ledger.entries import top_up
from ads.ledger.invariants import find_discrepancies
from ads.ledger.market_freeze import freeze_market
from ads.models import Account, Advertiser, Click, Credit
from ads.reporting.statements import read_statement
from testing.ads.event_requests import click_on
from testing.ads.inventory import make_advertiser, make_offer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


def pay_out(client: Client, advertiser: Advertiser, won: str, key: str = "") -> str:
    sent = {"amount": won, "note": "계약을 끝냄", "key": key or str(uuid.uuid4())}
    where = reverse("admin:ads_advertiser_pay_out", args=[advertiser.pk])
    return client.post(where, sent, follow=True).content.decode()


def test_an_admin_refunds_a_payment_once(admin_client: Client) -> None:
    shop = make_advertiser(won=5_000)
    where = reverse("admin:ads_advertiser_pay_out", args=[shop.pk])
    assert where in admin_client.get(reverse("admin:ads_advertiser_change", args=[shop.pk])).content.decode()
    assert "5,000원" in admin_client.get(where).content.decode()
    key = str(uuid.uuid4())
    for _ in range(2):
        assert "3,000원을 환불했어요" in pay_out(admin_client, shop, "3,000", key)
    assert wallet_balance(shop.id) == 2_000 * WON
    assert "환불할 수 있는 금액보다 많아요" in pay_out(admin_client, shop, "2,001")
    assert "원 단위 숫자" in pay_out(admin_client, shop, "-1")
    assert find_discrepancies() == []


def test_an_admin_tops_up_a_wallet_once(admin_client: Client, settings: Settings) -> None:
    settings.ADS_TEST_MONEY = False
    shop = make_advertiser(won=0)
    where = reverse("admin:ads_advertiser_pay_in", args=[shop.pk])
    assert where in admin_client.get(reverse("admin:ads_advertiser_change", args=[shop.pk])).content.decode()
    sent = {"amount": "30,000", "note": "국민은행 3301", "key": str(uuid.uuid4())}
    for _ in range(2):
        page = admin_client.post(where, sent, follow=True).content.decode()
        assert "30,000원을 입금했어요" in page
    assert wallet_balance(shop.id) == refundable_micros(open_wallet(shop)) == 30_000 * WON
    assert [line.remark for line in read_statement(shop)] == ["국민은행 3301"]
    assert "원 단위 숫자" in admin_client.post(where, sent | {"amount": "1e9"}).content.decode()
    assert find_discrepancies() == []


@pytest.mark.parametrize("changed", [{"amount": "2,000"}, {"note": "다른 계약"}])
@pytest.mark.parametrize("way", ["pay_in", "pay_out"])
def test_a_used_form_moves_no_other_payment_and_says_so(
    admin_client: Client, way: str, changed: dict[str, str]
) -> None:
    shop = make_advertiser(won=5_000)
    where = reverse(f"admin:ads_advertiser_{way}", args=[shop.pk])
    sent = {"amount": "1,000", "note": "계약", "key": str(uuid.uuid4())}
    assert admin_client.post(where, sent).status_code == 302
    left = wallet_balance(shop.id)
    page = admin_client.post(where, sent | changed)
    assert page.status_code == 200 and "이미 보낸 양식이라 아무것도 바뀌지 않았어요" in page.content.decode()
    assert wallet_balance(shop.id) == left
    # What is shown again is a payment of its own, with what was typed.
    form = page.context["form"]
    again = {field: form[field].value() for field in ("amount", "note", "key")}
    assert again["key"] != sent["key"] and again | {"key": ""} == sent | changed | {"key": ""}
    assert admin_client.post(where, again).status_code == 302
    assert wallet_balance(shop.id) != left
    assert find_discrepancies() == []


def test_a_used_form_pays_no_other_advertiser(admin_client: Client) -> None:
    shop, other = make_advertiser(won=0), make_advertiser("다른 가게", won=0)
    sent = {"amount": "1,000", "note": "계약", "key": str(uuid.uuid4())}
    pages = [
        admin_client.post(reverse("admin:ads_advertiser_pay_in", args=[paid.pk]), sent)
        for paid in (shop, other)
    ]
    assert [page.status_code for page in pages] == [302, 200]
    assert (wallet_balance(shop.id), wallet_balance(other.id)) == (1_000 * WON, 0)


def test_payments_are_logged_with_their_admin(admin_client: Client, admin_user: User) -> None:
    shop = make_advertiser(won=0)
    key = str(uuid.uuid4())
    for way, won in (("pay_in", "30,000"), ("pay_in", "30,000"), ("pay_in", "1"), ("pay_out", "2,000")):
        where = reverse(f"admin:ads_advertiser_{way}", args=[shop.pk])
        admin_client.post(where, {"amount": won, "note": "국민은행 3301", "key": key})
    offer = make_offer(price_won=100)
    click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at))
    for _ in range(2):
        sent = {"action": "give_back", "_selected_action": [str(offer.pk)]}
        admin_client.post(reverse("admin:ads_click_changelist"), sent)
    kept = LogEntry.objects.order_by("pk").values_list("user", "object_id", "change_message")
    posted = {line.kind: line for line in read_statement(shop)}
    assert len(posted) == 2
    paid_in, paid_out, given_back = kept
    assert paid_in[:2] == paid_out[:2] == (admin_user.pk, str(shop.pk))
    assert "+30,000 KRW · 국민은행 3301" in paid_in[2] and "-2,000 KRW" in paid_out[2]
    assert given_back == (admin_user.pk, str(offer.pk), "+100 KRW · operator")
    page = admin_client.get(reverse("admin:ads_advertiser_history", args=[shop.pk])).content.decode()
    assert "+30,000 KRW" in page


def test_test_credit_is_never_refunded(admin_client: Client) -> None:
    shop = make_advertiser(won=1_000)
    top_up(shop, 9_000 * WON, key="grant", source=Account.Kind.GRANT)
    assert refundable_micros(open_wallet(shop)) == 1_000 * WON
    assert "보다 많아요" in pay_out(admin_client, shop, "1,001")
    assert "1,000원을 환불했어요" in pay_out(admin_client, shop, "1,000")
    assert refundable_micros(open_wallet(shop)) == 0


def test_a_frozen_market_refunds_nothing(admin_client: Client) -> None:
    shop = make_advertiser(won=1_000)
    freeze_market([])
    assert "멈춰 있는 동안" in pay_out(admin_client, shop, "500")
    assert wallet_balance(shop.id) == 1_000 * WON


def test_a_refund_from_before_the_freeze_is_reported_as_made(admin_client: Client) -> None:
    shop, key = make_advertiser(won=1_000), str(uuid.uuid4())
    pay_out(admin_client, shop, "500", key)
    freeze_market([])
    assert "500원을 환불했어요" in pay_out(admin_client, shop, "500", key)
    assert wallet_balance(shop.id) == 500 * WON


def test_a_disputed_click_is_credited_once_and_says_so(admin_client: Client) -> None:
    offer = make_offer(price_won=100)
    click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at))
    where = reverse("admin:ads_click_changelist")
    sent = {"action": "give_back", "_selected_action": [str(offer.pk)]}
    for count in (1, 0):
        page = admin_client.post(where, sent, follow=True).content.decode()
        assert f"클릭 {count}개의 요금을 환급했어요" in page
    assert Credit.objects.get().reason == "operator"
    assert (
        "운영자가 확인하고 환급함"
        in admin_client.get(reverse("admin:ads_credit_changelist")).content.decode()
    )
    assert not credit_click(Click.objects.get(), reason="burst_person")
    assert find_discrepancies() == []


def test_payments_and_credits_need_their_own_permissions(client: Client, grace: User) -> None:
    grace.is_staff = True
    grace.save()
    client.force_login(grace)
    shop = make_advertiser(won=1_000)
    for page in ("pay_in", "pay_out"):
        assert client.get(reverse(f"admin:ads_advertiser_{page}", args=[shop.pk])).status_code == 403
    assert client.post(reverse("admin:ads_click_changelist"), {"action": "give_back"}).status_code == 403


def test_reasons_are_shown_as_labels(admin_client: Client) -> None:
    offer = make_offer(seen=False)
    click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at))
    page = admin_client.get(reverse("admin:ads_click_changelist")).content.decode()
    shown = re.sub(r"<[^>]+>", " ", page)
    assert "광고를 보지 않고 누름" in shown
