"""A server, its key and a model that an admin adds in the admin answer at once (issue 14, point 13)."""

import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from openai import OpenAI
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from accounts.models import User
from aggregator.models import Listing, ProviderKey
from aggregator.services import api_keys
from testing.factories import UserFactory
from testing.provider.server import ProviderServer, say
from testing.site.live_site import LiveSite
from tests.e2e.conftest import OpenPage, ask, take_picture

SIZES: dict[int, ViewportSize] = {
    1280: {"width": 1280, "height": 900},
    390: {"width": 390, "height": 844},
}
MODEL = "Org/Exact-Name-1"
FIRST, SECOND = "sk-canary-first-0123456789", "sk-canary-second-0123456789"
ANSWER = "대한민국의 수도는 서울이에요."
WITHIN_S = 5.0
OpenAdmin = Callable[[int], Page]


@pytest.fixture
def staff(db: None) -> User:
    """Whoever runs this installation."""
    return UserFactory.create(username="staff", email="staff@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def admin_page(live_site: LiveSite, browser: Browser, staff: User) -> Iterator[OpenAdmin]:
    """Return a function that opens a page with the admin's session."""
    contexts: list[BrowserContext] = []

    def open_admin(width: int) -> Page:
        client = Client()
        client.force_login(staff)
        context = browser.new_context(base_url=live_site.url, locale="ko-KR", viewport=SIZES[width])
        contexts.append(context)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_site.url}])
        context.set_default_timeout(20_000)
        return context.new_page()

    yield open_admin
    for context in contexts:
        context.close()


def save(page: Page) -> None:
    """Press the form's button."""
    page.get_by_role("button", name="저장", exact=True).click()
    page.wait_for_load_state()


def add_account(page: Page, provider: ProviderServer) -> None:
    """Add the server and its key."""
    page.goto("/admin/aggregator/provideraccount/add/")
    page.get_by_label("이름").fill("사무실 vLLM")
    page.get_by_label("종류").select_option(label="OpenAI 호환 서버")
    page.get_by_label("서버 주소").fill(provider.url)
    page.get_by_label("새 키").fill(FIRST)
    page.get_by_role("button", name="저장하고 계속 수정").click()
    expect(page.get_by_text("키 …6789를 저장했어요")).to_be_visible()


def sent_keys(provider: ProviderServer) -> list[str]:
    """Return the keys that the server got with questions."""
    return [
        request.headers["Authorization"].removeprefix("Bearer ") for request in provider.requests_for(MODEL)
    ]


def add_model(page: Page, width: int) -> Listing:
    """Add the model that the server lists, under an alias."""
    page.get_by_role("link", name="서버의 모델 보기").click()
    take_picture(page, f"provider_models_{width}")
    page.get_by_role("link", name=f"{MODEL} 추가").click()
    page.get_by_label("별칭").fill("our-best")
    take_picture(page, f"provider_model_add_{width}")
    save(page)
    expect(page.get_by_text("성공적으로 추가되었습니다")).to_be_visible()
    return Listing.objects.get(slug="our-best")


def ask_the_api(client: OpenAI, prompt: str) -> str | None:
    """Ask the model by its alias."""
    reply = client.chat.completions.create(model="our-best", messages=[{"role": "user", "content": prompt}])
    return reply.choices[0].message.content


@pytest.fixture
def api(live_site: LiveSite, staff: User) -> Iterator[OpenAI]:
    """The official client with a key of the admin's."""
    key = api_keys.issue_api_key(owner=staff, name="노트북")
    with OpenAI(base_url=f"{live_site.url}/v1", api_key=key, max_retries=0, timeout=30) as client:
        yield client


@pytest.mark.parametrize("width", SIZES)
def test_a_server_and_a_model_added_in_the_admin_answer_at_once(
    admin_page: OpenAdmin, open_page: OpenPage, provider: ProviderServer, api: OpenAI, width: int
) -> None:
    provider.add(MODEL, say(ANSWER))
    visitor = open_page("/", viewport=SIZES[width])
    page = admin_page(width)
    add_account(page, provider)
    take_picture(page, f"provider_account_{width}")
    listing = add_model(page, width)
    saved_at = time.monotonic()
    assert listing.litellm_model == f"openai/{MODEL}"
    assert ask_the_api(api, "한국의 수도는?") == ANSWER
    ask(visitor, "한국의 수도는?")
    expect(visitor.get_by_text(ANSWER).first).to_be_visible()
    assert time.monotonic() - saved_at < WITHIN_S
    assert set(sent_keys(provider)) == {FIRST}

    page.goto(f"/admin/aggregator/listing/{listing.pk}/change/")
    page.get_by_role("button", name="저장하고 시험 호출").click()
    expect(page.locator("#tests")).to_contain_text("성공")
    expect(page.locator("#tests")).to_contain_text(ANSWER)
    page.locator("#tests").scroll_into_view_if_needed()
    take_picture(page, f"provider_test_{width}")


@pytest.mark.parametrize("width", SIZES)
def test_a_key_is_replaced_and_retired_and_shown_nowhere(
    admin_page: OpenAdmin, provider: ProviderServer, api: OpenAI, width: int
) -> None:
    provider.add(MODEL, say(ANSWER))
    page = admin_page(width)
    add_account(page, provider)
    add_model(page, width)
    assert ask_the_api(api, "한국의 수도는?") == ANSWER
    page.goto("/admin/aggregator/provideraccount/")
    take_picture(page, f"provider_accounts_{width}")
    page.get_by_role("link", name="사무실 vLLM").click()
    page.get_by_label("새 키").fill(SECOND)
    page.get_by_role("button", name="저장하고 계속 수정").click()
    expect(page.get_by_text("바꿨어요")).to_be_visible()
    assert ask_the_api(api, "또 하나") == ANSWER
    assert sent_keys(provider) == [FIRST, SECOND]
    page.get_by_role("link", name="키 폐기").click()
    expect(page.get_by_text("되돌릴 수 없어요")).to_be_visible()
    take_picture(page, f"provider_retire_{width}")
    page.get_by_role("button", name="키 폐기").click()
    expect(page.get_by_text("폐기했어요").first).to_be_visible()
    page.locator(".provider-table").scroll_into_view_if_needed()
    take_picture(page, f"provider_keys_{width}")
    assert not ProviderKey.objects.exclude(sealed="").exists()
    assert ask_the_api(api, "키 없이") == ANSWER
    assert sent_keys(provider)[2:] == ["none"]
    assert FIRST not in page.content() and SECOND not in page.content()


def test_a_test_call_says_what_is_wrong_and_what_to_do(
    admin_page: OpenAdmin, provider: ProviderServer
) -> None:
    page = admin_page(1280)
    add_account(page, provider)
    page.get_by_role("link", name="모델 추가", exact=True).click()
    page.get_by_label("모델 ID").fill("no-such-model")
    save(page)
    expect(page.get_by_text("가격표에 없는 모델이에요").first).to_be_visible()
    take_picture(page, "provider_model_error")
    page.get_by_label("입력 가격").fill("0")
    page.get_by_label("출력 가격").fill("0")
    save(page)
    expect(page.get_by_text("성공적으로 추가되었습니다")).to_be_visible()
    page.goto(f"/admin/aggregator/listing/{Listing.objects.get(slug='no-such-model').pk}/change/")
    page.get_by_role("button", name="저장하고 시험 호출").click()
    wrong = "제공자에 없는 모델이에요. 모델 ID와 주소를 확인해 주세요."
    expect(page.locator("#tests")).to_contain_text(wrong)
