"""A conversation shared by a link, as its owner and a visitor see it."""

import re

from playwright.sync_api import Page, expect

from testing.provider.server import ProviderServer, say
from tests.e2e.conftest import MakeModel, OpenPage, Size, ask, take_picture

ANSWER = "**서울**이에요. 식은 $a^2$예요.\n\n```py\nx = 1\n```\n\n<img src=x onerror=alert(1)>"


# Stands for the browser's list of apps, which no test can press.
KEEP_WHAT_IS_SHARED = "Object.assign(navigator, { share: async data => { window.handedOver = data } })"


def make_link(page: Page) -> str:
    """Share the conversation of a page and copy the link."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".answer-actions").get_by_role("button", name="공유").click()
    expect(page.locator("#share-dialog")).to_contain_text("링크를 가진 사람은 누구나")
    page.get_by_role("button", name="링크 만들기").click()
    expect(page.locator("#share-link")).to_have_value(re.compile(r"/s/[\w-]{43}/$"))
    page.get_by_role("button", name="링크 복사").click()
    expect(page.locator("#announcer")).to_have_text("복사했어요")
    page.locator("#shared-dialog").get_by_role("button", name="닫기").click()
    expect(page.locator("[data-share]")).to_have_text("공유 중")
    return str(page.evaluate("navigator.clipboard.readText()"))


def expect_copy(visitor: Page) -> None:
    """Expect prompt, answer and other answers rendered as on the page, and nothing else."""
    expect(visitor.locator(".turn")).to_have_count(1)
    expect(visitor.locator(".answer strong")).to_have_text("서울")
    expect(visitor.locator(".answer math")).to_have_count(1)
    expect(visitor.locator(".answer .code-block")).to_contain_text("x = 1")
    visitor.get_by_text("다른 답 1개").click()
    expect(visitor.locator(".candidate")).to_contain_text("서울이라고 생각해요")
    expect(visitor.locator(".answer img, textarea, .placement")).to_have_count(0)
    expect(visitor.get_by_role("button", name="나도 물어보기")).to_be_visible()


def test_a_guest_shares_a_conversation_and_revokes_the_link(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("wise", say(ANSWER))
    provider.add("quick", say("서울이라고 생각해요"))
    offer_model("wise", name="슬기", standing=0.9)
    offer_model("quick", name="날쌘", standing=0.1)
    page = open_page()
    expect(page.locator("[data-share]")).to_be_hidden()
    ask(page, "한국의 수도는 어디인가요?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    link = make_link(page)
    ask(page, "그럼 인구는요?")
    expect(page.locator(".turn[data-status=done]")).to_have_count(2)

    visitor = open_page(link)
    expect_copy(visitor)
    take_picture(visitor, "shared")
    page.reload()
    page.get_by_role("button", name="공유 중").click()
    page.get_by_role("button", name="공유 중단").click()
    expect(page.locator("[data-share]")).to_have_text("공유")
    visitor.reload()
    expect(visitor.get_by_text("페이지를 찾을 수 없어요")).to_be_visible()


def test_a_link_is_handed_to_another_app_by_owner_and_visitor(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    provider.add("wise", say("서울이에요."))
    offer_model("wise", name="슬기")
    page, width = open_page(**size), size["viewport"]["width"]
    page.add_init_script(KEEP_WHAT_IS_SHARED)
    page.reload()
    ask(page, "한국의 수도는 어디인가요?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    page.locator("[data-share]").click()
    expect(page.locator("#share-dialog")).to_contain_text("미리보기에 첫 질문")
    take_picture(page, f"share-{width}")
    page.get_by_role("button", name="링크 만들기").click()
    take_picture(page, f"share-link-{width}")
    page.get_by_role("button", name="다른 앱으로 보내기").click()
    link = page.locator("#share-link").input_value()
    assert page.evaluate("window.handedOver") == {"url": link, "title": "한국의 수도는 어디인가요?"}

    visitor = open_page(link, **size)
    expect(visitor.get_by_role("button", name="다른 앱으로 보내기")).to_be_hidden()
    visitor.add_init_script(KEEP_WHAT_IS_SHARED)
    visitor.reload()
    take_picture(visitor, f"shared-{width}")
    visitor.get_by_role("button", name="다른 앱으로 보내기").click()
    assert visitor.evaluate("window.handedOver.url") == link
    visitor.goto("/help/")
    take_picture(visitor, f"help-{width}")


def test_a_visitor_goes_on_with_a_copy(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    provider.add("wise", say("**서울**이에요."))
    offer_model("wise", name="슬기")
    page, width = open_page(**size), size["viewport"]["width"]
    ask(page, "한국의 수도는 어디인가요?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    visitor = open_page(make_link(page), **size)
    visitor.get_by_role("button", name="나도 물어보기").click()
    expect(visitor.locator(".given-turns .answer strong")).to_have_text("서울")
    expect(visitor.locator(".turn, .welcome")).to_have_count(0)
    take_picture(visitor, f"given-{width}")

    provider.add("wise", say("940만 명이에요."))
    ask(visitor, "거기 인구는?")
    expect(visitor.locator(".turn[data-status=done]")).to_contain_text("940만 명이에요.")
    contents = [message["content"] for message in provider.requests_for("wise")[-1].body["messages"]]
    assert contents[-3:] == ["한국의 수도는 어디인가요?", "**서울**이에요.", "거기 인구는?"]
    take_picture(visitor, f"given-answered-{width}")
    page.reload()
    expect(page.locator(".turn")).to_have_count(1)
    visitor.reload()
    expect(visitor.locator(".given-turns ~ .turn")).to_have_count(1)
