"""Charts are drawn under the page's content security policy, in the portal and in the admin."""

import datetime as dt
import math

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from ads.domain.accounting_day import KOREA, korean_day
from ads.models import Campaign, Membership, Rollup
from aggregator.models import DayPoint
from testing.ads.inventory import make_ad, make_advertiser
from tests.e2e.conftest import OpenPage, take_picture

PASSWORD = "Nudel-suppe-2026"


@pytest.fixture
def root(transactional_db: None) -> User:
    """The operator of the site, who also owns an advertiser."""
    return User.objects.create_superuser("root", "root@example.com", PASSWORD)


def spend_for_a_month(campaign: Campaign) -> None:
    """Write a day's rollup for each of the last thirty days."""
    today = korean_day(timezone.now())
    for age in range(30):
        clicks = round(40 + 30 * math.sin(age))
        Rollup.objects.create(
            grain=Rollup.Grain.DAY,
            bucket=dt.datetime.combine(today - dt.timedelta(days=age), dt.time(), KOREA),
            campaign=campaign,
            keyword_text="도쿄 항공권",
            match="exact",
            impressions=clicks * 20,
            clicks=clicks,
            spend_micros=clicks * 120_000_000,
        )


def spend_a_day() -> None:
    """Write a point of the budget every ten minutes of today, until now."""
    now = timezone.localtime()
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(int((now - start).total_seconds() // 600)):
        DayPoint.objects.create(
            at=start + dt.timedelta(minutes=10 * number),
            income_micros=9_000_000,
            subsidy_micros=5_000_000,
            spent_micros=round(8_000_000 + 6_000_000 * math.sin(number / 9)),
            turns=3,
            quality=0.7 + 0.1 * math.sin(number / 5) if number % 7 else None,
            price=0.002 + 0.001 * math.sin(number / 11),
            balance=1_000.0,
            usual_income=3.0,
        )


def count_colours(page: Page) -> list[int]:
    """Return how many colours each canvas of the page shows; one that was not drawn shows one."""
    counts: list[int] = page.evaluate(
        """() => [...document.querySelectorAll("canvas")].map((canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return new Set(new Uint32Array(data.buffer)).size;
        })"""
    )
    return counts


def test_charts_are_drawn_in_both_themes(
    live_site: object, open_page: OpenPage, root: User, valkey: object
) -> None:
    advertiser = make_advertiser()
    Membership.objects.create(advertiser=advertiser, member=root, role=Membership.Role.OWNER)
    spend_for_a_month(make_ad(advertiser).ad_group.campaign)
    spend_a_day()
    page = open_page("/admin/")
    page.locator("#id_login").fill("root@example.com")
    page.locator("#id_password").fill(PASSWORD)
    page.locator(".form button[type=submit]").click()
    page.wait_for_load_state()
    for name, path, charts in (
        ("portal", f"/advertise/{advertiser.public_id}/", 1),
        ("admin", "/admin/aggregator/daypoint/", 3),
    ):
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 1000})
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)
                page.goto(path)
                expect(page.locator("canvas")).to_have_count(charts)
                page.wait_for_timeout(300)
                assert all(count > 3 for count in count_colours(page))
                page.locator("canvas").first.hover()
                take_picture(page, f"chart-{name}-{width}-{theme}")
