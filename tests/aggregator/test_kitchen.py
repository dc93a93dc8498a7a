"""A stored fit is used without a restart, and a broken one changes nothing."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from aggregator import kitchen
from aggregator.models import KitchenFit
from aggregator.pipeline.heads import current_heads, read_default_heads, use_heads

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


def test_a_fit_of_another_release_changes_nothing() -> None:
    KitchenFit.objects.create(version="odd", heads={"format": 99}, provenance={})
    kitchen.refresh_heads(now=0.0)
    assert current_heads() == read_default_heads()


def test_looking_costs_one_query_a_minute(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        kitchen.refresh_heads(now=0.0)
        kitchen.refresh_heads(now=1.0)


def test_the_bench_counts_and_ranks_with_the_functions_of_the_product() -> None:
    from aggregator.pipeline import cascade, rank, style_head, tally, vote
    from bench.kitchens import cascades, rankers, speed, votes

    assert vars(votes)["count_vote"] is vars(cascade)["count_vote"] is tally.count_vote
    assert vars(vote)["tally_casts"] is tally.tally_casts
    assert vars(cascades)["settle"] is cascade.settle
    assert vars(speed)["rank"] is rank.rank
    assert vars(rankers)["StyleHead"] is style_head.StyleHead
    assert isinstance(current_heads().styles["ko"], style_head.StyleHead)
