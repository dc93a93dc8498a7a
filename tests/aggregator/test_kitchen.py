"""A stored fit is used without a restart, and a broken one changes nothing."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.test import Client

from aggregator import kitchen
from aggregator.models import KitchenFit
from aggregator.pipeline.heads import current_heads, read_default_heads, use_heads
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shipped_heads() -> Iterator[None]:
    """Every test begins and ends with the heads that ship."""
    use_heads(None)
    kitchen.forget_look()
    yield
    use_heads(None)
    kitchen.forget_look()


def test_a_newer_fit_is_used_within_a_minute() -> None:
    kitchen.refresh_heads(now=0.0)
    kitchen.keep_fit(replace(read_default_heads(), version="later"))
    kitchen.refresh_heads(now=30.0)
    assert current_heads().version != "later"
    kitchen.refresh_heads(now=61.0)
    assert current_heads().version == "later"


def test_switching_a_fit_off_goes_back_to_the_one_that_ships() -> None:
    kitchen.keep_fit(replace(read_default_heads(), version="later"))
    kitchen.refresh_heads(now=0.0)
    KitchenFit.objects.update(is_active=False)
    kitchen.refresh_heads(now=61.0)
    assert current_heads() == read_default_heads()


def test_an_older_fit_is_chosen_in_the_admin_and_used_by_processes_that_run(client: Client) -> None:
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    older = kitchen.keep_fit(replace(read_default_heads(), version="older"))
    kitchen.keep_fit(replace(read_default_heads(), version="newer"))
    kitchen.refresh_heads(now=0.0)
    assert current_heads().version == "newer"
    page = client.get("/admin/aggregator/kitchenfit/").content.decode()
    assert "older" in page
    choice = {"action": "use_this", "_selected_action": [older.pk]}
    assert client.post("/admin/aggregator/kitchenfit/", choice).status_code == 302
    # What this process forgot at once, another one notices within a minute.
    kitchen.refresh_heads(now=61.0)
    assert current_heads().version == "older"
    assert KitchenFit.objects.filter(is_active=True).count() == 1
    client.post("/admin/aggregator/kitchenfit/", {**choice, "action": "use_shipped"})
    kitchen.refresh_heads(now=122.0)
    assert current_heads() == read_default_heads()


def test_a_fit_of_another_release_changes_nothing() -> None:
    KitchenFit.objects.create(version="odd", heads={"format": 99}, provenance={})
    kitchen.refresh_heads(now=0.0)
    assert current_heads() == read_default_heads()


def test_looking_costs_one_query_a_minute(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        kitchen.refresh_heads(now=0.0)
        kitchen.refresh_heads(now=1.0)


def test_the_bench_counts_and_ranks_with_the_functions_of_the_product() -> None:
    from aggregator import purse
    from aggregator.pipeline import (
        bandit,
        cascade,
        explore,
        order,
        pacing,
        rank,
        route,
        style_head,
        tally,
        vote,
    )  # fmt: skip
    from bench.kitchens import cascades, pacings, rankers, routers, speed, votes

    assert vars(votes)["count_vote"] is vars(cascade)["count_vote"] is tally.count_vote
    assert vars(vote)["tally_casts"] is tally.tally_casts
    assert vars(cascades)["settle"] is cascade.settle
    assert vars(speed)["rank"] is rank.rank
    assert vars(order)["rank"] is rank.rank
    assert vars(route)["choose_action"] is vars(pacings)["choose_action"] is pacing.choose_action
    assert vars(purse)["settle_turn"] is vars(pacings)["settle_turn"] is pacing.settle_turn
    assert vars(route)["needs_strong"] is vars(cascade)["needs_strong"]
    assert cascade.settle.__globals__["needs_strong"] is cascade.needs_strong
    assert vars(routers)["Bandit"].draw.__globals__["draw_place"] is vars(explore)["draw_place"]
    assert vars(explore)["draw_place"] is bandit.draw_place
    assert vars(rankers)["StyleHead"] is style_head.StyleHead
    assert isinstance(current_heads().styles["ko"], style_head.StyleHead)
