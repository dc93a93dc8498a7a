"""The composer says what the next prompt follows, Stop stays while typing, and a cut answer is written on."""

from playwright.sync_api import Page, expect

from aggregator.models import Turn
from testing.provider.server import ProviderServer, say
from tests.e2e.conftest import MakeModel, OpenPage, Size, ask, take_picture

LONG = " ".join(f"{number}번째 문장이에요." for number in range(1, 80))


def ask_and_wait(page: Page, prompt: str, turns: int) -> None:
    """Ask later than the time in which a second Enter counts as a repeat, and wait for the answer."""
    page.wait_for_timeout(300)
    ask(page, prompt)
    expect(page.locator(".turn[data-status=done]")).to_have_count(turns)


def last_messages(provider: ProviderServer) -> str:
    """Return what the provider was sent last."""
    return str(provider.seen[-1].body)


def test_typing_during_an_answer_leaves_stop_where_it_is(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    provider.add("talker", say(LONG, delay_s=0.05))
    offer_model("talker")
    page = open_page(**size)
    ask(page, "길게 말해 줘")
    expect(page.locator(".answer")).to_contain_text("3번째 문장이에요.")
    stop = page.get_by_role("button", name="중지")
    before = stop.bounding_box()
    page.locator("#prompt").fill("다음 질문")
    expect(page.get_by_role("button", name="보내기", exact=True)).to_be_enabled()
    assert stop.bounding_box() == before
    stop.click()

    expect(page.locator(".turn[data-status=stopped]")).to_be_visible()
    expect(page.locator("#prompt")).to_have_value("다음 질문")
    expect(stop).to_be_hidden()


def test_the_chip_names_the_earlier_turn_that_the_next_prompt_follows(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    provider.add("wise", say("네."))
    offer_model("wise")
    page = open_page(**size)
    ask_and_wait(page, "도쿄 항공권을 찾아 줘", 1)
    ask_and_wait(page, "호텔도 찾아 줘", 2)
    chip = page.locator(".follow-chip")
    expect(chip).to_be_hidden()
    go_on = page.locator(".turn").first.get_by_role("button", name="이어 가기", exact=True)
    go_on.click()
    expect(chip).to_contain_text("‘도쿄 항공권을 찾아 줘’ 뒤에서 다시 이어 가요")
    take_picture(page, f"follow-{size['viewport']['width']}")
    chip.get_by_role("button", name="이어 묻기 취소").click()
    expect(chip).to_be_hidden()
    go_on.click()
    page.wait_for_timeout(300)
    ask(page, "오사카는?")

    expect(page.locator(".turn .prompt-text")).to_have_text(["도쿄 항공권을 찾아 줘", "오사카는?"])
    expect(page.locator(".turn[data-status=done]")).to_have_count(2)
    expect(chip).to_be_hidden()
    assert "호텔도" not in last_messages(provider)
    turn = Turn.objects.get(prompt="오사카는?")
    assert turn.parent and turn.parent.prompt == "도쿄 항공권을 찾아 줘"


def test_the_chip_names_the_candidate_that_the_next_prompt_follows(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    provider.add("wise", say("서울이라고 슬기가 말해요."))
    provider.add("quick", say("서울이라고 날쌘이 말해요."))
    offer_model("wise", name="슬기", standing=0.8)
    offer_model("quick", name="날쌘", standing=0.3)
    page = open_page(**size)
    ask_and_wait(page, "한국의 수도는?", 1)
    chip = page.locator(".follow-chip")
    expect(chip).to_be_hidden()
    shown = "날쌘" if "슬기가" in page.locator(".answer-text").inner_text() else "슬기"
    if size["viewport"]["width"] < 620:
        page.locator(".candidates-head").get_by_role("button", name="모두 보기").click()
    page.locator(".candidate-line", has_text=shown).click()
    page.get_by_role("button", name="이 답으로 이어 가기").locator("visible=true").click()
    expect(chip).to_contain_text(f"‘{shown}’의 답에 이어서 물어요")
    page.reload()
    expect(chip).to_contain_text(f"‘{shown}’의 답에 이어서 물어요")
    chip.get_by_role("button", name="이어 묻기 취소").click()
    expect(chip).to_be_hidden()
    expect(page.locator(".answer-text")).not_to_contain_text(shown)
    assert Turn.objects.get().continued_with is None


def test_a_stopped_answer_is_written_on_by_its_model(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    provider.add("talker", say(LONG, delay_s=0.05))
    offer_model("talker")
    page = open_page(**size)
    ask(page, "길게 말해 줘")
    expect(page.locator(".answer")).to_contain_text("3번째 문장이에요.")
    page.keyboard.press("Escape")
    expect(page.locator(".turn[data-status=stopped]")).to_be_visible()
    provider.add("talker", say("이어서 쓰는 문장이에요."))
    page.get_by_role("button", name="이어 쓰기").click()

    expect(page.locator(".turn .prompt-text").last).to_have_text("끊긴 데서 이어서 써 주세요.")
    expect(page.locator(".turn[data-status=done]")).to_contain_text("이어서 쓰는 문장이에요.")
    turn = Turn.objects.get(number=2)
    assert (turn.asked_strategy, turn.asked_panel) == ("single", ["talker"])
    assert "3번째 문장이에요." in last_messages(provider)


def test_an_answer_cut_at_its_length_is_written_on(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("talker", say("여기까지 쓰다가", finish="length"))
    offer_model("talker")
    page = open_page()
    ask_and_wait(page, "길게 말해 줘", 1)
    expect(page.get_by_role("button", name="이어 쓰기")).to_be_visible()


def test_the_chip_says_that_the_next_prompt_follows_an_older_version(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    provider.add("wise", say("첫 번째 답이에요."))
    offer_model("wise")
    page = open_page(**size)
    ask_and_wait(page, "아무 말이나 해 줘", 1)
    provider.add("wise", say("두 번째 답이에요."))
    page.get_by_role("button", name="다시 답하기").click()
    answer = page.locator(".answer-text")
    expect(answer).to_contain_text("두 번째 답이에요.")
    expect(page.locator(".turn[data-status=done]")).to_have_count(1)
    chip = page.locator(".follow-chip")
    expect(chip).to_be_hidden()
    page.get_by_role("button", name="이전", exact=True).click()
    expect(chip).to_contain_text("이전 버전에 이어서 물어요")
    chip.get_by_role("button", name="이어 묻기 취소").click()
    expect(answer).to_contain_text("두 번째 답이에요.")
    expect(chip).to_be_hidden()
    page.get_by_role("button", name="이전", exact=True).click()
    expect(chip).to_be_visible()
    ask_and_wait(page, "이어서 말해 줘", 2)
    expect(chip).to_be_hidden()
    assert "첫 번째 답이에요." in last_messages(provider)
