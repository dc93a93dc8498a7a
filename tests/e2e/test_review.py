"""Point 12: a reviewer goes through the queue by keyboard alone, on a wide page and on a phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.services import create_superuser
from ads.models import Creative
from testing.ads.inventory import make_ad
from tests.e2e.conftest import OpenPage, take_picture

PASSWORD = "Nudel-suppe-2026"


@pytest.fixture
def queue(transactional_db: None) -> list[Creative]:
    """Three creatives that wait."""
    return [
        Creative.objects.create(
            ad_group=make_ad().ad_group,
            title=f"도쿄 왕복 {number}",
            body="수하물까지 들어 있어요.",
            landing_url="https://grace.example/tokyo",
            display_domain="grace.example",
            review=Creative.Review.WAITING,
        )
        for number in range(3)
    ]


@pytest.fixture
def admin(transactional_db: None) -> User:
    """The admin, who logs in by an address."""
    return create_superuser(username="root", email="root@example.com", password=PASSWORD)


def log_in(page: Page) -> None:
    """Log in at the page that the admin leads to."""
    expect(page).to_have_url(re.compile("/accounts/login/[?]next="))
    page.locator("#id_login").fill("root@example.com")
    page.locator("#id_password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#result_list")).to_be_visible()


def press_key(page: Page, key: str) -> None:
    """Press a key once the page listens to it, which is after its first text is shown."""
    page.wait_for_load_state()
    page.keyboard.press(key)


def review_of(creative: Creative) -> str:
    return str(Creative.objects.get(pk=creative.pk).review)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_queue_is_reviewed_by_keyboard(
    live_site: object, open_page: OpenPage, admin: User, queue: list[Creative], valkey: object, width: int
) -> None:
    page = open_page("/admin/ads/creative/", viewport={"width": width, "height": 900})
    log_in(page)
    page.goto(f"/admin/ads/creative/{queue[0].pk}/change/")
    expect(page.locator(".review-place p")).to_have_text("검토할 문구 3개 중 1번째")
    card = page.locator(".creative-card figure:visible .placement-title").first
    expect(card).to_have_text("도쿄 왕복 0")
    assert card.bounding_box()["y"] < 900  # type: ignore[index]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    take_picture(page, f"review-{width}")

    press_key(page, "j")
    expect(page.locator(".review-place p")).to_have_text("검토할 문구 3개 중 2번째")
    press_key(page, "k")
    expect(page.locator(".review-place p")).to_have_text("검토할 문구 3개 중 1번째")
    press_key(page, "a")
    expect(page.locator(".review-place p")).to_have_text("검토할 문구 2개 중 1번째")
    assert review_of(queue[0]) == "approved"

    # In the field, letters are letters and Enter refuses.
    press_key(page, "r")
    expect(page.locator("#review-reason")).to_be_focused()
    page.keyboard.type("ajk")
    expect(page.locator("#review-reason")).to_have_value("ajk")
    page.keyboard.press("Enter")
    expect(page.locator(".review-place p")).to_have_text("검토할 문구 1개 중 1번째")
    rejected = Creative.objects.get(pk=queue[1].pk)
    assert (rejected.review, rejected.review_reason) == ("rejected", "ajk")

    refuse_by_mouse(page, queue[2])


def refuse_by_mouse(page: Page, creative: Creative) -> None:
    """Switch the keys off, and refuse with a quick reason."""
    page.locator("[data-review-keys]").uncheck()
    press_key(page, "a")
    page.wait_for_timeout(300)
    assert review_of(creative) == "waiting"
    page.get_by_text("과장된 표현이에요").click()
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_contain_text("검토할 문구를 다 봤어요")
    assert review_of(creative) == "rejected"
