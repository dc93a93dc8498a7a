"""The list of conversations and the skip link."""

from playwright.sync_api import expect

from testing.provider.server import ProviderServer, say
from tests.e2e.conftest import MakeModel, OpenPage, ask

LONG = " ".join(f"{number}번째 문장이에요." for number in range(1, 80))


def test_the_skip_link_moves_focus_without_a_reload(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    page = open_page()
    page.evaluate("window.isSamePage = true")
    page.locator(".skip-link").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#prompt")).to_be_focused()
    page.go_back()
    assert page.evaluate("window.isSamePage")


def test_escape_closes_the_drawer_without_stopping_the_answer(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("talker", say(LONG, delay_s=0.05))
    offer_model("talker")
    page = open_page(viewport={"width": 390, "height": 844})
    ask(page, "길게 말해 줘")
    expect(page.locator(".answer")).to_contain_text("3번째 문장이에요.")
    page.locator("[aria-controls=sidebar]").click()
    page.locator(".search-button").focus()
    page.keyboard.press("Escape")
    expect(page.locator(".shell")).not_to_have_class("shell drawer-open")
    expect(page.locator("[aria-controls=sidebar]")).to_be_focused()

    expect(page.locator(".turn[data-status=done]")).to_be_visible()


def test_a_title_given_during_an_answer_stays_and_a_failed_rename_is_reported(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("talker", say(LONG, delay_s=0.05))
    offer_model("talker")
    page = open_page()
    ask(page, "길게 말해 줘")
    expect(page.locator(".answer")).to_contain_text("3번째 문장이에요.")
    row = page.locator(".conversation-rows .conversation").first

    def rename(name: str) -> None:
        row.hover()
        row.locator("[data-rename]").click()
        page.locator("#title").fill(name)
        page.keyboard.press("Enter")

    page.route("**/rename/", lambda route: route.abort())
    rename("안 되는 이름")
    expect(page.locator(".error-notice")).to_contain_text("저장하지 못했어요")
    page.unroute("**/rename/")
    rename("긴 이야기")
    expect(row).to_contain_text("긴 이야기")
    expect(page.locator(".error-notice")).to_be_hidden()

    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    expect(page.locator(".pane-title")).to_have_text("긴 이야기")
