"""A person sees which strategies and prompts the models on offer can handle, before and after sending."""

from playwright.sync_api import Page, expect

from testing.provider.server import ProviderServer, say
from tests.e2e.conftest import MakeModel, OpenPage, Size, ask, take_picture

POEM = "가을에 대한 시를 써줘"
WHY = "답을 서로 비교할 수 없어서 투표로 정하지 않았어요"


def test_what_cannot_be_done_is_said_before_and_after(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    provider.add("wise", say("가을바람이 불어와 나뭇잎이 춤을 춰요. 노을이 강물 위에 내려앉아요."))
    provider.add("quick", say("들판의 벼가 고개를 숙이고 아이들은 잠자리를 쫓아 뛰어다녀요."))
    offer_model("wise", name="슬기", standing=0.8)
    offer_model("quick", name="날쌘", standing=0.7)
    page = open_page(**size)

    page.locator(".preferences-button").click()
    page.locator(".strategies summary").click()
    fusing = page.locator(".option", has_text="하나로 합치기")
    expect(fusing.get_by_role("radio")).to_be_disabled()
    expect(fusing).to_contain_text("지금 모델로는 답을 합칠 수 없어요")
    page.get_by_label("슬기").check()
    expect(page.locator(".option", has_text="투표")).to_contain_text("모델을 둘 이상 골라야 할 수 있어요")
    page.get_by_label("날쌘").check()
    page.locator(".option", has_text="투표").get_by_role("radio").check()
    take_picture(page, f"strategies-{size['viewport']['width']}")
    page.keyboard.press("Escape")
    ask(page, POEM)
    expect(page.locator(".answer-note")).to_contain_text(WHY)
    page.reload()
    expect(page.locator(".answer-note")).to_contain_text(WHY)

    check_room(page, size)


def check_room(page: Page, size: Size) -> None:
    """Type too much for both models: it cannot be sent, and nothing is lost."""
    page.locator("#prompt").fill("가" * 6_000)
    expect(page.locator(".prompt-room")).to_contain_text("자쯤 줄이거나")
    expect(page.locator(".prompt-length")).to_contain_text("6,000 /")
    expect(page.get_by_role("button", name="보내기")).to_be_disabled()
    take_picture(page, f"room-{size['viewport']['width']}")
    page.keyboard.press("Enter")
    page.reload()
    expect(page.locator("#prompt")).to_have_value("가" * 6_000)
    page.locator("#prompt").fill("짧게 물을게요")
    expect(page.locator(".prompt-room")).to_be_hidden()
    expect(page.get_by_role("button", name="보내기")).to_be_enabled()
