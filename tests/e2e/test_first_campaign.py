"""The first minutes of an advertiser: from sign-up to an ad below the next matching answer, typed by hand."""

import time

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from accounts.models import User
from ads.ledger.invariants import find_discrepancies
from ads.models import Campaign, Creative
from testing.ads.inventory import publish_all
from testing.provider.server import ProviderServer, say
from testing.site.live_site import LiveSite
from tests.e2e.conftest import MakeModel, OpenPage, Size, take_picture
from tests.e2e.test_market import PERSON

PASSWORD = "Nudel-suppe-2026"
# A fast typist needs about 120 ms a letter, and a moment to find the next button.
KEY_MS, PAUSE_MS = 120, 700
MINUTES_3 = 180


@pytest.fixture
def admin(transactional_db: None) -> User:
    """Whoever reviews ads."""
    return User.objects.create_superuser("root", "root@example.com", PASSWORD)


def type_into(page: Page, selector: str, text: str) -> None:
    """Replace a field's text as a person would, letter by letter."""
    field = page.locator(selector)
    field.click()
    field.press("Control+a")
    field.press_sequentially(text, delay=KEY_MS)


def press(page: Page, words: str) -> None:
    """Look for a button or link of the page's main part, press it and wait for what comes."""
    page.wait_for_timeout(PAUSE_MS)
    page.get_by_role("main").get_by_text(words, exact=True).first.click()
    page.wait_for_load_state()


def sign_up(page: Page) -> None:
    press(page, "가입하고 시작하기")
    type_into(page, "#id_email", "grace@example.com")
    type_into(page, "#id_password1", PASSWORD)
    page.locator(".form button[type=submit]").click()
    type_into(page, "#id_name", "그레이스 여행사")
    page.locator(".form button[type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("그레이스 여행사")


def make_campaign(page: Page, name: str) -> None:
    press(page, "캠페인 만들기")
    type_into(page, "#id_name", "제주 겨울 여행")
    take_picture(page, f"first-campaign-1-{name}", whole=True)
    press(page, "다음: 키워드와 입찰가")
    expect(page.locator(".ideas")).to_contain_text("제주 렌터카")
    page.locator(".idea", has_text="제주 렌터카").first.click()
    expect(page.locator("#id_broad")).to_have_value("제주 렌터카")
    type_into(page, "#id_phrase", "제주 감귤 체험")
    expect(page.locator("#id_default_bid")).to_have_value("380")
    expect(page.locator("[data-reach]")).to_contain_text("클릭당")
    take_picture(page, f"first-campaign-2-{name}", whole=True)
    press(page, "다음: 광고 문구")
    type_into(page, "#id_landing_url", "https://grace.example/jeju")
    type_into(page, "#id_title", "감귤밭에서 보내는 하루")
    type_into(page, "#id_body", "직접 따고 바로 맛봐요. 예약은 하루 전까지.")
    expect(page.locator(".placement .placement-title")).to_have_text("감귤밭에서 보내는 하루")
    take_picture(page, f"first-campaign-3-{name}", whole=True)
    press(page, "다음: 결제")


def pay_and_start(page: Page, name: str) -> None:
    expect(page.locator(".notice").first).to_contain_text("잔액이 있어야 광고가 보여요")
    press(page, "50,000원")
    expect(page.get_by_role("main")).to_contain_text("5일 동안 보일 수 있어요")
    take_picture(page, f"first-campaign-4-{name}", whole=True)
    press(page, "다음: 검토와 시작")
    take_picture(page, f"first-campaign-5-{name}", whole=True)
    press(page, "검토 요청하고 승인되면 시작")
    expect(page.locator(".campaign-state").first).to_contain_text("검토 중")
    expect(page.locator(".campaign-state").first).to_contain_text("승인되면 바로 보이기 시작해요.")


def approve(page: Page) -> None:
    """The admin logs in and lets the ad run."""
    type_into(page, "#id_login", "root@example.com")
    type_into(page, "#id_password", PASSWORD)
    page.locator(".form button[type=submit]").click()
    page.wait_for_load_state()
    page.goto(f"/admin/ads/creative/{Creative.objects.get().pk}/change/")
    page.wait_for_timeout(PAUSE_MS)
    page.get_by_text("승인", exact=True).first.click()
    page.wait_for_load_state()


def test_a_first_campaign_is_on_air_within_three_minutes_of_typing(
    live_site: LiveSite,
    settings: Settings,
    provider: ProviderServer,
    offer_model: MakeModel,
    open_page: OpenPage,
    admin: User,
    size: Size,
    valkey: object,
) -> None:
    settings.PUBLIC_URL = live_site.url
    publish_all()
    provider.add("wise", say("서귀포 쪽 농장이 많아요."))
    offer_model("wise")
    name = str(size["viewport"]["width"])
    asker = open_page(user_agent=PERSON, **size)
    page = open_page("/advertise/", **size)
    began = time.monotonic()
    sign_up(page)
    make_campaign(page, name)
    pay_and_start(page, name)
    approve(open_page("/admin/", **size))
    page.reload()
    expect(page.locator(".campaign-state").first).to_contain_text("보이는 중")
    asker.locator("#prompt").click()
    asker.locator("#prompt").press_sequentially("제주 감귤 체험 예약 추천해 줘", delay=KEY_MS)
    asker.keyboard.press("Enter")
    expect(asker.locator(".placement-title")).to_have_text("감귤밭에서 보내는 하루")
    assert time.monotonic() - began < MINUTES_3
    take_picture(asker, f"first-campaign-6-{name}")
    take_picture(page, f"first-campaign-7-{name}", whole=True)
    assert Campaign.objects.get().status == Campaign.Status.ACTIVE
    assert find_discrepancies() == []
