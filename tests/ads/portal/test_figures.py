import csv
import datetime
import io
import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from ads.domain.accounting_day import korean_day
from ads.domain.money import WON
from ads.ledger.billing import settle_click
from ads.ledger.leases import extend_lease
from ads.models import (
    Advertiser,
    Campaign,
    Click,
    Creative,
    Impression,
    LearnedReserve,
    Membership,
    Offer,
)
from ads.reporting.figures import (
    Figures,
    Period,
    figures_by_campaign,
    figures_by_day,
    figures_by_keyword,
    sum_figures,
    today_and_yesterday,
)
from ads.reporting.rollups import roll_up
from testing.ads.inventory import make_ad, make_advertiser, make_offer


def show_ad(creative: Creative, *, clicked: str = "", keyword: str = "도쿄 항공권") -> Offer:
    """Somebody sees the ad; `clicked` is "yes", or why the click does not count."""
    offer = make_offer(creative, price_won=120)
    Offer.objects.filter(pk=offer.pk).update(keyword_text=keyword)
    if clicked:
        reason = "" if clicked == "yes" else clicked
        settle_click(offer, reason=reason, network="203.0.113.0/24", at=timezone.now())
    return offer


@pytest.fixture
def busy(ad: Creative) -> Creative:
    """Four looks, two paid clicks and one that did not count."""
    show_ad(ad)
    show_ad(ad, clicked="yes")
    show_ad(ad, clicked="yes", keyword="오사카 호텔")
    show_ad(ad, clicked="too_fast")
    roll_up()
    return ad


def test_a_day_counts_impressions_clicks_and_spend(shop: Advertiser, busy: Creative) -> None:
    rows = figures_by_day(shop, Period.until_today(7))
    assert len(rows) == 7
    assert rows[0].day == korean_day(timezone.now())
    assert rows[0].figures == Figures(impressions=4, clicks=2, invalid_clicks=1, spend_micros=240 * WON)
    assert rows[0].figures.click_rate == 0.5
    assert sum_figures(rows) == rows[0].figures
    assert rows[1].figures == Figures()
    assert rows[1].figures.click_rate is None


def test_keywords_and_campaigns_add_up_to_the_day(shop: Advertiser, busy: Creative) -> None:
    period = Period.until_today(7)
    keywords = figures_by_keyword(busy.ad_group.campaign, period)
    assert [row.text for row in keywords] == ["도쿄 항공권", "오사카 호텔"]
    assert sum_figures(keywords) == sum_figures(figures_by_day(shop, period))
    assert figures_by_campaign(shop, period) == {busy.ad_group.campaign_id: sum_figures(keywords)}


def test_another_advertiser_s_ads_are_not_counted(shop: Advertiser, busy: Creative) -> None:
    show_ad(make_ad(make_advertiser("다른 가게")), clicked="yes")
    roll_up()
    assert sum_figures(figures_by_day(shop, Period.until_today(7))).impressions == 4
    assert set(figures_by_campaign(shop, Period.until_today(7))) == {busy.ad_group.campaign_id}


def test_an_invalid_impression_is_not_counted(shop: Advertiser, busy: Creative) -> None:
    Impression.objects.update(verdict=Impression.Verdict.INVALID, reason="bot")
    roll_up()
    assert sum_figures(figures_by_day(shop, Period.until_today(7))).impressions == 0


def test_today_is_compared_with_yesterday_at_the_same_time(shop: Advertiser, ad: Creative) -> None:
    now = datetime.datetime(2026, 11, 24, 3, 0, tzinfo=datetime.UTC)
    day = datetime.timedelta(days=1)
    for at in (now - day - datetime.timedelta(hours=1), now - day + datetime.timedelta(hours=1), now):
        offer = show_ad(ad)
        seen_at = at - datetime.timedelta(minutes=1)
        Impression.objects.filter(offer=offer).update(created_at=seen_at)
    roll_up()
    today, yesterday = today_and_yesterday(shop, now)
    assert (today.impressions, yesterday.impressions) == (1, 1)


def test_the_days_are_korean_days(shop: Advertiser, ad: Creative) -> None:
    offer = show_ad(ad)
    late_evening_in_london = datetime.datetime(2026, 11, 20, 16, 30, tzinfo=datetime.UTC)
    Offer.objects.filter(pk=offer.pk).update(created_at=late_evening_in_london)
    Impression.objects.filter(offer=offer).update(created_at=late_evening_in_london)
    roll_up()
    rows = figures_by_day(shop, Period(datetime.date(2026, 11, 20), datetime.date(2026, 11, 21)))
    assert {row.day.day: row.figures.impressions for row in rows} == {20: 0, 21: 1}


