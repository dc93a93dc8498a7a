"""Hundreds of campaigns and keywords are found, ordered, turned page by page and switched."""

import re

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from ads.domain.money import WON
from ads.models import AdGroup, Advertiser, Campaign, Creative, Keyword, Membership
from ads.reporting.rollups import roll_up
from language.keyphrases import normalise
from testing.ads.inventory import make_ad, make_advertiser, make_offer


def rows_of(page: str) -> list[str]:
    """The first words of each row."""
    cells = re.findall(r'<th scope="row"[^>]*>(.*?)</th>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in cells]


def read(portal_client: Client, where: str, **parameters: str | int) -> str:
    answer = portal_client.get(where, parameters)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def campaigns(shop: Advertiser) -> str:
    """Five hundred campaigns; each is a draft but every tenth, which is paused."""
    Campaign.objects.bulk_create(
        Campaign(
            advertiser=shop,
            name=f"Trip {number:03}",
            category="travel",
            status="draft" if number % 10 else "paused",
            daily_budget_micros=(1_000 + number) * WON,
            starts_at=timezone.now(),
        )
        for number in range(500)
    )
    return f"/advertise/{shop.public_id}/campaigns/"


def test_500_campaigns_are_paginated_in_a_fixed_number_of_queries(
    portal_client: Client, campaigns: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(10):
        page = read(portal_client, campaigns)
    assert len(rows_of(page)) == 50
    assert "500개 중 1–50" in page and "?page=2" in page
    seen = {name for number in range(1, 11) for name in rows_of(read(portal_client, campaigns, page=number))}
    assert len(seen) == 500
    for odd in ("0", "11", "-1", "x", "9" * 30, "\x00"):
        assert len(rows_of(read(portal_client, campaigns, page=odd))) == 50


def test_campaigns_are_searched_filtered_and_sorted(portal_client: Client, campaigns: str) -> None:
    assert rows_of(read(portal_client, campaigns, sort="budget"))[0] == "Trip 499"
    assert rows_of(read(portal_client, campaigns, sort="-budget"))[0] == "Trip 000"
    assert rows_of(read(portal_client, campaigns, sort="name", page=2))[0] == "Trip 050"
    page = read(portal_client, campaigns, sort="name", days=7)
    assert 'aria-sort="ascending"' in page and "sort=-name" in page
    assert rows_of(read(portal_client, campaigns, q="  TRIP   12", sort="name"))[:2] == [
        "Trip 120",
        "Trip 121",
    ]
    paused = read(portal_client, campaigns, status="off", sort="name")
    assert rows_of(paused)[:2] == ["Trip 000", "Trip 001"]
    assert "status=off" in paused
    assert "조건에 맞는 캠페인이 없어요" in read(portal_client, campaigns, q="' OR 1=1 --\x00")
    for odd in ("-", "--name", "password", "\x00"):
        assert len(rows_of(read(portal_client, campaigns, sort=odd, status=odd, days=odd))) == 50


@pytest.fixture
def keywords(campaign: Campaign, ad: Creative) -> str:
    """A hundred and twenty keywords beside the one that is there."""
    Keyword.objects.bulk_create(
        Keyword(ad_group=ad.ad_group, text=f"제주 호텔 {n}", norm=normalise(f"제주 호텔 {n}"), match="exact")
        for n in range(120)
    )
    return f"/advertise/{campaign.advertiser.public_id}/campaigns/{campaign.public_id}/keywords/"


def test_keywords_are_searched_and_shown_with_their_figures(
    portal_client: Client, keywords: str, ad: Creative, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    offer = make_offer(ad)
    type(offer).objects.filter(pk=offer.pk).update(keyword_text="도쿄항공권", match="broad")
    roll_up()
    with django_assert_num_queries(6):
        page = read(portal_client, keywords)
    assert len(rows_of(page)) == 50 and "121개 중 1–50" in page
    assert rows_of(read(portal_client, keywords, sort="impressions"))[0] == "도쿄 항공권"
    assert rows_of(read(portal_client, keywords, q="도쿄항공")) == ["도쿄 항공권"]
    assert rows_of(read(portal_client, keywords, match="broad")) == ["도쿄 항공권"]
    assert "조건에 맞는 키워드가 없어요" in read(portal_client, keywords, state="off")


def test_keywords_are_switched_one_by_one_and_in_bulk(
    portal_client: Client, keywords: str, ad: Creative
) -> None:
    first, second, *_ = Keyword.objects.filter(match="exact").order_by("pk").values_list("pk", flat=True)
    answer = portal_client.post(
        f"{keywords}switch/", {"off": first, "keyword": [second], "back": "?page=2&q=호텔"}
    )
    assert answer.headers["Location"].startswith(f"{keywords}?page=2")
    assert list(Keyword.objects.filter(is_on=False).values_list("pk", flat=True)) == [first]
    assert rows_of(read(portal_client, keywords, state="off")) == ["제주 호텔 0"]
    portal_client.post(f"{keywords}switch/", {"off": "chosen", "keyword": [first, second]})
    assert Keyword.objects.filter(is_on=False).count() == 2
    portal_client.post(f"{keywords}switch/", {"on": "chosen", "keyword": [first, second]})
    assert not Keyword.objects.filter(is_on=False).exists()


def test_a_keyword_keeps_its_switch_when_the_group_is_saved(
    portal_client: Client, keywords: str, shop: Advertiser, ad: Creative
) -> None:
    Keyword.objects.filter(match="broad").update(is_on=False)
    group = {"name": "G", "default_bid": "100", "language": "any", "device": "any", "broad": "도쿄 항공권"}
    portal_client.post(f"/advertise/{shop.public_id}/groups/{ad.ad_group.public_id}/edit/", group)
    assert Keyword.objects.get().is_on is False
    page = read(portal_client, f"/advertise/{shop.public_id}/campaigns/")
    assert "키워드가 모두 꺼져 있어요" in page
    assert "키워드가 모두 꺼져 있어요" in read(portal_client, keywords.removesuffix("keywords/"))


@pytest.mark.parametrize(
    "fields",
    [{}, {"off": "chosen"}, {"off": "x"}, {"on": "9" * 40}, {"off": "-1"}, {"off": "²"}, {"off": "\x00"}],
)
def test_invalid_input_switches_nothing(portal_client: Client, keywords: str, fields: dict[str, str]) -> None:
    for back in ("", "//evil.example", "https://evil.example", "?\r\nSet-Cookie: a=b"):
        answer = portal_client.post(f"{keywords}switch/", fields | {"back": back})
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(keywords)
    assert "먼저 선택해 주세요" in read(portal_client, keywords)
    assert not Keyword.objects.filter(is_on=False).exists()


def test_keywords_of_others_cannot_be_seen_or_switched(
    portal_client: Client, client: Client, keywords: str, shop: Advertiser, ada: User
) -> None:
    foreign = make_ad(make_advertiser("다른 가게")).ad_group
    portal_client.post(f"{keywords}switch/", {"off": foreign.keywords.get().pk})
    assert foreign.keywords.get().is_on
    Membership.objects.create(advertiser=shop, member=ada, role=Membership.Role.REPORTER)
    client.force_login(ada)
    page = read(client, keywords)
    assert 'name="off"' not in page and 'name="keyword"' not in page
    assert client.post(f"{keywords}switch/", {"off": Keyword.objects.first().pk}).status_code == 403  # type: ignore[union-attr]
    Membership.objects.filter(member=ada).delete()
    assert client.get(keywords).status_code == 404


def test_a_campaign_s_page_shows_the_first_keywords_of_many(
    portal_client: Client, keywords: str, ad: Creative
) -> None:
    page = read(portal_client, keywords.removesuffix("keywords/"))
    assert page.count("제주 호텔") < 40
    assert "그 밖에 91개" in page and keywords in page
    AdGroup.objects.update(is_on=False)
    assert "그룹이 꺼짐" in read(portal_client, keywords)
