"""No page has a serious violation of accessibility by axe-core, in any language, theme and size."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from accounts.models import User
from ads.models import Advertiser, Creative, Membership
from aggregator.models import Conversation, Turn
from aggregator.services import sharing
from testing.ads.inventory import make_ad, make_advertiser
from testing.provider.server import ProviderServer, say
from tests.accounts.authenticator_app import make_code
from tests.aggregator.test_earlier_turns import long_conversation
from tests.e2e.conftest import MakeModel, OpenPage, ask

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
LANGUAGES = ("ko", "en")
SIZES: tuple[ViewportSize, ...] = ({"width": 1280, "height": 900}, {"width": 390, "height": 844})
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
FIND_VIOLATIONS = """async () => {
    const {violations} = await axe.run(document, {resultTypes: ["violations"]});
    return violations.filter(({impact}) => ["serious", "critical"].includes(impact)).flatMap(({id, nodes}) =>
        nodes.map(({target, failureSummary}) =>
            `${id} ${target.join(" ")}: ${failureSummary.split("\\n")[1]}`));
}"""

Check = Callable[[Page, str], None]
OpenAs = Callable[[User | None, str, str], Page]


@pytest.fixture
def violations() -> Iterator[set[str]]:
    """What the checks of a test have found; the test fails if that is anything."""
    found: set[str] = set()
    yield found
    if found:
        pytest.fail("\n".join(sorted(found)))


@pytest.fixture
def check(violations: set[str]) -> Check:
    """Return a function that checks a page in every theme and size."""

    def run(page: Page, name: str) -> None:
        page.evaluate(AXE.read_text())
        for size in SIZES:
            page.set_viewport_size(size)
            for theme in THEMES:
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                found = page.evaluate(FIND_VIOLATIONS)
                violations.update(f"{name} {theme} {size['width']}: {each}" for each in found)

    return run


@pytest.fixture
def open_for(open_page: OpenPage) -> OpenAs:
    """Return a function that opens a page as a person, or as a guest, in a language."""
    visitors: dict[tuple[int | None, str], BrowserContext] = {}

    def run(person: User | None, language: str, path: str) -> Page:
        key = (person.pk if person else None, language)
        if key in visitors:
            return open_page(path, visitor=visitors[key])
        page = open_page("/healthz", locale=language)
        visitors[key] = page.context
        if person:
            browser = Client()
            browser.force_login(person)
            value = browser.cookies["sessionid"].value
            page.context.add_cookies([{"name": "sessionid", "value": value, "url": page.url}])
        page.goto(path)
        return page

    return run


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_guests_and_users(open_for: OpenAs, check: Check, ada: User, language: str) -> None:
    share = sharing.share_conversation(conversation=long_conversation(ada, 3))
    guest = ["/", "/leaderboard/", "/help/", "/on-device/", "/accounts/login/", "/accounts/signup/"]
    guest += ["/accounts/password/reset/", "/advertise/", "/nowhere/", f"/s/{share.token}/"]
    for path in guest:
        check(open_for(None, language, path), path)
    held = Conversation.objects.get()
    user = [f"/c/{held.public_id}/", "/keys/", "/accounts/me/", "/accounts/email/", "/accounts/leave/"]
    for path in [*user, "/accounts/password/change/", "/accounts/2fa/"]:
        check(open_for(ada, language, path), path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_the_second_factor(open_for: OpenAs, check: Check, ada: User, language: str) -> None:
    page = open_for(ada, language, "/accounts/2fa/totp/activate/")
    page.locator("[name=password]").fill("jjamppong-1234")
    page.keyboard.press("Enter")
    expect(page.locator(".qr-code")).to_be_visible()
    check(page, "activate")
    page.locator("[name=code]").fill(make_code(page.locator("#setup-key").inner_text()))
    page.keyboard.press("Enter")
    expect(page.locator(".recovery-codes")).to_be_visible()
    check(page, "recovery codes")
    for path in ["", "totp/deactivate/", "reauthenticate/"]:
        check(open_for(ada, language, f"/accounts/2fa/{path}"), path)
    page = open_for(None, language, "/accounts/login/")
    page.locator("[name=login]").fill("ada@example.com")
    page.locator("[name=password]").fill("jjamppong-1234")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/2fa/authenticate/")
    check(page, "code")
    page.goto("/accounts/2fa/authenticate/recovery/")
    check(page, "recovery code")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answered_conversation(
    provider: ProviderServer, offer_model: MakeModel, open_for: OpenAs, check: Check, language: str
) -> None:
    for slug, text in {
        "wise": "**서울**이에요.\n\n| 도시 | 인구 |\n|---|---|\n| 서울 | 930만 |",
        "quick": "서울이요.",
    }.items():
        provider.add(slug, say(text))
        offer_model(slug)
    page = open_for(None, language, "/")
    ask(page, "한국의 수도는?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    check(page, "answered")
    page.reload()
    expect(page.locator(".answer-text")).to_contain_text("서울")
    check(page, "reloaded")


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_advertisers_and_admins(
    open_for: OpenAs, check: Check, grace: User, valkey: object, language: str
) -> None:
    shop = make_advertiser("그레이스 여행")
    Membership.objects.create(advertiser=shop, member=grace, role=Membership.Role.OWNER)
    ad = make_ad(shop)
    for path in list_portal_paths(shop, ad):
        check(open_for(grace, language, path), path)
    admin = User.objects.create_superuser("root", "root@example.com", "Nudel-suppe-2026")
    long_conversation(grace, 1)
    turn, waiting = Turn.objects.get(), Creative.objects.get()
    paths = [f"aggregator/turn/{turn.pk}/change/", f"ads/creative/{waiting.pk}/change/", "ads/campaign/"]
    for path in ["", "aggregator/turn/", "aggregator/listing/", "ads/creative/", "ads/advertiser/", *paths]:
        check(open_for(admin, language, f"/admin/{path}"), path)


def list_portal_paths(shop: Advertiser, ad: Creative) -> list[str]:
    """Return the paths of the portal's pages."""
    campaign, group = f"campaigns/{ad.ad_group.campaign.public_id}/", f"groups/{ad.ad_group.public_id}/"
    pages = ["", "campaigns/", campaign, f"{campaign}keywords/", "money/", "campaigns/new/", "people/"]
    pages += [f"{campaign}edit/", f"{campaign}groups/new/", f"{group}edit/", f"{group}ads/new/"]
    pages += [f"ads/{ad.public_id}/edit/", "addresses/"]
    return [f"/advertise/{shop.public_id}/{page}" for page in pages]


def test_the_check_finds_a_button_without_a_name(open_page: OpenPage) -> None:
    page = open_page("/accounts/login/")
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    page.evaluate(AXE.read_text())
    assert [each.split()[0] for each in page.evaluate(FIND_VIOLATIONS)] == ["button-name"]
