"""The ad stands under the answer and is in view with its end."""

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect
from pytest_django import Settings

from ads.models import Impression
from testing.ads.inventory import reset_serving_state
from testing.provider.server import ProviderServer, say
from testing.site.live_site import LiveSite
from tests.e2e.conftest import MakeModel, OpenPage, Size, ask, box, lefts, take_picture
from tests.e2e.test_market import PERSON

SHORT = "도쿄 항공권은 출발 6~8주 전에 사면 싸요."
LONG = "\n\n".join(f"글의 문장 {number}번째예요." for number in range(1, 61))
PROMPT = "도쿄 여행 항공권 싸게 사는 법"


@pytest.fixture(autouse=True)
def _demo_market(live_site: LiveSite, settings: Settings) -> None:
    settings.PUBLIC_URL = live_site.url
    call_command("load_demo_ads", verbosity=0)
    reset_serving_state()


def expect_in_view(page: Page) -> None:
    """Expect the ad between the page's head and the composer, right below the answer's actions."""
    card = page.locator(".placement")
    expect(card.locator(".placement-label")).to_have_text("광고")
    page.wait_for_timeout(300)
    place = box(card)
    assert place.top >= box(page.locator(".pane-head")).bottom
    assert place.bottom <= box(page.locator(".dock")).top
    assert 0 <= place.top - box(page.locator(".answer-actions")).bottom <= 24
    assert box(page.locator(".candidates")).top >= place.bottom


@pytest.mark.parametrize("answer", [SHORT, LONG], ids=["short", "long"])
def test_the_ad_is_in_view_with_the_end_of_the_answer(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size, answer: str
) -> None:
    provider.add("wise", say(answer, delay_s=0.005))
    offer_model("wise", name="슬기", output_limit=4_096)
    page = open_page(user_agent=PERSON, **size)
    ask(page, PROMPT)

    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    expect_in_view(page)
    take_picture(page, f"ad-{page.evaluate('innerWidth')}-{len(answer)}")
    edges = lefts(page.locator(".answer-text"), page.locator(".placement"))
    assert abs(edges[0] - edges[1]) <= 1
    for _ in range(30):
        page.wait_for_timeout(100)
        if Impression.objects.exists():
            break
    assert Impression.objects.get().verdict == "valid"


def test_a_reader_who_scrolled_up_is_not_moved_by_the_ad(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, size: Size
) -> None:
    provider.add("wise", say(LONG, delay_s=0.02))
    offer_model("wise", name="슬기", output_limit=4_096)
    page = open_page(user_agent=PERSON, **size)
    ask(page, PROMPT)
    expect(page.locator(".answer-text")).to_contain_text("30번째")
    page.mouse.move(300, 300)
    page.evaluate("scrollBy({ top: -300, behavior: 'instant' })")
    page.wait_for_timeout(100)
    before = page.evaluate("scrollY")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    expect(page.locator(".placement-label")).to_have_text("광고")
    page.wait_for_timeout(1_800)

    assert page.evaluate("scrollY") == before
    # An ad behind the composer or below it is not viewable.
    assert not Impression.objects.exists()
