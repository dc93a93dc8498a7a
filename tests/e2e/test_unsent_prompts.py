"""Prompts are not lost while they are sent, when they are refused, or while the reader types on."""

import re

from playwright.sync_api import Page, expect
from pytest_django import Settings

from aggregator.models import Conversation, Turn
from testing.provider.server import ProviderServer, say
from tests.e2e.conftest import MakeModel, OpenPage, ask


def ask_next(page: Page, prompt: str) -> None:
    """Ask later than the time in which a second Enter counts as a repeat of the first."""
    page.wait_for_timeout(300)
    ask(page, prompt)


def draft_on_leaving(page: Page, key: str) -> str:
    """Return the draft that is saved when the page is left."""
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    return str(page.evaluate("key => sessionStorage.getItem(key)", f"draft:{key}"))


def test_two_prompts_sent_before_the_first_arrives_go_into_one_conversation(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("wise", say("서울이에요."))
    offer_model("wise")
    page = open_page()
    page.context.set_offline(True)
    ask(page, "한국의 수도는?")
    ask_next(page, "일본의 수도는?")
    expect(page.locator(".sending")).to_have_count(2)
    page.locator("#prompt").fill("그리고 중국은")
    assert draft_on_leaving(page, "new") == "한국의 수도는?\n\n일본의 수도는?\n\n그리고 중국은"
    page.context.set_offline(False)

    expect(page.locator(".turn[data-status=done]")).to_have_count(2)
    expect(page.locator(".turn .prompt-text")).to_have_text(["한국의 수도는?", "일본의 수도는?"])
    expect(page.locator("#prompt")).to_have_value("그리고 중국은")
    assert Conversation.objects.count() == 1
    page.reload()
    expect(page.locator("#prompt")).to_have_value("그리고 중국은")


def test_a_refused_prompt_returns_to_its_field(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, settings: Settings
) -> None:
    provider.add("wise", say("서울이에요."))
    offer_model("wise")
    page = open_page()
    ask(page, "한국의 수도는?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    settings.GUEST_TURNS_PER_DAY = 1
    page.context.set_offline(True)
    page.locator(".prompt").hover()
    page.get_by_role("button", name="질문 수정").click()
    form = page.locator(".prompt-edit")
    form.locator("textarea").fill("가" * (settings.PROMPT_LIMIT + 1))
    expect(form.get_by_role("button", name="수정해서 보내기")).to_be_disabled()
    # The model reads less than the site takes.
    expect(form.locator(".prompt-length")).to_contain_text(re.compile(r"20,001 / \d,\d{3}자"))
    form.locator("textarea").fill("한국의 옛 수도는?")
    page.keyboard.press("Enter")
    ask(page, "일본의 수도는?")
    ask_next(page, "몽골의 수도는?")
    page.locator("#prompt").fill("그리고 중국은")
    page.context.set_offline(False)

    expect(page.locator(".error-notice")).to_contain_text("다 물어봤어요")
    expect(page.locator("#prompt")).to_have_value("일본의 수도는?\n\n몽골의 수도는?\n\n그리고 중국은")
    expect(form.locator("textarea")).to_have_value("한국의 옛 수도는?")
    expect(page.locator("#prompt")).to_be_focused()
    assert Turn.objects.count() == 1
