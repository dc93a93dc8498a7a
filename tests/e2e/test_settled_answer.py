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
