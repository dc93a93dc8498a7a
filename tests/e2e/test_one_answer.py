"""An answer stands once: the candidates are one line each and open on demand."""

import re

import pytest
from playwright.sync_api import Page, expect

from testing.provider.server import ProviderServer, say
from tests.e2e.conftest import WIDE, MakeModel, OpenPage, Size, ask, box, lefts, take_picture

SENTENCE = "서울은 한강을 끼고 있는 대한민국의 수도예요."
REST = " ".join(f"{number}번째 문장이에요." for number in range(1, 20))


def offer_three(provider: ProviderServer, offer_model: MakeModel) -> None:
    """Offer three models of which two agree."""
    provider.add("wise", say(f"{SENTENCE}\n\n정답: 서울"))
    provider.add("quick", say("서울이라고 알고 있어요.\n\n정답: 서울"))
    provider.add("plain", say("부산일 거예요.\n\n정답: 부산"))
    offer_model("wise", name="슬기", standing=0.9)
    offer_model("quick", name="날쌘", standing=0.8)
    offer_model("plain", name="수수한", standing=0.3)


def count(page: Page, text: str) -> int:
    """Return how often a text stands on the page."""
    return str(page.locator("main").inner_text()).count(text)


@pytest.mark.parametrize("models", [1, 2], ids=["single", "best"])
def test_an_answer_stands_once_while_it_streams_when_done_and_after_a_reload(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size, models: int
) -> None:
    provider.add("wise", say(f"{SENTENCE} {REST}", delay_s=0.05))
    offer_model("wise", name="슬기", standing=0.9)
    if models == 2:
        provider.add("quick", say("서울이에요."))
        offer_model("quick", name="날쌘", standing=0.1)
    page = open_page(**size)
    ask(page, "한국의 수도를 소개해 줘")
    expect(page.locator(".answer-text")).to_contain_text("3번째 문장이에요.")
    assert count(page, SENTENCE) == 1
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    assert count(page, SENTENCE) == 1
    page.reload()
    expect(page.locator(".turn[data-status=done] .answer-text")).to_contain_text(SENTENCE)
    assert count(page, SENTENCE) == 1

    # Opened, the candidate that is the answer points to it and does not repeat it.
    page.locator(".candidate-line", has_text="슬기").click()
    expect(page.locator(".candidate.is-answer:visible")).to_contain_text("위에 보이는 답이에요")
    assert count(page, SENTENCE) == 1


def test_each_candidate_is_one_line_with_rank_agreement_and_time(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    offer_three(provider, offer_model)
    page = open_page(**size)
    ask(page, "한국의 수도는 어디인가요?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()

    lines = page.locator(".candidate-line")
    expect(lines).to_have_count(3)
    expect(page.locator(".candidate-line[aria-expanded=false]")).to_have_count(3)
    expect(page.locator(".candidate:visible")).to_have_count(0)
    expect(lines.first).to_have_text(re.compile("1위.*같은 답.*위의 답.*초", re.DOTALL))
    expect(lines.last).to_have_text(re.compile("수수한.*3위.*(?:다른 답|비교할 수 없음).*초", re.DOTALL))
    for line in lines.all():
        area = box(line)
        assert area.bottom - area.top < 60
        assert area.left >= 0 and area.right <= page.evaluate("innerWidth")
    take_picture(page, f"one-answer-{page.evaluate('innerWidth')}")


def test_opened_candidates_stand_side_by_side_on_a_wide_page(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    offer_three(provider, offer_model)
    page = open_page(**WIDE)
    ask(page, "한국의 수도는 어디인가요?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    for name in ("날쌘", "수수한"):
        page.locator(".candidate-line", has_text=name).click()
    opened = page.locator(".candidate:visible")
    expect(opened).to_have_count(2)
    assert box(opened.first).top == box(opened.last).top
    assert box(opened.first).right < box(opened.last).left

    page.locator(".candidates-head").get_by_role("button", name="나란히 보기").click()
    expect(opened).to_have_count(3)
    take_picture(page, "side-by-side")
    assert abs(box(opened.first).left - lefts(page.locator(".answer-text"))[0]) <= 1
    page.locator(".candidates-head").get_by_role("button", name="접기").click()
    expect(opened).to_have_count(0)


def test_a_turn_has_one_left_edge(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    offer_three(provider, offer_model)
    page = open_page(**size)
    ask(page, "한국의 수도는 어디인가요?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    parts = (".answer-text", ".trust-line", ".candidates-title", ".candidate-line .dot", ".route-why summary")
    edges = lefts(*(page.locator(part).first for part in parts))
    assert max(edges) - min(edges) <= 1, dict(zip(parts, edges, strict=True))
