"""The picker tells what each model is good at, and its presets ask what they say."""

from playwright.sync_api import Page, expect
from pytest_django import Settings

from aggregator.execution.setup import forget_snapshot
from aggregator.models import Turn
from aggregator.selectors.model_speeds import forget_speeds
from testing.factories import GuestFactory
from testing.provider.server import ProviderServer, say
from tests.aggregator.answers import store_answers
from tests.e2e.conftest import MakeModel, OpenPage, Size, ask, box, take_picture

CODER = "qwen2.5-1.5b"


def offer_three(provider: ProviderServer, offer_model: MakeModel) -> None:
    """Offer a good model, a fast one, and one that its maker built for code."""
    for slug in ("wise", "quick", CODER):
        provider.add(slug, say("서울이에요."))
    offer_model("wise", name="슬기", standing=0.8)
    offer_model("quick", name="날쌘", standing=0.3)
    offer_model(CODER, name="코더", vendor="Alibaba", standing=0.2)
    guest = GuestFactory.create()
    store_answers(guest, "wise", *[4_000] * 12)
    store_answers(guest, "quick", *[900] * 12)
    forget_speeds()


def open_picker(page: Page) -> None:
    """Open the picker."""
    page.locator(".preferences-button").click()
    expect(page.locator("#preferences")).to_be_visible()


def details_of(page: Page, name: str) -> str:
    """Return what the picker says about a model."""
    return " / ".join(page.locator(".model-option", has_text=name).locator(".detail").all_inner_texts())


def test_the_picker_tells_speed_strength_language_and_price(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    offer_three(provider, offer_model)
    page = open_page(**size)
    open_picker(page)

    assert details_of(page, "슬기") == "답까지 보통 4초 / 한국어·영어 / 비용 낮음 / 무료"
    assert details_of(page, "날쌘") == "답까지 보통 0.9초 / 한국어·영어 / 비용 낮음 / 무료"
    assert details_of(page, "코더") == "답까지 예상 43초 / 코딩에 강해요 / 한국어·영어 / 비용 낮음 / 무료"
    picker, window = box(page.locator("#preferences")), page.viewport_size
    assert window and picker.left >= 0 and picker.top >= 0
    assert picker.right <= window["width"] and picker.bottom <= window["height"]
    take_picture(page, f"picker-{window['width']}")


def test_fast_asks_the_fastest_model_alone(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    offer_three(provider, offer_model)
    page = open_page(**size)
    open_picker(page)
    page.get_by_label("빠르게").check()
    expect(page.locator(".preferences-summary")).to_have_text("빠르게 · 날쌘")
    page.keyboard.press("Escape")
    ask(page, "한국의 수도는?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()

    turn = Turn.objects.get(prompt="한국의 수도는?")
    assert (turn.asked_strategy, turn.asked_panel) == ("single", ["quick"])


def test_code_asks_the_coder_and_the_choice_stays(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    offer_three(provider, offer_model)
    page = open_page(**size)
    open_picker(page)
    page.get_by_label("코드").check()
    page.reload()
    expect(page.locator(".preferences-summary")).to_have_text("코드 · 코더")
    ask(page, "정렬 함수를 만들어 줘")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()

    assert Turn.objects.get(prompt="정렬 함수를 만들어 줘").asked_panel == [CODER]


def test_a_changed_box_is_the_person_s_own_choice(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    offer_three(provider, offer_model)
    page = open_page()
    summary = page.locator(".preferences-summary")
    expect(summary).to_have_text("알맞은 모델을 골라 물어요")
    open_picker(page)
    page.get_by_label("빠르게").check()
    page.get_by_label("슬기").check()
    expect(page.get_by_label("직접 고르기")).to_be_checked()
    expect(summary).to_have_text("2개 모델에게 묻고 하나로 답해요")
    page.reload()
    expect(summary).to_have_text("2개 모델에게 묻고 하나로 답해요")
    open_picker(page)
    page.get_by_label("빠르게").check()
    page.reload()
    expect(summary).to_have_text("빠르게 · 날쌘")


def test_a_model_that_the_day_cannot_pay_for_says_why(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, settings: Settings, size: Size
) -> None:
    settings.DAILY_SUBSIDY_WON = 1
    offer_three(provider, offer_model)
    offer_model("dear", name="비싼", standing=0.9, input_price_micros=500_000, output_price_micros=2_000_000)
    forget_snapshot()
    page = open_page(**size)
    open_picker(page)

    expect(page.get_by_label("비싼")).to_be_disabled()
    assert "비용 높음 / 오늘은 쓸 수 없어요" in details_of(page, "비싼")
    expect(page.get_by_label("슬기")).to_be_enabled()
    page.keyboard.press("Escape")
    ask(page, "한국의 수도는?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    expect(page.locator(".add-model option", has_text="비싼")).to_have_count(0)
