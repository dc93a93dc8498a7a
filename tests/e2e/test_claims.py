"""Claims on which answers differ link to the passages that state them."""

import re

from playwright.sync_api import expect

from testing.provider.server import ProviderServer, say
from tests.e2e.conftest import MakeModel, OpenPage, ask, take_picture

SHARED = "한강은 서울을 동서로 가로질러 흐르는 큰 강이에요."


def test_a_contested_claim_links_to_the_passage_of_each_side(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("wise", say(f"{SHARED}\n\n서울의 인구는 약 940만 명으로 알려져 있어요."))
    provider.add("quick", say(f"{SHARED}\n\n서울의 인구는 약 1,200만 명으로 알려져 있어요."))
    offer_model("wise", name="슬기", standing=0.8)
    offer_model("quick", name="날쌘", standing=0.6)
    page = open_page()
    ask(page, "서울을 소개해 줘")

    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    page.get_by_text("서로 다른 부분 1곳").click()
    sides = page.locator(".claim.contested .claim-side")
    expect(sides).to_have_count(2)
    take_picture(page, "claims")
    # The candidate that stands as the answer is not opened a second time.
    sides.filter(has_text="940만").click()
    expect(page.locator(".answer-text .passage-highlight")).to_have_text(re.compile("940만"))
    expect(page.locator(".candidate:visible")).to_have_count(0)
    sides.filter(has_text="1,200만").click()
    expect(page.locator(".candidate:visible .passage-highlight")).to_have_text(re.compile("1,200만"))
    page.get_by_text("왜 이 모델들인가요").click()
    expect(page.locator(".route-why")).to_contain_text("질문한 언어로")
    page.reload()
    expect(page.get_by_text("서로 다른 부분 1곳")).to_be_visible()
