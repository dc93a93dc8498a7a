"""A model that writes on and on does not hold the answer, nor the next prompt."""

from playwright.sync_api import expect

from testing.provider.server import ProviderServer, count_up, say
from tests.e2e.conftest import MakeModel, OpenPage, Size, ask, take_picture


def test_an_answer_is_settled_while_another_model_still_writes(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    provider.add("wise", say("서울이에요."))
    provider.add("quick", say("서울입니다."))
    provider.add("slow", say(count_up("천천히 쓰고 있는 낱말", 400), delay_s=0.08))
    offer_model("wise", name="슬기", standing=0.9)
    offer_model("quick", name="날쌘", standing=0.8)
    offer_model("slow", name="느린", standing=0.3)
    page = open_page(**size)
    ask(page, "한국의 수도는?")
    turn = page.locator(".turn").first
    expect(turn.locator(".candidate-line", has_text="느린")).to_contain_text("아직 쓰는 중", timeout=20_000)
    expect(turn.locator(".answer-text")).to_contain_text("서울")
    expect(turn.locator(".answer-actions")).to_be_visible()
    expect(turn).to_have_attribute("data-status", "running")
    expect(page.locator(".composer .stop, form .stop").first).to_be_hidden()
    take_picture(page, f"settled-{size['viewport']['width']}")
    answer = turn.locator(".answer-text").inner_text()

    provider.add("slow", say("서울이라고 봐요."))
    ask(page, "그 도시의 강은?")
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".turn").last.locator(".answer-text")).to_contain_text("서울", timeout=20_000)
    assert turn.locator(".answer-text").inner_text() == answer

    # What is written beside the answer can be ended, which leaves the answer.
    turn.get_by_role("button", name="이 답으로 끝내기").first.click()
    expect(turn).to_have_attribute("data-status", "done")


def test_an_answer_that_repeats_itself_ends_with_a_word_that_it_was_stopped(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    entry = ". 여러 여행사 누리집에서 도쿄 항공권 가격을 비교하고 싼 표를 고르세요."
    changed = entry.replace("여러 ", "")
    items = "".join(f"\n{n}{changed if n % 2 else entry}" for n in range(2, 40))
    provider.add("looping", say(f"1. 평일에 떠나면 표가 싸요.{items}", delay_s=0.01))
    offer_model("looping", name="맴도는")
    page = open_page(**size)
    ask(page, "도쿄 항공권 싸게 사는 법")
    turn = page.locator(".turn").first
    end = turn.locator(".answer > .answer-end")
    expect(end).to_have_text("같은 말이 되풀이되어 여기서 멈췄어요", timeout=15_000)
    assert turn.locator(".answer-text").inner_text().count("비교하고") == 1
    take_picture(page, f"loop-{size['viewport']['width']}")
