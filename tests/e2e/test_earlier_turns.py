"""Earlier turns of a long conversation are loaded on request without moving the page."""

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from aggregator.services import sharing
from tests.aggregator.test_earlier_turns import long_conversation
from tests.e2e.conftest import OpenPage, take_picture

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def top_of(element: Locator) -> float:
    """Return the distance of an element from the top of the window in pixels."""
    return float(element.evaluate("each => each.getBoundingClientRect().top"))


def open_long(open_page: OpenPage, language: str, size: dict[str, int]) -> Page:
    """Open a guest's conversation of 130 turns."""
    page = open_page("/", locale=language, viewport=size)
    # The guest is created when the page opens its socket.
    while not User.objects.filter(is_guest=True).exists():
        page.wait_for_timeout(50)
    conversation = long_conversation(User.objects.get(is_guest=True), 130)
    page.goto(f"/c/{conversation.public_id}/")
    expect(page.locator(".turn")).to_have_count(60)
    return page


@pytest.mark.parametrize(
    ("language", "size", "name", "announcement"),
    [
        ("ko-KR", WIDE, "이전 대화 더 보기", "질문 60개"),
        ("en-US", NARROW, "Show earlier messages", "Earlier questions loaded: 60"),
    ],
)
def test_earlier_turns_are_added_above_without_moving_the_page(
    open_page: OpenPage, language: str, size: dict[str, int], name: str, announcement: str
) -> None:
    page = open_long(open_page, language, size)
    link = page.get_by_role("link", name=name)
    link.focus()
    take_picture(page, f"earlier-turns-{language}")
    first = page.locator(".turn", has_text="질문 71번")
    before = top_of(first)

    page.keyboard.press("Enter")
    expect(page.locator(".turn")).to_have_count(120)
    expect(page.locator("#announcer")).to_contain_text(announcement)
    assert abs(top_of(first) - before) < 2
    # Focus moves to the nearest of the new turns.
    focused = page.evaluate("document.activeElement.querySelector('.prompt-text').textContent")
    assert focused == "질문 70번"
    take_picture(page, f"earlier-turns-loaded-{language}")

    link.click()
    expect(page.locator(".turn")).to_have_count(130)
    expect(page.locator(".turn").first).to_contain_text("질문 1번")
    expect(page.locator(".turn").last).to_contain_text("질문 130번")
    expect(link).to_have_count(0)


def test_a_failed_load_is_reported_and_can_be_repeated(open_page: OpenPage) -> None:
    page = open_long(open_page, "ko-KR", WIDE)
    page.route("**/before/**", lambda route: route.abort())
    page.get_by_role("link", name="이전 대화 더 보기").click()
    again = page.get_by_role("link", name="불러오지 못했어요")
    expect(again).to_be_visible()
    page.unroute("**/before/**")
    again.click()
    expect(page.locator(".turn")).to_have_count(120)


@pytest.mark.parametrize(
    ("language", "size", "make", "texts"),
    [
        ("ko-KR", WIDE, "링크 만들기", ("마지막 질문 100개", "빠진 질문 30개", "앞의 질문 30개는")),
        ("en-US", NARROW, "Create link", ("its last 100 questions", "Left out: 30", "not here: 30")),
    ],
)
def test_a_link_to_a_part_of_a_conversation_is_labelled(
    open_page: OpenPage,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    size: dict[str, int],
    make: str,
    texts: tuple[str, str, str],
) -> None:
    monkeypatch.setattr(sharing, "MAX_SHARED_TURNS", 100)
    page = open_long(open_page, language, size)
    page.locator("[data-share]").click()
    expect(page.locator("#share-dialog")).to_contain_text(texts[0])
    take_picture(page, f"share-of-a-part-{language}")
    page.locator("#share-dialog").get_by_role("button", name=make).click()
    expect(page.locator("#shared-dialog")).to_contain_text(texts[1])
    take_picture(page, f"shared-part-{language}")

    page.goto(page.locator("#share-link").input_value())
    expect(page.locator(".turn")).to_have_count(100)
    expect(page.locator(".shared")).to_contain_text(texts[2])
    take_picture(page, f"shared-part-copy-{language}")
