"""The conversation of a guest."""

import re

from playwright.sync_api import expect

from aggregator.models import Turn, Vote
from testing.provider.server import ProviderServer, Script, say
from tests.e2e.conftest import PHONE, MakeModel, OpenPage, ask, take_picture
from tests.e2e.test_sharing import make_link

LONG = " ".join(f"{number}번째 문장이에요." for number in range(1, 80))


def offer_two(provider: ProviderServer, offer_model: MakeModel, *, delay_s: float = 0.03) -> None:
    """Offer two models with different answers, streamed in pieces."""
    provider.add("wise", say("**서울**이에요. 대한민국의 수도예요.", delay_s=delay_s))
    provider.add("quick", say("서울", delay_s=delay_s))
    offer_model("wise", name="슬기", standing=0.8)
    offer_model("quick", name="날쌘", standing=0.3)


def test_a_guest_asks_in_korean_and_sees_two_models_and_one_answer(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    offer_two(provider, offer_model)
    page = open_page()
    ask(page, "한국의 수도는 어디인가요?")

    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/c/[0-9a-f-]{36}/$"))
    expect(page.locator(".answer")).to_contain_text("서울이에요. 대한민국의 수도예요.")
    expect(page.locator(".answer strong").first).to_have_text("서울")
    expect(page.locator(".candidate")).to_have_count(2)
    take_picture(page, "page")


def test_an_english_guest_gets_an_english_page(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("wise", say("It is Seoul, the capital of South Korea."))
    offer_model("wise", name="Wise")
    page = open_page(locale="en-US")
    ask(page, "What is the capital of South Korea?")

    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    hangul = re.findall(r"[가-힣]+", page.locator("body").inner_text())
    assert set(hangul) <= {"한국어", "짬뽕"}


def test_a_reload_during_an_answer_loses_no_character(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("talker", say(LONG, delay_s=0.03))
    offer_model("talker")
    page = open_page()
    ask(page, "길게 말해 줘")
    expect(page.locator(".answer")).to_contain_text("3번째 문장이에요.")
    page.reload()

    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    shown = " ".join(page.locator(".answer-text").inner_text().split())
    assert shown == LONG


def test_a_second_tab_of_the_same_person_follows_the_same_turn(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("talker", say(LONG, delay_s=0.03))
    offer_model("talker")
    page = open_page()
    ask(page, "길게 말해 줘")
    expect(page.locator(".answer")).to_contain_text("3번째 문장이에요.")
    other = open_page(page.url, visitor=page.context)

    # Each tab receives the end at its own time.
    for tab in (other, page):
        expect(tab.locator(".turn[data-status=done]")).to_be_visible()
    assert other.locator(".answer").inner_text() == page.locator(".answer").inner_text()


def test_a_failed_model_shows_why_and_can_be_retried(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("wise", say("서울이에요."))
    provider.add("shaky", Script(status=401, error="invalid_api_key"))
    offer_model("wise")
    offer_model("shaky")
    page = open_page()
    ask(page, "한국의 수도는?")
    failed = page.locator(".candidate-line[data-status=failed]")
    expect(failed).to_contain_text(re.compile("모델"))
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    provider.add("shaky", say("서울입니다."))
    page.locator(".candidate-lines").get_by_role("button", name="다시 묻기").click()

    expect(page.locator(".candidate-line[data-status=done]")).to_have_count(2)
    expect(page.locator(".candidate-line:focus")).to_have_count(1)


def test_a_stopped_answer_keeps_its_text_after_a_reload(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("talker", say(LONG, delay_s=0.05))
    offer_model("talker")
    page = open_page()
    ask(page, "길게 말해 줘")
    expect(page.locator(".answer")).to_contain_text("3번째 문장이에요.")
    page.keyboard.press("Escape")

    expect(page.locator(".turn[data-status=stopped]")).to_be_visible()
    page.reload()
    expect(page.locator(".turn[data-status=stopped] .answer")).to_contain_text("3번째 문장이에요.")


def test_regenerating_keeps_both_versions(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("wise", say("첫 번째 답이에요."))
    offer_model("wise")
    page = open_page()
    ask(page, "아무 말이나 해 줘")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    provider.add("wise", say("두 번째 답이에요."))
    page.get_by_role("button", name="다시 답하기").click()
    shown = page.locator(".turn:visible .answer")
    expect(shown).to_contain_text("두 번째 답이에요.")
    expect(page.locator(".turn[data-status=done]:visible")).to_be_visible()
    page.get_by_role("button", name="이전").click()

    expect(shown).to_contain_text("첫 번째 답이에요.")


def test_a_vote_for_a_candidate_is_stored(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    offer_two(provider, offer_model)
    page = open_page()
    ask(page, "한국의 수도는?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    line = page.locator(".candidate-line", has_text="날쌘")
    line.click()
    vote = page.locator(".candidate:visible").get_by_role("button", name="이 답이 더 좋아요")
    vote.click()

    expect(vote).to_have_attribute("aria-pressed", "true")
    page.reload()
    line.click()
    expect(vote).to_have_attribute("aria-pressed", "true")
    assert Vote.objects.get().candidate.model == "quick"


def test_choosing_a_model_sends_nothing_until_the_button_is_pressed(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    offer_two(provider, offer_model, delay_s=0.01)
    page = open_page()
    page.locator(".preferences-button").click()
    page.get_by_label("슬기").check()
    page.keyboard.press("Escape")
    ask(page, "한국의 수도는?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    press = page.locator(".add-model").get_by_role("button", name="물어보기")
    expect(press).to_be_disabled()
    page.get_by_label("모델 추가").focus()
    page.keyboard.press("ArrowDown")
    expect(press).to_be_enabled()
    expect(page.locator(".candidate-line")).to_have_count(1)
    press.focus()
    page.keyboard.press("Enter")

    expect(page.locator(".candidate-line[data-status=done]")).to_have_count(2)
    expect(page.locator(".candidate-line").first).to_be_focused()


def test_focused_elements_scroll_to_above_the_composer(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("talker", say(LONG))
    offer_model("talker")
    page = open_page(viewport={"width": 1280, "height": 500})
    ask(page, "길게 말해 줘")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    page.locator("#prompt").fill("두 줄로\n써 둔\n다음 질문")
    dock = page.locator(".dock").evaluate("each => each.getBoundingClientRect().top")
    head = page.locator(".pane-head").evaluate("each => each.getBoundingClientRect().bottom")
    buttons = page.locator(".turn button:visible")
    for index in [*range(buttons.count()), *reversed(range(buttons.count()))]:
        box = buttons.nth(index).evaluate("each => { each.focus(); return each.getBoundingClientRect() }")
        assert head <= box["top"] and box["bottom"] <= dock


def test_hostile_output_of_a_model_stays_text(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    evil = (
        "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
        " [눌러](javascript:document.title='owned') <iframe srcdoc='x'></iframe> 끝"
    )
    provider.add("evil", say(evil))
    offer_model("evil")
    page = open_page()
    ask(page, "아무거나")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()

    assert "owned" not in page.title()
    assert page.locator(".answer script, .answer iframe, .answer img[onerror]").count() == 0
    assert page.locator('.answer a[href^="javascript"]').count() == 0


def test_enter_in_a_korean_input_method_sends_the_complete_text_once(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("wise", say("네."))
    offer_model("wise")
    page = open_page()
    page.locator("#prompt").click()
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.insertText", {"text": "안녕하세"})
    for syllable in ("ㅇ", "요"):
        keyboard.send("Input.imeSetComposition", {"text": syllable, "selectionStart": 1, "selectionEnd": 1})
    keyboard.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229},
    )
    keyboard.send("Input.insertText", {"text": "요"})
    keyboard.send(
        "Input.dispatchKeyEvent",
        {"type": "keyUp", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13},
    )

    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    assert list(Turn.objects.values_list("prompt", flat=True)) == ["안녕하세요"]
    assert page.locator("#prompt").input_value() == ""


def test_on_a_phone_candidates_are_tabs_with_their_rank(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    offer_two(provider, offer_model)
    page = open_page(**PHONE)
    ask(page, "한국의 수도는?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    expect(page.get_by_role("tab")).to_have_count(0)
    page.locator(".candidates-head").get_by_role("button", name="모두 보기").click()

    tabs = page.get_by_role("tab")
    expect(tabs).to_have_count(2)
    expect(page.get_by_role("tab", selected=True)).to_contain_text("1위")
    page.get_by_role("tab", selected=True).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", selected=True)).to_contain_text("2위")
    expect(page.get_by_role("tab", selected=True)).to_be_focused()
    expect(page.locator(".candidate:not([inert])")).to_have_count(1)
    expect(page.locator(".candidate:not([inert])")).to_be_in_viewport()
    # A swipe selects the tab of the panel that it ends on.
    page.locator(".candidate-columns").evaluate("panels => panels.scrollTo({ left: 0, behavior: 'instant' })")
    expect(page.get_by_role("tab", selected=True)).to_contain_text("1위")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    take_picture(page, "phone")
    page.locator(".candidates-head").get_by_role("button", name="접기").click()
    expect(tabs).to_have_count(0)
    expect(page.locator(".candidate:visible")).to_have_count(0)


def test_a_crisis_is_answered_with_help_lines(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    offer_two(provider, offer_model)
    page = open_page()
    ask(page, "우울해서 죽고 싶어")

    expect(page.locator(".turn[data-status=done] .answer")).to_contain_text("109")
    for reader in (page, open_page(make_link(page))):
        for number in ("109", "15770199", "1388", "119", "112"):
            expect(reader.locator(f'.answer a[href="tel:{number}"]')).to_be_visible()
    assert provider.seen == []


def test_a_prompt_asked_offline_stays_visible_until_it_is_answered(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    offer_two(provider, offer_model)
    page = open_page()
    page.context.set_offline(True)
    ask(page, "한국의 수도는?")
    expect(page.locator(".sending")).to_contain_text("한국의 수도는?")
    expect(page.locator(".sending")).to_contain_text("보내는 중이에요")
    expect(page.locator(".welcome")).to_be_hidden()
    take_picture(page, "sending")
    page.context.set_offline(False)

    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    expect(page.locator(".sending")).to_have_count(0)
    assert Turn.objects.count() == 1


def test_a_prompt_that_was_never_sent_becomes_a_draft(open_page: OpenPage) -> None:
    page = open_page()
    page.context.set_offline(True)
    ask(page, "한국의 수도는?")
    expect(page.locator(".sending")).to_be_visible()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    again = page.evaluate("sessionStorage.getItem('draft:new')")
    assert again == "한국의 수도는?"
