"""Point 14: two-step verification is turned on, asked for at the login, and turned off again."""

from pathlib import Path

from playwright.sync_api import Page, expect

from accounts.models import User
from tests.accounts.authenticator_app import make_code
from tests.e2e.conftest import OpenPage, Size, box
from tests.e2e.test_account_menu import PASSWORD, log_in


def press(page: Page, name: str) -> None:
    """Press a button or link of the page's content."""
    page.get_by_role("main").get_by_role("button", name=name, exact=True).or_(
        page.get_by_role("main").get_by_role("link", name=name, exact=True)
    ).click()


def enter(page: Page, code: str, button: str) -> None:
    """Type a code into the field that is focused already, and send it."""
    field = page.locator("[name=code]")
    expect(field).to_be_focused()
    assert box(field).right <= page.evaluate("innerWidth")
    page.keyboard.type(code)
    press(page, button)


def start_login(page: Page) -> None:
    """Log out, and enter the password again."""
    page.goto("/accounts/logout/")
    press(page, "로그아웃")
    page.goto("/accounts/login/?next=/accounts/me/")
    log_in(page)


def turn_on(page: Page) -> tuple[str, list[str]]:
    """Turn two-step verification on; return the key that the app got, and the recovery codes."""
    press(page, "2단계 인증 켜기")
    page.locator("[name=password]").fill(PASSWORD)
    press(page, "확인")
    expect(page.locator(".qr-code")).to_have_js_property("complete", True)
    assert page.locator(".qr-code").evaluate("image => image.naturalWidth") > 0
    press(page, "설정 키 복사")
    expect(page.locator("#announcer")).to_have_text("복사했어요")
    secret = page.evaluate("navigator.clipboard.readText()")
    page.locator("[name=code]").click()
    enter(page, make_code(secret), "켜기")
    expect(page.locator(".notice.success")).to_have_text("2단계 인증을 켰어요.")
    codes = page.locator(".recovery-codes").inner_text().split()
    assert len(codes) == 10
    with page.expect_download() as download:
        press(page, "내려받기")
    assert Path(download.value.path()).read_text().split() == codes
    assert download.value.suggested_filename == "짬뽕-복구-코드.txt"
    press(page, "저장했어요")
    return secret, codes


def test_two_step_verification_from_on_to_off(open_page: OpenPage, ada: User, size: Size) -> None:
    page = open_page("/accounts/login/?next=/accounts/me/", **size)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    log_in(page)
    page.locator(".details-list").get_by_role("link", name="켜기").click()
    secret, codes = turn_on(page)
    expect(page.locator(".details-list")).to_contain_text("켜짐")
    start_login(page)
    enter(page, "000000", "로그인")
    expect(page.locator(".error")).to_contain_text("코드가 맞지 않아요")
    # The code of the next half minute: the one of this was used to turn it on.
    enter(page, make_code(secret, 1), "로그인")
    expect(page.get_by_role("heading", name="내 계정")).to_be_visible()
    start_login(page)
    press(page, "복구 코드 쓰기")
    enter(page, codes[0], "로그인")
    expect(page.locator(".notice.warning")).to_have_text("복구 코드 하나를 썼어요. 9개 남았어요.")
    page.locator(".details-list").get_by_role("link", name="관리").click()
    press(page, "2단계 인증 끄기")
    enter(page, codes[1], "확인")
    press(page, "끄기")
    expect(page.locator(".notice.success")).to_have_text("2단계 인증을 껐어요.")
    start_login(page)
    expect(page.locator(".details-list")).to_contain_text("꺼짐")
