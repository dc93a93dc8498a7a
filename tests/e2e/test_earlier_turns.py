"""Earlier turns of a long conversation are loaded without moving the page; turns far away are plain text."""

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


def open_long(open_page: OpenPage, language: str, size: dict[str, int], turns: int = 130) -> Page:
    """Open a guest's conversation of so many turns; the last 60 are on the page soon."""
    page = open_page("/", locale=language, viewport=size)
    # The guest is created when the page opens its socket.
    while not User.objects.filter(is_guest=True).exists():
        page.wait_for_timeout(50)
    conversation = long_conversation(User.objects.get(is_guest=True), turns)
    page.goto(f"/c/{conversation.public_id}/")
    expect(page.locator(".turn")).to_have_count(60)
    return page


def scroll_to_top(page: Page, turns: int) -> None:
    """Scroll up until the first turn is on the page."""
    first = page.locator(".turn", has_text="질문 1번").first
    while not first.count():
        page.mouse.wheel(0, -20_000)
        page.wait_for_timeout(30)
    expect(page.locator(".turn")).to_have_count(turns)


@pytest.mark.parametrize(
    ("language", "size", "name", "announcement"),
    [
        ("ko-KR", WIDE, "이전 대화 더 보기", "질문 20개"),
        ("en-US", NARROW, "Show earlier messages", "Earlier questions loaded: 20"),
    ],
)
def test_earlier_turns_are_added_above_without_moving_the_page(
    open_page: OpenPage, language: str, size: dict[str, int], name: str, announcement: str
) -> None:
    page = open_long(open_page, language, size, 75)
    link = page.get_by_role("link", name=name)
    first = page.locator(".turn", has_text="질문 16번")
    # As a screen reader does it: without scrolling there.
    link.evaluate("each => { each.focus({ preventScroll: true }); each.click(); }")
    before = top_of(first)
    expect(page.locator(".turn")).to_have_count(75)
    expect(page.locator("#announcer")).to_contain_text("15")
    assert abs(top_of(first) - before) < 2
    # Focus moves to the nearest of the new turns.
    focused = page.evaluate("document.activeElement.querySelector('.prompt-text').textContent")
    assert focused == "질문 15번"
    expect(link).to_have_count(0)


@pytest.mark.parametrize(("size", "turns"), [(WIDE, 300), (NARROW, 120)], ids=["1280", "390"])
def test_a_long_conversation_is_read_from_end_to_end(
    open_page: OpenPage, size: dict[str, int], turns: int
) -> None:
    page = open_long(open_page, "ko-KR", size, turns)
    newest = page.locator(".turn").last
    expect(newest.locator(".answer-text")).to_be_in_viewport()
    page.mouse.move(size["width"] * 0.6, 300)

    scroll_to_top(page, turns)
    first = page.locator(".turn").first
    first.scroll_into_view_if_needed()
    expect(first.locator(".answer-text")).to_contain_text("답 1번")
    # Most turns are plain text now, which finding in the page and screen readers reach.
    while page.locator(".turn[data-plain]").count() < turns - 60:
        page.wait_for_timeout(50)
    expect(page.locator(".turn[data-plain]", has_text=f"답 {turns // 2}번")).to_have_count(1)
    take_picture(page, f"first-of-many-{size['width']}")

    middle = page.locator(".turn", has_text=f"질문 {turns // 2}번").get_attribute("id")
    page.goto(page.url + f"#{middle}")
    page.reload()
    named = page.locator(f"[id='{middle}']")
    expect(named).to_be_focused()
    expect(named.locator(".answer-text")).to_be_in_viewport()
    before = top_of(named)
    page.wait_for_timeout(300)
    assert abs(top_of(named) - before) < 2
    take_picture(page, f"middle-of-many-{size['width']}")

    page.get_by_role("button", name="맨 아래로").click()
    expect(newest.locator(".answer-text")).to_be_in_viewport()
    expect(page.locator(".turn").last).to_contain_text(f"질문 {turns}번")


def test_a_failed_load_is_reported_and_can_be_repeated(open_page: OpenPage) -> None:
    page = open_long(open_page, "ko-KR", WIDE)
    page.route("**/before/**", lambda route: route.abort())
    link = page.get_by_role("link", name="이전 대화 더 보기")
    link.evaluate("each => each.click()")
    again = page.get_by_role("link", name="불러오지 못했어요")
    expect(again).to_be_visible()
    page.unroute("**/before/**")
    again.evaluate("each => each.click()")
    expect(page.locator(".turn")).to_have_count(80)


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
