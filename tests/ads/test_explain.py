import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from ads.client import request_ad
from ads.contract import AdRequest
from ads.models import LearnedReserve, Offer
from ads.money import WON
from tests.ads.inventory import make_ad, make_advertiser, publish_all, request_for

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


def learn_reserve(won: int) -> None:
    """Let the market have learned the least that a click on a trip costs."""
    LearnedReserve.objects.create(
        category="travel",
        reserve_micros=won * WON,
        auctions=700,
        income_gain=0.12,
        fill_loss=0.03,
        provenance="replay of 700 auctions",
    )


def decide() -> AdRequest:
    """A request that Grace wins and a rival loses."""
    learn_reserve(90)
    make_ad(make_advertiser("Grace"), bid_won=500)
    make_ad(make_advertiser("Rival"), bid_won=300)
    publish_all()
    request = request_for("도쿄 항공권 싸게 사는 법")
    request_ad(request)
    return request


def explain(*words: str) -> str:
    said = StringIO()
    call_command("explain_ad", *words, stdout=said)
    return said.getvalue()


def test_explaining_names_the_rate_the_reserve_and_the_vcg_price() -> None:
    said = explain(decide().request_id)
    assert "300 won a click (VCG 300" in said
    assert "floor     70 won" in said
    assert "reserve   travel 90 won" in said
    assert "replay of 700 auctions, income +12.0%, places left empty 3.0%" in said
    assert "smoothed" in said
    assert [line.split()[0] for line in said.splitlines()[-2:]] == ["won", "outbid"]


def test_an_offer_is_explained_when_its_request_is_forgotten(valkey: object) -> None:
    decide()
    offer = Offer.objects.get()
    valkey.flushdb()  # type: ignore[attr-defined]
    assert "outbid" in explain(str(offer.id))
    assert json.loads(explain(offer.request_id, "--json"))["contenders"][0]["rate_source"]
    with pytest.raises(CommandError):
        explain("nobody")


def test_the_admin_sees_every_contender_where_it_fell_and_whose_word_a_click_rate_is(
    admin_client: Client,
) -> None:
    decide()
    page = admin_client.get(reverse("admin:ads_offer_change", args=[Offer.objects.get().pk])).content.decode()
    assert "VCG 참고 가격 300원" in page
    assert page.index("이김") < page.index("더 높은 점수에 밀림")
    assert "1.50%" in page and "실적으로 어림" in page


def test_the_admin_explains_a_request_that_got_no_ad(admin_client: Client) -> None:
    make_ad(make_advertiser("Grace"), bid_won=500)
    learn_reserve(900)
    publish_all()
    request = request_for("도쿄 항공권 싸게 사는 법")
    request_ad(request)
    assert not Offer.objects.exists()
    where = reverse("admin:ads_offer_explain_request")
    page = admin_client.get(where, {"request": request.request_id}).content.decode()
    assert "광고 없음" in page and "최저가보다 낮음" in page and "900원" in page
    for name in ("nobody", "0" * 31 + "z", "<b>"):
        assert "기억에 없는 요청" in admin_client.get(where, {"request": name}).content.decode()
    assert (
        reverse("admin:ads_offer_explain_request") in admin_client.get("/admin/ads/offer/").content.decode()
    )


def test_explaining_is_for_whoever_may_see_offers(client: Client, grace: User) -> None:
    grace.is_staff = True
    grace.save()
    client.force_login(grace)
    assert client.get(reverse("admin:ads_offer_explain_request")).status_code == 403
