"""From a guest to an ad that runs: Grace in the portal, the admin at the review queue."""

import pytest
from playwright.sync_api import Page, expect

from accounts.guests import GUEST_COOKIE
from accounts.models import User
from ads.ledger.invariants import find_discrepancies
from ads.models import Campaign, Creative
from tests.e2e.conftest import OpenPage, take_picture

PASSWORD = "Nudel-suppe-2026"


@pytest.fixture
def admin(transactional_db: None) -> User:
    """Whoever runs the site."""
    return User.objects.create_superuser("root", "root@example.com", PASSWORD)


def press(page: Page, words: str) -> None:
    """Press the button or link of that name in the page's main part and wait for what comes."""
    page.get_by_role("main").get_by_text(words, exact=True).first.click()
    page.wait_for_load_state()


def join(page: Page) -> None:
    """A visitor of the portal signs up and becomes an advertiser."""
    press(page, "가입하고 시작하기")
    page.locator("#id_email").fill("grace@example.com")
    page.locator("#id_password1").fill(PASSWORD)
    page.locator(".form button[type=submit]").click()
    page.locator("#id_name").fill("그레이스 여행사")
    page.locator(".form button[type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("그레이스 여행사")


def make_ad(page: Page) -> None:
    """The first steps: budget, keywords, words; the card follows what is typed."""
    press(page, "캠페인 만들기")
    page.locator("#id_name").fill("겨울 일본 여행")
    page.locator("#id_daily_budget").fill("20,000")
    press(page, "다음: 키워드와 입찰가")
    page.locator("#id_phrase").fill("도쿄 항공권\n오사카 호텔, 150")
    press(page, "다음: 광고 문구")
    page.locator("#id_title").fill("도쿄 왕복 9만원부터")
    page.locator("#id_body").fill("수하물까지 들어 있어요.")
    page.locator("#id_landing_url").fill("https://www.grace.example/tokyo")
    card = page.locator(".placement")
    expect(card.locator(".placement-title")).to_have_text("도쿄 왕복 9만원부터")
    expect(card.locator(".placement-domain")).to_have_text("grace.example")
    take_picture(page, "portal-preview")
    press(page, "다음: 결제")


def test_a_guest_becomes_an_advertiser_and_an_admin_lets_the_ad_run(
    live_site: object, open_page: OpenPage, admin: User, valkey: object
) -> None:
    page = open_page("/advertise/")
    assert any(cookie["name"] == GUEST_COOKIE for cookie in page.context.cookies())
    join(page)
    make_ad(page)
    press(page, "나중에 채우기")
    press(page, "검토 요청하고 승인되면 시작")
    expect(page.get_by_role("main")).to_contain_text("승인돼도 잔액이 있어야 보여요.")

    admin_page = open_page("/admin/")
    admin_page.locator("#id_login").fill("root@example.com")
    admin_page.locator("#id_password").fill(PASSWORD)
    admin_page.locator(".form button[type=submit]").click()
    expect(admin_page.locator(".metric-card.alert").first).to_be_visible()
    admin_page.goto(f"/admin/ads/creative/{Creative.objects.get().pk}/change/")
    admin_page.get_by_text("승인", exact=True).first.click()
    admin_page.wait_for_load_state()
    assert Creative.objects.get().review == Creative.Review.APPROVED

    page.reload()
    expect(page.locator(".campaign-state").first).to_contain_text("잔액 부족")
    page.get_by_role("navigation").get_by_text("잔액", exact=True).click()
    page.locator("#id_amount").fill("50,000")
    press(page, "충전하기")
    expect(page.locator(".card-value").first).to_have_text("50,000원")
    page.get_by_role("navigation").get_by_text("캠페인", exact=True).click()
    expect(page.locator("tbody tr")).to_contain_text("보이는 중")
    expect(page.locator(".state-detail")).to_have_count(0)
    take_picture(page, "portal-campaigns")
    assert Campaign.objects.get().status == Campaign.Status.ACTIVE
    assert find_discrepancies() == []


def test_the_portal_works_without_a_script(live_site: object, open_page: OpenPage, valkey: object) -> None:
    page = open_page("/advertise/", java_script_enabled=False)
    join(page)
    press(page, "캠페인 만들기")
    page.locator("#id_name").fill("겨울 일본 여행")
    press(page, "다음: 키워드와 입찰가")
    page.locator("#id_exact").fill("도쿄 항공권")
    press(page, "다음: 광고 문구")
    page.locator("#id_title").fill("도쿄 왕복 9만원부터")
    page.locator("#id_body").fill("수하물까지 들어 있어요.")
    page.locator("#id_landing_url").fill("https://grace.example/")
    press(page, "미리보기")
    expect(page.locator(".placement-title")).to_have_text("도쿄 왕복 9만원부터")
    assert not Creative.objects.exists()
    press(page, "임시 저장")
    assert Creative.objects.get().review == Creative.Review.DRAFT
