"""Versions of a turn keep their own votes, and switching keeps keyboard focus."""

from playwright.sync_api import Page, expect

from aggregator.execution.commands import stop_turn
from aggregator.models import Turn
from testing.provider.server import ProviderServer, say
from testing.site.live_site import LiveSite
from tests.e2e.conftest import MakeModel, OpenPage, ask

LONG = " ".join(f"{number}번째 문장이에요." for number in range(1, 80))


def press(page: Page, name: str) -> None:
    """Press a button by the keyboard."""
    page.get_by_role("button", name=name).first.focus()
    page.keyboard.press("Enter")


def test_a_vote_and_focus_stay_with_the_version(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("wise", say("서울이에요."))
    provider.add("quick", say("서울 같아요."))
    offer_model("wise", standing=0.8)
    offer_model("quick", name="날쌘", standing=0.3)
    page = open_page()
    ask(page, "한국의 수도는?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    press(page, "다시 답하기")
    expect(page.locator(".versions .number")).to_have_text("2 / 2")
    expect(page.locator(".turn")).to_be_focused()
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    press(page, "이전")
    expect(page.get_by_role("button", name="다음")).to_be_focused()
    vote = page.locator(".candidate:visible").get_by_role("button", name="이 답이 더 좋아요")
    page.locator(".candidate-line", has_text="날쌘").click()
    vote.click()
    expect(vote).to_have_attribute("aria-pressed", "true")

    press(page, "다음")
    expect(page.get_by_role("button", name="이전")).to_be_focused()
    expect(vote).to_have_attribute("aria-pressed", "false")
    press(page, "이전")
    expect(vote).to_have_attribute("aria-pressed", "true")
    # The same version is on screen after a reload.
    page.reload()
    page.locator(".candidate-line", has_text="날쌘").click()
    expect(vote).to_have_attribute("aria-pressed", "true")
    press(page, "다음")
    expect(vote).to_have_attribute("aria-pressed", "false")


def test_a_running_turn_that_left_the_page_shows_no_stop_button(
    live_site: LiveSite, provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("wise", say("서울이에요."))
    offer_model("wise")
    page = open_page()
    ask(page, "한국의 수도는?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    provider.add("wise", say(LONG, delay_s=0.2))
    ask(page, "길게 말해 줘")
    expect(page.locator(".turn").last.locator(".answer")).to_contain_text("2번째 문장이에요.")
    provider.add("wise", say("부산이에요."))
    press(page, "질문 수정")
    page.locator(".prompt-edit textarea").fill("부산은?")
    page.keyboard.press("Enter")

    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator(".turn[data-status=done]")).to_contain_text("부산이에요.")
    expect(page.locator(".stop")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator(".turn[data-status=done]")).to_contain_text("부산이에요.")
    live_site.call(stop_turn(Turn.objects.get(prompt="길게 말해 줘")))
