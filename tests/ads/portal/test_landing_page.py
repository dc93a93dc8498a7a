"""The landing page helps to write the ad; what was typed stays."""

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from ads.infra.page_fetch import PageFetchError, PageReader, PageText
from ads.models import Advertiser, Creative
from ads.portal.landing_page import CopyIdeas, cut, read_landing_page, suggest_copy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
URL = "https://www.grace.example/tokyo"
PAGE = PageText("도쿄 왕복 항공권 | 그레이스 여행", "수하물까지 다 들어 있어요.")
TYPED = {"landing_url": URL, "title": "내가 쓴 제목", "body": ""}


@pytest.fixture(autouse=True)
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that are read, in place of the internet."""
    cache.clear()
    read: list[str] = []

    def fetch(_reader: PageReader, url: str) -> PageText:
        read.append(url)
        if "broken" in url:
            raise PageFetchError("status 500")
        return PAGE

    monkeypatch.setattr(PageReader, "fetch", fetch)
    return read


def test_a_title_is_cut_to_its_own_name_and_a_body_between_words() -> None:
    assert suggest_copy(PAGE) == CopyIdeas("도쿄 왕복 항공권", "수하물까지 다 들어 있어요.")
    assert suggest_copy(PageText("나이키 :: 러닝화", "")).title == "나이키"
    assert suggest_copy(PageText("러닝화-특가", "")).title == "러닝화-특가"
    assert cut("하나 둘 셋", 4) == "하나 둘"
    assert cut("띄어쓰기없는말", 4) == "띄어쓰기"
    assert len(cut("가나다 " * 100, 100)) <= 100
    assert cut("\u202e뒤집힌 글", 50) == "뒤집힌 글"


def test_ideas_are_shown_and_nothing_typed_is_overwritten(
    portal_client: Client, shop: Advertiser, ad: Creative
) -> None:
    url = f"/advertise/{shop.public_id}/groups/{ad.ad_group.public_id}/ads/new/"
    page = portal_client.post(url, TYPED | {"suggest": "yes"})
    text = page.content.decode()
    assert page.status_code == 200 and "이 제목 쓰기" in text
    assert page.context["form"]["title"].value() == "내가 쓴 제목"
    used = portal_client.post(url, TYPED | {"use_title": "도쿄 왕복 항공권"}).context["form"]
    assert (used["title"].value(), used["landing_url"].value()) == ("도쿄 왕복 항공권", URL)
    assert Creative.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("https://broken.example/", "페이지를 읽지 못했어요"),
        ("http://grace.example/", "https로 시작하는"),
        ("https://127.0.0.1/", "누구나 열 수 있는"),
    ],
)
def test_a_page_that_cannot_be_read_says_so(
    portal_client: Client, shop: Advertiser, ad: Creative, typed: str, words: str
) -> None:
    url = f"/advertise/{shop.public_id}/groups/{ad.ad_group.public_id}/ads/new/"
    page = portal_client.post(url, TYPED | {"landing_url": typed, "suggest": "yes"})
    assert words in page.content.decode()
    assert page.context["form"]["title"].value() == "내가 쓴 제목"


def test_a_page_is_read_once_an_hour_and_twenty_an_account(reads: list[str]) -> None:
    for _ in range(3):
        assert read_landing_page(URL, account_id=1) == PAGE
        assert read_landing_page("https://broken.example/", account_id=1) is None
    assert len(reads) == 2
    for number in range(30):
        read_landing_page(f"https://grace.example/{number}", account_id=1)
    assert len(reads) == 20
    assert read_landing_page("https://grace.example/99", account_id=2) == PAGE
    assert read_landing_page("https://grace.example/100", account_id=2, may_connect=False) is None


def test_a_site_may_forbid_reading_pages(
    portal_client: Client, shop: Advertiser, ad: Creative, settings: Settings, reads: list[str]
) -> None:
    settings.ADS_READ_LANDING_PAGES = False
    url = f"/advertise/{shop.public_id}/groups/{ad.ad_group.public_id}/ads/new/"
    assert "페이지에서 가져오기" not in portal_client.get(url).content.decode()
    portal_client.post(url, TYPED | {"suggest": "yes"})
    assert reads == []
