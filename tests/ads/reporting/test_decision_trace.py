import dataclasses
import json
import uuid
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from ads.client import request_ad
from ads.contract import AdRequest, NoAd
from ads.domain.money import WON
from ads.events.frequency_caps import FrequencyCaps
from ads.ledger.invariants import Discrepancy
from ads.ledger.market_freeze import freeze_market
from ads.models import LearnedReserve, Offer
from ads.selection.serving.traces import find_trace
from testing.ads.inventory import make_ad, make_advertiser, publish_all, request_for

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
PROMPT = "도쿄 항공권 싸게 사는 법"


def learn_reserve(won: int) -> None:
    """Insert a learned reserve of the travel category."""
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
    output = StringIO()
    call_command("explain_ad", *words, stdout=output)
    return output.getvalue()


def test_explain_ad_shows_rate_reserve_and_vcg_price() -> None:
    output = explain(decide().request_id)
    assert "300 won a click (VCG 300" in output
    assert "floor     70 won" in output
    assert "reserve   travel 90 won" in output
    assert "replay of 700 auctions, income +12.0%, fill loss 3.0%" in output
    assert "smoothed" in output
    assert [line.split()[0] for line in output.splitlines()[-2:]] == ["won", "outbid"]


def test_an_offer_is_explained_after_the_trace_expired(valkey: object) -> None:
    decide()
    offer = Offer.objects.get()
    valkey.flushdb()  # type: ignore[attr-defined]
    assert "outbid" in explain(str(offer.id))
    assert json.loads(explain(offer.request_id, "--json"))["contenders"][0]["rate_source"]
    with pytest.raises(CommandError):
        explain("nobody")


def test_the_admin_shows_each_contender_with_its_status_and_rate_source(
    admin_client: Client,
) -> None:
    decide()
    page = admin_client.get(reverse("admin:ads_offer_change", args=[Offer.objects.get().pk])).content.decode()
    assert "VCG 참고 가격 300원" in page
    assert page.index("낙찰") < page.index("더 높은 점수에 밀림")
    assert "1.50%" in page and "실적으로 예상" in page


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
    assert "한국어 · 컴퓨터 </dd>" in " ".join(page.split())
    for name in ("nobody", "0" * 31 + "z", "<b>", "\x00"):
        assert "기록이 없는 요청" in admin_client.get(where, {"request": name}).content.decode()
    assert (
        reverse("admin:ads_offer_explain_request") in admin_client.get("/admin/ads/offer/").content.decode()
    )


def test_explaining_requires_the_permission_to_view_offers(client: Client, grace: User) -> None:
    grace.is_staff = True
    grace.save()
    client.force_login(grace)
    assert client.get(reverse("admin:ads_offer_explain_request")).status_code == 403


def replaced(**fields: object) -> AdRequest:
    """Another request for the same prompt with these changes."""
    return dataclasses.replace(request_for(PROMPT), request_id=str(uuid.uuid4()), **fields)  # type: ignore[arg-type]


def why_none(request: AdRequest) -> str:
    """The output of explain_ad for a request without an ad."""
    assert isinstance(request_ad(request), NoAd)
    output = explain(request.request_id)
    assert "not used" in output and "keyword" not in output
    return next(line.split()[2].rstrip(":") for line in output.splitlines() if line.startswith("no ad"))


def test_a_request_that_ended_before_selection_is_explained(admin_client: Client, settings: Settings) -> None:
    make_ad()
    publish_all()
    assert why_none(replaced(sensitivity="block", term_ids=())) == "sensitive"
    assert why_none(replaced(topics=("politics",))) == "sensitive"
    assert why_none(replaced(audience="minor")) == "not_adult"
    FrequencyCaps("ada", at=timezone.now()).record_impression(1)
    rested = replaced(frequency_key="ada")
    assert why_none(rested) == "ad_load"
    settings.ADS_SPARE_NEWCOMERS = True
    assert why_none(replaced(frequency_key="grace")) == "newcomer"
    where = reverse("admin:ads_offer_explain_request")
    page = admin_client.get(where, {"request": rested.request_id}).content.decode()
    assert "조금 전에 광고를 봐서 광고 없음" in page and "고르기 전에 멈춤" in page


def test_only_id_and_language_of_a_sensitive_request_are_stored() -> None:
    make_ad()
    publish_all()
    request = replaced(topics=("health",), frequency_key="somebody")
    assert request_ad(request) == NoAd("sensitive")
    trace = find_trace(request.request_id)
    assert trace and trace["request"] == {"request_id": request.request_id, "language": "ko"}


def test_a_frozen_market_is_explained() -> None:
    make_ad()
    publish_all()
    freeze_market([Discrepancy("wallet", "1", 1, 0)])
    assert why_none(replaced()) == "frozen"


def test_an_ad_that_was_stopped_a_moment_ago_is_explained() -> None:
    ad = make_ad()
    publish_all()
    type(ad).objects.update(is_on=False)
    request = replaced()
    assert request_ad(request) == NoAd("no_match")
    output = explain(request.request_id)
    assert "no ad     stopped" in output and output.splitlines()[-1].startswith("won")


def test_a_repeated_request_names_the_original_request(admin_client: Client) -> None:
    make_ad()
    publish_all()
    first, again = replaced(frequency_key="ada"), replaced(frequency_key="ada")
    request_ad(first)
    request_ad(again)
    assert Offer.objects.count() == 1
    assert f"repeats   {first.request_id}" in explain(again.request_id)
    assert "repeats" not in explain(first.request_id)
    where = reverse("admin:ads_offer_explain_request")
    assert first.request_id in admin_client.get(where, {"request": again.request_id}).content.decode()
