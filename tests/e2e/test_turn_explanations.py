"""The page explains a turn: why models were asked, an escalation, and which candidates support a sentence."""

import re

from playwright.sync_api import expect

from aggregator.budgeting.budget import read_pace
from aggregator.models import DayPoint, Signal, Turn
from testing.provider.server import ProviderServer, say
from tests.e2e.conftest import MakeModel, OpenPage, ask, take_picture

FIRST = "대한민국의 수도는 서울이에요."
SECOND = "한강이 도시 가운데를 동서로 가로질러 흘러요."


def test_a_split_vote_escalates_to_a_stronger_model(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("quick", say("정답: 391"))
    provider.add("plain", say("정답: 389"))
    provider.add("strong", say("17 × 23 = 391이에요.\n\n정답: 391", delay_s=0.05))
    offer_model("quick", name="날쌘", standing=0.5)
    offer_model("plain", name="수수한", standing=0.45)
    offer_model("strong", name="든든한", standing=0.9, input_price_micros=50_000, output_price_micros=200_000)
    DayPoint.objects.create(
        at="2026-01-01T00:00Z", income_micros=0, subsidy_micros=0, spent_micros=0, turns=0,
        price=0.02, balance=1_000.0, usual_income=20.0,
    )  # fmt: skip
    read_pace.cache_clear()
    page = open_page()
    ask(page, "17 곱하기 23은 얼마인가요?")

    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    expect(page.locator(".answer-note")).to_contain_text("답이 확실하지 않아 더 강한 모델에게도 물었어요")
    expect(page.locator(".trust-line")).to_contain_text("3개 중 2개 모델이 같은 답")
    # No fit measured how true probabilities are for sums in a line.
    expect(page.locator(".trust-line")).not_to_contain_text("%")
    expect(page.locator(".candidate-line", has_text="수수한")).to_contain_text("다른 답")
    expect(page.locator(".candidate-line", has_text="날쌘")).to_contain_text("같은 답")
    page.get_by_text("왜 이 모델들인가요").click()
    expect(page.locator(".route-why")).to_contain_text("수학 질문으로 이해했어요")
    expect(page.locator(".route-why")).to_contain_text(re.compile(r"예상 품질 \d+점, 예상 비용"))
    take_picture(page, "escalated")
    page.reload()
    expect(page.locator(".answer-note")).to_contain_text("답이 확실하지 않아")


def test_a_sentence_of_a_fused_answer_links_to_its_supporting_candidates(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    fused = say(f"**{FIRST}** {SECOND}\n\n- 봄에는 벚꽃이 아름다워요.")
    scripts = {"wise": say(f"{FIRST} 한강이 흘러요."), "quick": say(f"{FIRST}\n\n{SECOND}")}
    provider.find_script = lambda model, prompt: fused if "<<<ANSWER" in prompt else scripts[model]
    offer_model("wise", name="슬기", standing=0.8, can_fuse=True)
    offer_model("quick", name="날쌘", standing=0.6)
    page = open_page()
    ask(page, "서울을 소개하는 글을 써 줘")

    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    marks = page.locator(".support-mark")
    expect(marks).to_have_text(["2", "1"])
    expect(page.locator(".answer-text li .support-mark")).to_have_count(0)
    marks.nth(1).click()
    card = page.locator(".support-card")
    expect(card).to_contain_text("날쌘")
    take_picture(page, "supports")
    card.get_by_role("button").click()
    # The candidate that is named opens, and no other.
    expect(page.locator(".candidate:visible .passage-highlight")).to_have_text(SECOND)
    expect(page.locator(".candidate:visible")).to_have_count(1)
    page.reload()
    expect(marks).to_have_text(["2", "1"])


def test_a_model_is_added_to_a_turn_and_its_answer_is_continued(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("wise", say("서울이에요."))
    provider.add("late", say("늦었지만 서울이에요."))
    offer_model("wise", name="슬기")
    page = open_page()
    ask(page, "한국의 수도는?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    offer_model("late", name="느린")
    page.reload()
    page.get_by_label("모델 추가").select_option(label="느린")
    page.get_by_role("button", name="물어보기").click()

    expect(page.locator(".candidate-line[data-status=done]")).to_have_count(2)
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    page.locator(".candidate-line", has_text="느린").click()
    late = page.locator(".candidate:visible")
    expect(late).to_contain_text("늦었지만 서울이에요.")
    late.get_by_role("button", name="이 답으로 이어 가기").click()
    # What the next prompt follows is the answer on screen, and stands once.
    for _ in range(2):
        expect(page.locator(".answer-text")).to_have_text("늦었지만 서울이에요.")
        expect(page.locator(".answer-note")).to_contain_text("고른 답이에요 · 느린")
        expect(page.locator(".candidate-line", has_text="느린")).to_contain_text("위의 답")
        assert page.locator("main").inner_text().count("늦었지만 서울이에요.") == 1
        take_picture(page, "go-on")
        page.reload()
    assert [signal.kind for signal in Signal.objects.all()] == ["continue"]
    ask(page, "거기 인구는?")
    expect(page.locator(".turn[data-status=done]")).to_have_count(2)
    assert Turn.objects.count() == 2
    sent = str(provider.requests_for("wise")[-1].messages)
    assert "늦었지만 서울이에요." in sent
