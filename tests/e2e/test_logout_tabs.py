"""Other tabs of a browser after a logout in one of them."""

from playwright.sync_api import expect

from accounts.models import User
from aggregator.models import Turn
from testing.provider.server import ProviderServer, say
from tests.e2e.conftest import MakeModel, OpenPage, ask


def test_a_prompt_asked_after_a_logout_in_another_tab_belongs_to_a_guest(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, ada: User
) -> None:
    provider.add("wise", say("서울이에요."))
    offer_model("wise")
    page = open_page("/accounts/login/")
    page.locator("[name=login]").fill("ada@example.com")
    page.locator("[name=password]").fill("jjamppong-1234")
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    ask(page, "한국의 수도는?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    new = open_page("/", visitor=page.context)
    other = open_page("/accounts/logout/", visitor=page.context)
    other.locator("main form button").click()
    other.wait_for_url("**/")

    ask(new, "일본의 수도는?")
    expect(new.locator(".turn[data-status=done]")).to_be_visible()
    owners = Turn.objects.order_by("pk").values_list("prompt", "conversation__owner__is_guest")
    assert list(owners) == [("한국의 수도는?", False), ("일본의 수도는?", True)]
    ask(page, "그럼 중국은?")
    expect(page.locator(".error-notice")).to_contain_text("새 대화를 시작해 주세요")
    assert Turn.objects.count() == 2
