"""How far keywords would reach is said before they are saved."""

import dataclasses
import datetime
import uuid

import pytest
import redis
from django.test import Client
from django.utils import timezone

from ads.client import request_ad
from ads.models import AdGroup, Advertiser, Campaign, Creative, Keyword, Term
from ads.selection.serving.snapshots import serving_state
from testing.ads.inventory import publish_all, request_for

pytestmark = pytest.mark.usefixtures("valkey")
GROUP = {"name": "여행", "default_bid": "100", "language": "any", "device": "any", "phrase": "도쿄 항공권"}


@pytest.fixture
def forms(shop: Advertiser, campaign: Campaign, ad: Creative) -> tuple[str, str]:
    """The forms of a new group and of the one that is there, after 25 people asked for flights."""
    publish_all()
    Term.objects.update(created_at=timezone.now() - datetime.timedelta(days=30))
    for _ in range(25):
        request_ad(dataclasses.replace(request_for("도쿄 항공권 추천"), request_id=str(uuid.uuid4())))
    home = f"/advertise/{shop.public_id}"
    return (
        f"{home}/campaigns/{campaign.public_id}/groups/new/",
        f"{home}/groups/{ad.ad_group.public_id}/edit/",
    )


def test_an_estimate_is_shown_and_nothing_saved(portal_client: Client, forms: tuple[str, str]) -> None:
    new, kept = forms
    assert "예상 보기’를 누르면" in portal_client.get(new).content.decode()
    page = portal_client.post(new, GROUP | {"estimate": "yes"}).content.decode()
    assert "약 20건" in page and "지난 1일 동안" in page
    assert "약 20건" in portal_client.post(kept, GROUP | {"estimate": "yes", "name": ""}).content.decode()
    few = portal_client.post(new, GROUP | {"estimate": "yes", "negatives": "도쿄"}).content.decode()
    assert "10건보다 적어요" in few
    assert (AdGroup.objects.count(), Keyword.objects.count()) == (1, 1)


def test_a_saved_group_is_estimated_with_its_enabled_keywords(
    portal_client: Client, forms: tuple[str, str]
) -> None:
    assert "약 20건" in portal_client.get(forms[1]).content.decode()
    Keyword.objects.update(is_on=False)
    assert "약 20건" not in portal_client.get(forms[1]).content.decode()


def test_keywords_outside_the_vocabulary_are_reported(portal_client: Client, forms: tuple[str, str]) -> None:
    new = forms[0]
    page = portal_client.post(
        new, GROUP | {"estimate": "yes", "exact": "달 여행\n<b>화성</b>"}
    ).content.decode()
    assert "약 20건" in page and "달 여행" in page and "&lt;b&gt;화성" in page
    unknown = portal_client.post(new, GROUP | {"estimate": "yes", "phrase": "달 여행"}).content.decode()
    assert "아직 센 적이 없어서" in unknown


def test_an_estimate_without_requests_says_so(portal_client: Client, shop: Advertiser, ad: Creative) -> None:
    publish_all()
    page = portal_client.get(
        f"/advertise/{shop.public_id}/groups/{ad.ad_group.public_id}/edit/"
    ).content.decode()
    assert "아직 모인 질문이 없어서" in page


def test_an_estimate_of_many_keywords_is_fast(portal_client: Client, forms: tuple[str, str]) -> None:
    many = "\n".join(f"도쿄 호텔 {n}" for n in range(1_000))
    began = timezone.now()
    page = portal_client.post(
        forms[0], GROUP | {"estimate": "yes", "exact": many, "broad": many}
    ).content.decode()
    assert "약 20건" in page
    assert timezone.now() - began < datetime.timedelta(seconds=10)


def test_without_valkey_keywords_are_saved_without_an_estimate(
    portal_client: Client, shop: Advertiser, campaign: Campaign, ad: Creative, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_all()
    serving_state()
    gone = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1)
    monkeypatch.setattr("ads.selection.serving.request_sample.redis_client", lambda: gone)
    new = f"/advertise/{shop.public_id}/campaigns/{campaign.public_id}/groups/new/"
    assert "지금은 예상할 수 없어요" in portal_client.post(new, GROUP | {"estimate": "yes"}).content.decode()
    assert portal_client.post(new, GROUP).status_code == 302
