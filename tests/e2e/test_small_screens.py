"""Phones held sideways, a new chat in one tap, headers to both edges, one font, and forms not too wide."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from ads.models import Creative, Membership
from testing.ads.inventory import make_ad, make_advertiser
from testing.provider.server import ProviderServer, say
from tests.ads.portal.test_access import EDIT, OWN, READ, address
from tests.e2e.conftest import LANDSCAPE, PHONE, TOUCH, WIDE, MakeModel, OpenPage, Size, ask, box

LONG = "\n\n".join(f"이 문단의 번호는 {number}." for number in range(1, 40))
SMALLER: Size = {"viewport": {"width": 667, "height": 375}, **TOUCH}
PASSWORD = "jjamppong-1234"
ALL_FONTS = "[...document.querySelectorAll('body, h1, h2, p, a, button, input')]"
ALL_FONTS += ".map((element) => getComputedStyle(element).fontFamily)"
FIELDS = "input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea"


def log_in(page: Page, email: str) -> None:
    """Log in on a page that shows the login."""
    page.locator("[name=login]").fill(email)
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/accounts/login/" not in url)


@pytest.mark.parametrize("landscape", [LANDSCAPE, SMALLER], ids=["844x390", "667x375"])
def test_a_phone_held_sideways_keeps_its_conversations(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, landscape: Size
) -> None:
    provider.add("talker", say(LONG))
    offer_model("talker")
    page = open_page(**landscape)
    for number in range(4):
        page.goto("/")
        ask(page, f"{number}번째 대화")
        expect(page.locator(".turn[data-status=done]")).to_be_visible()
    height = landscape["viewport"]["height"]
    end = page.locator(".answer p", has_text="번호는 39.").first
    end.scroll_into_view_if_needed()
    dock, last = box(page.locator(".composer")), box(end)
    assert dock.bottom <= height
    assert last.bottom <= dock.top
    assert last.top >= box(page.locator(".pane-head")).bottom

    page.locator("[aria-controls=sidebar]").click()
    sidebar, rows = page.locator("#sidebar"), page.locator(".conversation-rows .conversation")
    expect(sidebar).to_be_in_viewport(ratio=1)
    shown = box(page.locator(".conversations"))
    visible = [row for row in rows.all() if box(row).bottom <= min(shown.bottom, height)]
    assert len(visible) >= 3
    rows.nth(3).scroll_into_view_if_needed()
    rows.nth(3).locator("a").click()
    expect(page.locator(".prompt")).to_contain_text("0번째 대화")


def test_a_new_chat_is_one_tap_away_on_a_phone(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage
) -> None:
    provider.add("wise", say("서울이에요."))
    offer_model("wise")
    page = open_page(**PHONE)
    ask(page, "한국의 수도는?")
    expect(page.locator(".turn[data-status=done]")).to_be_visible()
    page.locator(".new-chat").tap()
    page.wait_for_url(lambda url: url.endswith("/"))
    expect(page.locator(".turn")).to_have_count(0)
    page.locator("#prompt").tap()
    expect(page.locator("#prompt")).to_be_focused()


def test_on_a_wide_page_the_closed_sidebar_leaves_its_buttons_in_the_head(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator(".new-chat")).to_be_hidden()
    expect(page.locator(".account-avatar")).to_be_hidden()
    page.locator("[aria-controls=sidebar]").click()
    expect(page.locator(".new-chat")).to_be_visible()
    page.locator(".account-avatar").click()
    expect(page.locator("#account-menu")).to_be_in_viewport(ratio=1)


def test_headers_reach_both_edges(open_page: OpenPage, size: Size) -> None:
    page = open_page(**size)
    for path in ("/", "/advertise/", "/accounts/login/", "/leaderboard/", "/on-device/"):
        page.goto(path)
        header = box(page.locator(".site-header, .pane-head").first)
        assert header.right == page.evaluate("document.documentElement.clientWidth"), path
        # Nothing is reserved beside the scroll bar either.
        assert page.evaluate("getComputedStyle(document.documentElement).scrollbarGutter") == "auto", path


def test_every_kind_of_page_is_set_in_one_font(open_page: OpenPage) -> None:
    User.objects.create_superuser("root", "root@example.com", PASSWORD)
    page = open_page("/accounts/login/")
    log_in(page, "root@example.com")
    for path in ("/", "/on-device/", "/accounts/me/", "/keys/", "/advertise/", "/leaderboard/", "/nowhere/"):
        page.goto(path)
        assert {font.split(",")[0] for font in page.evaluate(ALL_FONTS)} == {'"Pretendard Variable"'}, path
    page.goto("/admin/")
    assert page.evaluate(ALL_FONTS)[0].startswith('"Pretendard Variable"')
    assert page.evaluate("document.fonts.check('16px \"Pretendard Variable\"', '가')")


def test_the_device_page_loads_its_font_as_one_file(open_page: OpenPage) -> None:
    page = open_page("/accounts/login/")
    fonts: list[str] = []
    page.on("request", lambda request: fonts.append(request.url) if request.resource_type == "font" else None)
    page.goto("/on-device/", wait_until="networkidle")
    assert [url.rpartition("/")[2].partition(".")[0] for url in fonts] == ["PretendardVariable"]


@pytest.mark.parametrize("width", [WIDE, PHONE], ids=["1280", "390"])
def test_the_forms_of_the_portal_have_a_readable_width(open_page: OpenPage, grace: User, width: Size) -> None:
    shop = make_advertiser("그레이스 여행사")
    Membership.objects.create(advertiser=shop, member=grace, role=Membership.Role.OWNER)
    ad: Creative = make_ad(shop)
    page = open_page("/accounts/login/?next=/", **width)
    log_in(page, "grace@example.com")
    widest = min(640, width["viewport"]["width"] - 32)
    for path in [page for page in [*READ, *EDIT, *OWN] if not page.endswith(".csv")]:
        page.goto(address(shop, path, ad))
        sizes = [field.bounding_box() for field in page.locator(FIELDS).all() if field.is_visible()]
        assert [found["width"] for found in sizes if found and found["width"] > widest] == [], path
        inner = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert inner[0] <= inner[1], path
