"""An ad from the answer to the ledger, and the pages of advertiser and admin."""

import pytest
from django.core.management import call_command
from django.db.models import Sum
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from accounts.models import User
from ads.models import Click, Entry, Impression
from aggregator.models import Turn
from testing.ads.inventory import reset_serving_state
from testing.provider.server import ProviderServer, say
from testing.site.live_site import LiveSite
from tests.e2e.conftest import MakeModel, OpenPage, ask, take_picture

# Headless browsers are filtered as bots, so the tests send a person's user agent.
PERSON = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)
CAREFUL = (
    "도쿄 항공권은 **언제 사고 언제 떠나는지**에 따라 값이 크게 달라요.\n\n"
    "1. 출발 6~8주 전에 알림을 걸어 두고, 화·수요일 출발을 고르세요.\n"
    "2. 나리타와 하네다, 김포와 인천을 모두 견주어 보세요.\n"
    "3. 수하물이 필요 없다면 저비용 항공사의 **편도 두 장**이 왕복보다 쌀 때가 많아요."
)
BRIEF = "미리 예약하고, 평일에 떠나고, 여러 항공사를 비교하세요. 저비용 항공사가 대체로 싸요."
PASSWORD = "Nudel-suppe-2026"


@pytest.fixture
def demo_market(live_site: LiveSite, settings: Settings) -> None:
    """The demo inventory on sale; its ads lead to pages of the running site."""
    settings.PUBLIC_URL = live_site.url
    call_command("load_demo_ads", verbosity=0)
    reset_serving_state()


@pytest.fixture
def admin(transactional_db: None) -> User:
    """The admin of the site."""
    return User.objects.create_superuser("root", "root@example.com", PASSWORD)


def log_in_as_admin(page: Page) -> None:
    """Log in to the admin."""
    page.locator("#id_login").fill("root@example.com")
    page.locator("#id_password").fill(PASSWORD)
    page.locator(".form button[type=submit]").click()
    page.wait_for_load_state()


def hide_ad(page: Page, card: Locator) -> None:
    """Read why the ad is shown, hide it by keyboard, and expect it to stay hidden."""
    card.locator("summary").click()
    expect(card.locator(".reasons")).to_contain_text("날마다 바뀌는 번호")
    card.get_by_role("button", name="숨기기").focus()
    page.keyboard.press("Enter")
    expect(card.locator(".placement-note")).to_be_focused()
    page.reload()
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    expect(page.locator(".answer strong").first).to_be_visible()
    expect(card).to_be_hidden()


def expect_an_impression(card: Locator) -> None:
    """Expect an ad that is in view to be counted without a scroll."""
    for _ in range(200):
        card.page.wait_for_timeout(100)
        if Impression.objects.exists():
            return


@pytest.mark.usefixtures("demo_market")
def test_an_ad_is_seen_and_clicked_and_charged_exactly_once(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("wise", say(CAREFUL))
    provider.add("quick", say(BRIEF))
    offer_model("wise", name="슬기 1.5B", standing=0.8)
    offer_model("quick", name="날쌘 0.5B", standing=0.4)
    page = open_page(user_agent=PERSON)
    ask(page, "도쿄 여행 항공권 싸게 사는 법")
    card = page.locator(".placement")
    expect(card.locator(".placement-label")).to_have_text("광고")
    expect_an_impression(card)
    assert [seen.verdict for seen in Impression.objects.all()] == ["valid"]

    take_picture(page, "ad")

    for _ in range(3):
        with page.context.expect_page() as landing:
            card.locator("a").first.click()
        expect(landing.value.locator("h1")).to_be_visible()
        assert "/ads/demo/" in landing.value.url
        landing.value.close()

    click = Click.objects.get()
    assert (click.verdict, click.reason) == ("billed", "")
    assert click.price_micros > 0
    assert Entry.objects.aggregate(sum=Sum("amount_micros"))["sum"] == 0
    page.reload()
    expect(card).to_be_visible()
    assert Impression.objects.count() == 1
    hide_ad(page, card)


@pytest.mark.usefixtures("demo_market")
def test_a_sensitive_prompt_shows_no_card(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("wise", say("병원에 가 보세요."))
    offer_model("wise")
    page = open_page(user_agent=PERSON)
    ask(page, "우울증 약 먹으면서 도쿄 여행 항공권 끊어도 될까?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    page.wait_for_timeout(1_000)

    expect(page.locator(".placement")).to_be_hidden()


@pytest.mark.usefixtures("demo_market")
def test_a_poem_about_a_hotel_shows_no_ad_and_the_admin_sees_why(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, admin: User
) -> None:
    provider.add("wise", say("바다가 보이는 방, 창을 열면 파도가 먼저 인사해요."))
    offer_model("wise")
    page = open_page(user_agent=PERSON)
    for count, prompt in enumerate(("호텔에 대한 짧은 시 써줘", "도쿄 호텔 추천해줘"), start=1):
        ask(page, prompt)
        expect(page.locator(".turn[data-status=done]")).to_have_count(count)
    expect(page.locator(".placement:visible")).to_have_count(1)

    poem, trip = Turn.objects.order_by("pk")
    admin_page = open_page(reverse("admin:aggregator_turn_change", args=[poem.pk]))
    log_in_as_admin(admin_page)
    decision = admin_page.locator(".decision")
    expect(decision).to_contain_text("무엇을 사거나 고르려는 질문이 아님")
    expect(decision).to_contain_text("사려는 질문일 확률")
    expect(admin_page.locator(".auction-table")).to_contain_text("살 뜻이 없는 질문")
    admin_page.goto(reverse("admin:aggregator_turn_change", args=[trip.pk]))
    expect(admin_page.locator(".auction-table .winner")).to_contain_text("낙찰")
    take_picture(admin_page, "decision")


def test_an_admin_can_open_every_table(live_site: object, open_page: OpenPage, admin: User) -> None:
    admin_page = open_page("/admin/")
    log_in_as_admin(admin_page)
    for path in (
        "/admin/aggregator/listing/",
        "/admin/aggregator/turn/",
        "/admin/aggregator/usage/",
        "/admin/ads/campaign/",
        "/admin/ads/creative/",
        "/admin/ads/transaction/",
        "/admin/accounts/user/",
        "/admin/",
    ):
        reply = admin_page.goto(path)
        assert reply is not None and reply.status == 200, path
    expect(admin_page.locator("body")).to_contain_text("오늘 수지")
    take_picture(admin_page, "admin")
