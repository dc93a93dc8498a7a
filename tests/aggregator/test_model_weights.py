"""A stored fit is used without a restart, and a broken one changes nothing."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.test import Client

from aggregator.models import WeightsVersion
from aggregator.pipeline.ranking.weights import activate_weights, get_active_weights, load_default_weights
from aggregator.storage import model_weights
from testing.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shipped_heads() -> Iterator[None]:
    """Every test begins and ends with the heads that ship."""
    activate_weights(None)
    model_weights.reset_check_timer()
    yield
    activate_weights(None)
    model_weights.reset_check_timer()


def test_a_newer_fit_is_used_within_a_minute() -> None:
    model_weights.refresh_weights(now=0.0)
    model_weights.save_version(replace(load_default_weights(), version="later"))
    model_weights.refresh_weights(now=30.0)
    assert get_active_weights().version != "later"
    model_weights.refresh_weights(now=61.0)
    assert get_active_weights().version == "later"


def test_switching_a_fit_off_goes_back_to_the_one_that_ships() -> None:
    model_weights.save_version(replace(load_default_weights(), version="later"))
    model_weights.refresh_weights(now=0.0)
    WeightsVersion.objects.update(is_active=False)
    model_weights.refresh_weights(now=61.0)
    assert get_active_weights() == load_default_weights()


def test_an_older_fit_is_chosen_in_the_admin_and_used_by_processes_that_run(client: Client) -> None:
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    older = model_weights.save_version(replace(load_default_weights(), version="older"))
    model_weights.save_version(replace(load_default_weights(), version="newer"))
    model_weights.refresh_weights(now=0.0)
    assert get_active_weights().version == "newer"
    page = client.get("/admin/aggregator/weightsversion/").content.decode()
    assert "older" in page
    choice = {"action": "use_this", "_selected_action": [older.pk]}
    assert client.post("/admin/aggregator/weightsversion/", choice).status_code == 302
    # What this process forgot at once, another one notices within a minute.
    model_weights.refresh_weights(now=61.0)
    assert get_active_weights().version == "older"
    assert WeightsVersion.objects.filter(is_active=True).count() == 1
    client.post("/admin/aggregator/weightsversion/", {**choice, "action": "use_shipped"})
    model_weights.refresh_weights(now=122.0)
    assert get_active_weights() == load_default_weights()


def test_a_fit_of_another_release_changes_nothing() -> None:
    WeightsVersion.objects.create(version="odd", heads={"format": 99}, provenance={})
    model_weights.refresh_weights(now=0.0)
    assert get_active_weights() == load_default_weights()


def test_looking_costs_one_query_a_minute(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        model_weights.refresh_weights(now=0.0)
        model_weights.refresh_weights(now=1.0)


def test_the_bench_counts_and_ranks_with_the_functions_of_the_product() -> None:
    from aggregator.budgeting import (
        budget,
        pacing,  # fmt: skip
    )
    from aggregator.pipeline.ranking import rank, rank_stability, style_weights, tally, vote  # fmt: skip
    from aggregator.pipeline.routing import exploration, route, thompson_sampling  # fmt: skip
    from aggregator.training import fit_cascade  # fmt: skip
    from bench.ranking import budget_pacing, cascades, latency, rankers, routers, votes

    assert vars(votes)["count_vote"] is vars(fit_cascade)["count_vote"] is tally.count_vote
    assert vars(vote)["tally_votes"] is tally.tally_votes
    assert vars(cascades)["run_cascade"] is fit_cascade.run_cascade
    assert vars(latency)["rank"] is rank.rank
    assert vars(rank_stability)["rank"] is rank.rank
    assert vars(route)["choose_action"] is vars(budget_pacing)["choose_action"] is pacing.choose_action
    assert vars(budget)["update_pacing"] is vars(budget_pacing)["update_pacing"] is pacing.update_pacing
    assert vars(route)["needs_escalation"] is vars(fit_cascade)["needs_escalation"]
    assert vars(routers)["Bandit"].draw.__globals__["sample_choice"] is vars(exploration)["sample_choice"]
    assert vars(exploration)["sample_choice"] is thompson_sampling.sample_choice
    assert vars(rankers)["StyleWeights"] is style_weights.StyleWeights
    assert isinstance(get_active_weights().styles["ko"], style_weights.StyleWeights)
