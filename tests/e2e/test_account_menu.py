"""The account in reach of a conversation: account menu, use of today, sign-up that returns, and keys."""

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from accounts.models import User
from aggregator.models import ApiKey
from testing.provider.server import ProviderServer, say
from tests.e2e.conftest import MakeModel, OpenPage, Size, ask, box

PASSWORD = "jjamppong-1234"


@pytest.fixture(autouse=True)
def model(provider: ProviderServer, offer_model: MakeModel) -> None:
    """A model that answers everything."""
    provider.add("wise", say("서울이에요."))
    offer_model("wise")


def open_account_menu(page: Page) -> Locator:
    """Open the account menu by the one of its two buttons that the page shows."""
    page.locator("[popovertarget=account-menu]:visible").first.click()
    popover = page.locator("#account-menu")
    expect(popover).to_be_visible()
    return popover


def log_in(page: Page) -> None:
    """Log in as Ada on a page that shows the login."""
    page.locator("[name=login]").fill("ada@example.com")
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/accounts/login/" not in url)


def ask_and_wait(page: Page, prompts: int) -> None:
    """Ask so many questions, one after the other."""
    for number in range(prompts):
        ask(page, "한국의 수도는?")
        expect(page.locator(".turn[data-status=done]")).to_have_count(number + 1)


def test_a_guest_sees_what_is_left_of_the_day_in_one_tap(open_page: OpenPage, size: Size) -> None:
    page = open_page(**size)
    ask_and_wait(page, 3)
    popover = open_account_menu(page)
    expect(popover).to_contain_text("로그인하지 않고 쓰고 있어요")
    expect(popover).to_contain_text("오늘 3 / 200번 썼어요")
    assert popover.locator("meter").evaluate("meter => [meter.value, meter.max]") == [3, 200]
    assert box(popover).right <= size["viewport"]["width"]
    assert box(popover).bottom <= size["viewport"]["height"]
    expect(page.locator("[data-day-left]")).to_have_text("오늘 197번 남았어요")
    # A question on another device counts too: the opened account menu asks the server.
    other = open_page("/", visitor=page.context)
    ask_and_wait(other, 1)
    page.keyboard.press("Escape")
    expect(open_account_menu(page)).to_contain_text("오늘 4 / 200번 썼어요")


def test_an_account_reaches_its_pages_and_the_logout(open_page: OpenPage, ada: User, size: Size) -> None:
    page = open_page("/accounts/login/?next=/", **size)
    log_in(page)
    popover = open_account_menu(page)
    expect(popover).to_contain_text("ada@example.com")
    expect(popover).to_contain_text("/ 1,000번 썼어요")
    for name in ("내 계정", "API 키", "모델 순위", "광고하기"):
        expect(popover.get_by_role("link", name=name)).to_be_visible()
    popover.get_by_role("link", name="내 계정").click()
    page.wait_for_url("**/accounts/me/")
    page.go_back()
    expect(page.locator("#account-menu")).to_be_hidden()
    open_account_menu(page).get_by_role("button", name="로그아웃").click()
    page.wait_for_load_state()
    expect(open_account_menu(page)).to_contain_text("로그인하지 않고 쓰고 있어요")


def test_the_account_menu_opens_and_closes_by_keyboard(open_page: OpenPage) -> None:
    page = open_page()
    button = page.locator(".account-button")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#account-menu")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#account-menu").get_by_role("link", name="가입하기")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#account-menu")).to_be_hidden()
    expect(button).to_be_focused()


