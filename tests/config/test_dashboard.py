import datetime

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from ads.domain.money import WON
from ads.ledger.billing import settle_click
from ads.models import Creative
from ads.reporting.market_summary import summarize_day as market_stats_today
from ads.reporting.rollups import roll_up
from aggregator.models import Candidate, Conversation, Turn
from aggregator.selectors.daily_stats import read_daily_stats as turn_stats_today
from testing.ads.inventory import make_ad, make_offer
from testing.factories import UserFactory


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    """A client with an admin logged in."""
    client.force_login(UserFactory.create(username="admin", is_staff=True, is_superuser=True))
    return client


def keep_turn(owner: User, *, failed: bool = False) -> Turn:
    """A turn of today with one candidate."""
    conversation = Conversation.objects.create(owner=owner, updated_at=timezone.now())
    turn = Turn.objects.create(
        conversation=conversation,
        number=1,
        prompt="안녕",
        language="ko",
        status=Turn.Status.FAILED if failed else Turn.Status.DONE,
        closed_at=timezone.now(),
    )
    Candidate.objects.create(
        turn=turn,
        position=0,
        model="qwen2.5-0.5b",
        model_name="Qwen",
        vendor="Alibaba",
        status=Candidate.Status.FAILED if failed else Candidate.Status.DONE,
    )
    return turn


def test_the_market_statistics_count_income_clicks_and_reviews(db: None) -> None:
    ad = make_ad()
    for reason in ("", "", "too_fast"):
        settle_click(make_offer(ad, price_won=100), reason=reason, network="", at=timezone.now())
    Creative.objects.create(
        ad_group=ad.ad_group,
        title="새 광고",
        body="본문",
        landing_url="https://grace.example/",
        display_domain="grace.example",
        review=Creative.Review.WAITING,
    )
    roll_up()
    day = market_stats_today(timezone.now() + datetime.timedelta(seconds=1))
    assert (day.income_micros, day.clicks, day.invalid_clicks) == (200 * WON, 2, 1)
    assert (day.impressions, day.waiting, day.complaints, day.income_before_micros) == (3, 1, 0, 0)


def test_the_turn_statistics_name_the_failing_models(ada: User) -> None:
    keep_turn(ada)
    keep_turn(ada, failed=True)
    day = turn_stats_today(timezone.now() + datetime.timedelta(seconds=1))
    assert (day.turns, day.failed, day.running, day.cost_micros) == (2, 1, 0, 0)
    assert [(each.model, each.calls, each.failed) for each in day.models] == [("qwen2.5-0.5b", 2, 1)]


def test_the_admin_index_shows_the_three_groups_of_cards(
    admin: Client, ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    keep_turn(ada, failed=True)
    admin.get("/admin/")
    with django_assert_max_num_queries(20):
        page = admin.get("/admin/").content.decode()
    for words in ("오늘 수지", "문제 확인", "할 일", "qwen2.5-0.5b"):
        assert words in page


def test_every_card_links_to_a_page_that_opens(admin: Client, ada: User) -> None:
    keep_turn(ada)
    page = admin.get("/admin/")
    for _, cards in page.context["groups"]:
        for card in cards:
            assert admin.get(card.link).status_code == 200, card.link


def test_only_admin_pages_have_the_relaxed_policy(admin: Client) -> None:
    assert "'unsafe-eval'" in admin.get("/admin/").headers["Content-Security-Policy"]
    strict = admin.get("/accounts/me/").headers["Content-Security-Policy"]
    assert "unsafe" not in strict
    assert "default-src 'none'" in strict
