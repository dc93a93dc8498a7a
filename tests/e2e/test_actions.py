"""The actions of an answer have words, and do what they say."""

import time

from playwright.sync_api import Page, expect

from aggregator.models import AnswerRating, Turn
from testing.provider.server import ProviderServer, say
from tests.e2e.conftest import MakeModel, OpenPage, Size, ask, take_picture

LONG = " ".join(f"{number}번째 문장이에요." for number in range(1, 400))


def offer_two(provider: ProviderServer, offer_model: MakeModel) -> None:
    """Offer a quick model and one that writes for minutes."""
    provider.add("quick", say("서울이에요. 날쌔게 답했어요."))
    provider.add("slow", say(LONG, delay_s=0.2))
    offer_model("slow", name="느린", standing=0.9)
    offer_model("quick", name="날쌘", standing=0.3)


def press(page: Page, name: str) -> None:
    """Press an action of the last answer."""
    page.locator(".answer-actions").last.get_by_role("button", name=name).click()


def test_every_action_has_words(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    provider.add("wise", say("서울이에요."))
    provider.add("quick", say("서울 같아요."))
    offer_model("wise", name="슬기", standing=0.9)
    offer_model("quick", name="날쌘", standing=0.3)
    page = open_page(**size)
    for number in (1, 2):
        ask(page, "한국의 수도는?")
        expect(page.locator(".turn[data-status=done]")).to_have_count(number)
    page.locator(".candidate-line", has_text="날쌘").last.click()
    for button in page.locator(".turn .action:visible").all():
        assert button.inner_text().strip()
        box = button.bounding_box()
        assert box and (box["height"] >= 44 or "has_touch" not in size)
    first, last = page.locator(".answer-actions").all()
    assert first.inner_text().split("\n") == ["복사", "추천", "아쉬워요", "다시", "이어 가기", "공유"]
    assert last.inner_text().split("\n") == ["복사", "추천", "아쉬워요", "다시", "공유"]
    assert page.locator(".candidate:not([hidden], [inert]) .candidate-actions").inner_text().split("\n") == [
        "복사",
        "더 좋아요",
        "이어 가기",
    ]
    take_picture(page, f"actions-{size['viewport']['width']}")


def test_a_reader_tells_what_was_wrong_with_an_answer_and_takes_it_back(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    provider.add("wise", say("부산이에요."))
    offer_model("wise")
    page = open_page(**size)
    ask(page, "한국의 수도는?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    press(page, "아쉬워요")
    dialog = page.locator("#feedback-dialog")
    expect(dialog).to_be_visible()
    take_picture(page, f"feedback-{size['viewport']['width']}")
    dialog.get_by_role("button", name="취소").click()
    assert not AnswerRating.objects.exists()

    press(page, "아쉬워요")
    dialog.get_by_label("사실과 달라요").check()
    dialog.get_by_label("더 알려 주실 내용").fill("수도는 서울이에요.")
    dialog.get_by_role("button", name="보내기").click()
    bad = page.locator(".answer-actions").get_by_role("button", name="아쉬워요")
    expect(bad).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#announcer")).to_have_text("알려 주셔서 고마워요.")
    rating = AnswerRating.objects.get()
    assert (rating.verdict, rating.reason, rating.comment) == ("bad", "wrong", "수도는 서울이에요.")
    page.reload()
    expect(bad).to_have_attribute("aria-pressed", "true")

    other = open_page(page.url, visitor=page.context)
    press(page, "추천")
    for tab in (page, other):
        expect(tab.get_by_role("button", name="추천")).to_have_attribute("aria-pressed", "true")
        expect(tab.get_by_role("button", name="아쉬워요")).to_have_attribute("aria-pressed", "false")
    press(page, "추천")
    expect(page.get_by_role("button", name="추천")).to_have_attribute("aria-pressed", "false")
    assert not AnswerRating.objects.exists()


def test_a_turn_ends_with_the_answer_that_is_enough(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    offer_two(provider, offer_model)
    page = open_page(**size)
    ask(page, "한국의 수도는?")
    finish = page.locator(".candidate-lines").get_by_role("button", name="이 답으로 끝내기")
    expect(finish).to_have_count(1)
    take_picture(page, f"finish-{size['viewport']['width']}")
    start = time.monotonic()
    finish.click()
    expect(page.locator(".turn[data-status=stopped]")).to_be_visible()
    assert time.monotonic() - start < 4
    for _ in range(2):
        expect(page.locator(".answer-text")).to_have_text("서울이에요. 날쌔게 답했어요.")
        expect(page.locator(".answer-note")).to_have_text("이 답으로 끝냈어요 · 날쌘")
        page.reload()

    provider.add("slow", say("천만 명쯤이에요."))
    ask(page, "거기 인구는?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    sent = str(provider.requests_for("slow")[-1].messages)
    assert "날쌔게 답했어요." in sent


def test_the_original_answer_comes_back(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    provider.add("wise", say("서울이에요."))
    provider.add("quick", say("서울 같아요."))
    offer_model("wise", name="슬기", standing=0.9)
    offer_model("quick", name="날쌘", standing=0.1)
    page = open_page(**size)
    ask(page, "한국의 수도는?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    page.locator(".candidate-line", has_text="날쌘").click()
    page.get_by_role("button", name="이 답으로 이어 가기").click()
    expect(page.locator(".answer-text")).to_have_text("서울 같아요.")
    expect(page.locator(".answer-note")).to_have_text("고른 답이에요 · 날쌘")
    press(page, "원래 답 보기")
    expect(page.locator(".answer-text")).to_have_text("서울이에요.")
    expect(page.locator(".answer-note")).to_contain_text("슬기")
    assert Turn.objects.get().continued_with is None
    page.reload()
    expect(page.locator(".answer-text")).to_have_text("서울이에요.")