def test_language_and_brightness_are_chosen_in_the_account_menu(open_page: OpenPage, size: Size) -> None:
    page = open_page(**size, color_scheme="light")
    popover = open_account_menu(page)
    expect(popover.get_by_role("radio", name="시스템")).to_be_checked()
    popover.get_by_role("radio", name="어둡게").check()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    popover = open_account_menu(page)
    expect(popover.get_by_role("radio", name="어둡게")).to_be_checked()
    popover.get_by_role("radio", name="시스템").check()
    assert page.evaluate("[document.documentElement.dataset.theme, localStorage.theme]") == [None, None]
    popover.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(open_account_menu(page)).to_contain_text("You're using Jjamppong as a guest")
    expect(page.locator("#account-menu").get_by_role("button", name="English")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_a_day_that_is_used_up_says_so_and_offers_the_sign_up(
    open_page: OpenPage, settings: Settings, size: Size
) -> None:
    settings.GUEST_TURNS_PER_DAY = 1
    page = open_page(**size)
    line = page.locator(".day-left")
    expect(line).to_be_hidden()
    ask_and_wait(page, 1)
    expect(line).to_contain_text("오늘은 다 썼어요")
    ask(page, "일본의 수도는?")
    expect(page.locator(".error-notice")).to_contain_text("자정이 지나면 다시")
    expect(page.locator("#prompt")).to_have_value("일본의 수도는?")
    conversation = page.url
    line.get_by_role("link", name="가입하기").click()
    page.locator("#id_email").fill("new@example.com")
    page.locator("#id_password1").fill("Nudel-suppe-2026")
    page.locator("main .form button[type=submit]").click()
    page.wait_for_url(conversation)
    # The text that was refused waits in the field, and an account may ask more.
    expect(page.locator("#prompt")).to_have_value("일본의 수도는?")
    expect(line).to_be_hidden()
    page.locator("#prompt").press("Enter")
    expect(page.locator(".turn[data-status=done]")).to_have_count(2)


def test_a_guest_who_signs_up_returns_to_the_conversation(open_page: OpenPage, size: Size) -> None:
    page = open_page(**size)
    ask_and_wait(page, 1)
    conversation = page.url
    assert "/c/" in conversation
    open_account_menu(page).get_by_role("link", name="가입하기").click()
    page.wait_for_url("**/signup/**")
    page.get_by_role("main").get_by_role("link", name="로그인").click()
    page.get_by_role("main").get_by_role("link", name="가입하기").click()
    page.locator("#id_email").fill("new@example.com")
    page.locator("#id_password1").fill("Nudel-suppe-2026")
    page.locator("main .form button[type=submit]").click()
    page.wait_for_url(conversation)
    expect(page.locator(".notice.success")).to_have_text("가입했어요. 하던 대화를 이어 가세요.")
    expect(page.locator(".answer")).to_contain_text("서울이에요.")
    ask(page, "인구는?")
    expect(page.locator(".turn[data-status=done]")).to_have_count(2)


def test_a_guest_who_logs_in_returns_to_the_conversation(open_page: OpenPage, ada: User, size: Size) -> None:
    page = open_page(**size)
    ask_and_wait(page, 1)
    conversation = page.url
    open_account_menu(page).get_by_role("link", name="로그인").click()
    log_in(page)
    page.wait_for_url(conversation)
    expect(page.locator(".answer")).to_contain_text("서울이에요.")


def test_a_new_key_is_shown_whole_and_copied(open_page: OpenPage, ada: User, size: Size) -> None:
    page = open_page("/accounts/login/?next=/keys/", **size)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    log_in(page)
    page.locator("#id_name").fill("노트북")
    page.get_by_role("button", name="키 만들기").click()
    key = page.locator(".secret-key")
    shown = key.inner_text()
    assert shown.startswith(ApiKey.objects.get().prefix)
    assert len(shown) == 47
    width = size["viewport"]["width"]
    glyphs = "key => [...Array(key.textContent.length).keys()].map((at) => { const range = new Range();"
    glyphs += "range.setStart(key.firstChild, at); range.setEnd(key.firstChild, at + 1);"
    glyphs += "return range.getBoundingClientRect().right; })"
    assert max(key.evaluate(glyphs)) < width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="복사").click()
    expect(page.locator("#announcer")).to_have_text("복사했어요")
    assert page.evaluate("navigator.clipboard.readText()") == shown
    expect(page.locator(".code-example")).to_contain_text(f"Bearer {shown}")


@pytest.mark.parametrize("is_guest", [True, False], ids=["guest", "account"])
def test_no_page_of_a_person_speaks_of_the_operator_or_of_servers(
    open_page: OpenPage, ada: User, settings: Settings, is_guest: bool
) -> None:
    settings.EMAIL_HOST = ""
    page = open_page("/accounts/login/")
    paths = ["/", "/leaderboard/", "/advertise/", "/accounts/login/", "/accounts/signup/"]
    paths += ["/accounts/password/reset/", "/accounts/password/reset/done/", "/accounts/inactive/"]
    if not is_guest:
        log_in(page)
        paths = ["/", "/keys/", "/accounts/me/", "/accounts/email/", "/accounts/password/change/"]
    for path in paths:
        page.goto(path)
        text = page.locator("body").inner_text()
        assert "운영자" not in text, path
        assert "메일 서버" not in text, path
        expect(page.get_by_role("link", name="비밀번호를 잊었")).to_have_count(0)
        expect(page.get_by_role("button", name="확인 메일")).to_have_count(0)