def read_chart(page: str) -> dict[str, Any]:
    """Return the data of a page's only chart."""
    (data,) = re.findall(r'<script type="application/json">(.*?)</script>', page)
    chart: dict[str, Any] = json.loads(data)
    return chart


def test_the_dashboard_shows_today_a_chart_and_a_table(
    portal_client: Client, shop: Advertiser, busy: Creative
) -> None:
    page = portal_client.get(f"/advertise/{shop.public_id}/").content.decode()
    assert "240원" in page
    assert "50.00%" in page
    assert read_chart(page)["titles"][-1] == korean_day(timezone.now()).isoformat()
    assert read_chart(page)["series"] == [{"label": "광고비", "values": [0.0] * 29 + [240.0]}]


@pytest.mark.parametrize(("days", "bars"), [("7", 7), ("90", 90), ("12", 30), ("-7", 30), ("9999999", 30)])
def test_the_period_can_be_chosen(
    portal_client: Client, shop: Advertiser, busy: Creative, days: str, bars: int
) -> None:
    page = portal_client.get(f"/advertise/{shop.public_id}/?days={days}").content.decode()
    assert len(read_chart(page)["titles"]) == bars


def test_the_dashboard_takes_a_fixed_number_of_queries(
    portal_client: Client, shop: Advertiser, busy: Creative, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    portal_client.get(f"/advertise/{shop.public_id}/")
    with django_assert_num_queries(9):
        portal_client.get(f"/advertise/{shop.public_id}/?days=90")


def test_the_list_of_campaigns_takes_a_fixed_number_of_queries(
    portal_client: Client, shop: Advertiser, busy: Creative, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        show_ad(make_ad(shop), clicked="yes")
    roll_up()
    with django_assert_num_queries(10):
        page = portal_client.get(f"/advertise/{shop.public_id}/campaigns/")
    assert page.content.decode().count('<th scope="row">') == 13


def test_a_campaign_s_page_takes_a_fixed_number_of_queries(
    portal_client: Client,
    shop: Advertiser,
    campaign: Campaign,
    ad: Creative,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(12):
        Creative.objects.create(
            ad_group=ad.ad_group,
            title=f"{number}",
            body="본문",
            landing_url="https://grace.example/",
            display_domain="grace.example",
        )
    with django_assert_num_queries(19):
        page = portal_client.get(f"/advertise/{shop.public_id}/campaigns/{campaign.public_id}/")
    assert page.status_code == 200


def read_csv(body: bytes) -> list[list[str]]:
    text = body.decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_figures_are_exported_as_csv(portal_client: Client, shop: Advertiser, busy: Creative) -> None:
    portal_url = f"/advertise/{shop.public_id}"
    campaign = f"{portal_url}/campaigns/{busy.ad_group.campaign.public_id}"
    days = read_csv(portal_client.get(f"{portal_url}/days.csv?days=7").content)
    assert len(days) == 8
    assert days[1][1:] == ["4", "2", "1", "0.5", "240.0", "0.0"]
    assert read_csv(portal_client.get(f"{campaign}/days.csv?days=7").content)[1] == days[1]
    keywords = read_csv(portal_client.get(f"{campaign}/keywords.csv").content)
    assert [row[0] for row in keywords[1:]] == ["도쿄 항공권", "오사카 호텔"]


def test_a_keyword_cannot_inject_a_spreadsheet_formula(
    portal_client: Client, shop: Advertiser, ad: Creative
) -> None:
    show_ad(ad, keyword="=cmd|calc!A1")
    roll_up()
    where = f"/advertise/{shop.public_id}/campaigns/{ad.ad_group.campaign.public_id}/keywords.csv"
    assert read_csv(portal_client.get(where).content)[1][0] == "'=cmd|calc!A1"


def test_a_rejected_ad_is_shown_on_the_dashboard(
    portal_client: Client, shop: Advertiser, ad: Creative
) -> None:
    Creative.objects.filter(pk=ad.pk).update(review="rejected", review_reason="가격이 사실과 달라요")
    assert "가격이 사실과 달라요" in portal_client.get(f"/advertise/{shop.public_id}/").content.decode()


def test_free_clicks_count_as_clicks_without_spend(shop: Advertiser, busy: Creative) -> None:
    Click.objects.create(
        offer=show_ad(busy),
        campaign=busy.ad_group.campaign,
        day=korean_day(timezone.now()),
        verdict=Click.Verdict.FREE,
        reason="no_budget",
        price_micros=0,
        created_at=timezone.now(),
    )
    roll_up()
    figures = sum_figures(figures_by_day(shop, Period.until_today(7)))
    assert (figures.clicks, figures.invalid_clicks, figures.spend_micros) == (3, 1, 240 * WON)
    assert figures.click_price_micros == 80 * WON


@pytest.mark.parametrize(
    ("daily", "total", "words"),
    [(200, None, "내일 0시에 다시 보여요"), (1_000, 1_000, ""), (1_000, 200, "전체 예산을 늘리면")],
)
def test_a_campaign_whose_money_is_spent_says_so(
    portal_client: Client, shop: Advertiser, daily: int, total: int | None, words: str
) -> None:
    ad = make_ad(shop, daily_won=daily, total_won=total)
    offer = make_offer(ad, price_won=200)
    assert settle_click(offer, reason="", network="", at=timezone.now()) == "billed"
    portal_url = f"/advertise/{shop.public_id}/campaigns/"
    for where in (portal_url, f"{portal_url}{ad.ad_group.campaign.public_id}/"):
        page = portal_client.get(where).content.decode()
        assert words in page
        assert ('class="state-detail"' in page) == bool(words)


@pytest.mark.parametrize(
    ("won", "set_aside", "words"),
    [
        (10_000, 0, ""),
        (10_000, 10_000, "남은 잔액은 다른 캠페인이 오늘 쓰려고 예약해 뒀어요"),
        (10_000, 9_930, ""),
        (10_050, 10_000, "남은 잔액은 다른 캠페인이 오늘 쓰려고 예약해 뒀어요"),
        (60, 0, "잔액이 클릭 한 번 금액보다 적어요"),
        (120, 60, "잔액이 클릭 한 번 금액보다 적어요"),
        (0, 0, "잔액을 채우면 바로 보여요"),
    ],
)
def test_a_campaign_without_money_in_the_wallet_says_so(
    portal_client: Client, grace: User, won: int, set_aside: int, words: str
) -> None:
    shop = make_advertiser(won=won)
    Membership.objects.create(advertiser=shop, member=grace, role="owner")
    first, other = make_ad(shop), make_ad(shop)
    if set_aside:
        extend_lease(other.ad_group.campaign_id, at=timezone.now(), price_micros=set_aside * WON)
    portal_url = f"/advertise/{shop.public_id}/campaigns/"
    page = portal_client.get(f"{portal_url}{first.ad_group.campaign.public_id}/").content.decode()
    assert words in page
    assert ('class="state-detail"' in page) == bool(words)


def test_a_campaign_whose_ad_is_off_says_so(portal_client: Client, shop: Advertiser, ad: Creative) -> None:
    Creative.objects.update(is_on=False)
    portal_url = f"/advertise/{shop.public_id}/campaigns/"
    for where in (portal_url, f"{portal_url}{ad.ad_group.campaign.public_id}/"):
        assert "승인된 광고 문구가 꺼져 있어요" in portal_client.get(where).content.decode()


@pytest.mark.parametrize(
    ("reserve_won", "own", "is_shown"), [(70, None, False), (330, None, True), (330, 400, False)]
)
def test_a_campaign_that_bids_below_the_reserve_says_so(
    portal_client: Client,
    shop: Advertiser,
    ad: Creative,
    reserve_won: int,
    own: int | None,
    *,
    is_shown: bool,
) -> None:
    LearnedReserve.objects.create(
        category=ad.ad_group.campaign.category,
        reserve_micros=reserve_won * WON,
        auctions=1,
        income_gain=0,
        fill_loss=0,
    )
    ad.ad_group.keywords.update(bid_micros=own and own * WON)
    portal_url = f"/advertise/{shop.public_id}/campaigns/"
    for where in (portal_url, f"{portal_url}{ad.ad_group.campaign.public_id}/"):
        page = portal_client.get(where).content.decode()
        assert ("이 분야의 최저가 330원보다 낮아요" in page) == is_shown
