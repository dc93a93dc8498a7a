"""Stored weights are used without a restart, and unreadable ones are ignored."""

import time
from dataclasses import replace

import pytest
from cachetools import TTLCache
from django.test import Client

from aggregator.models import WeightsVersion
from aggregator.pipeline.ranking.weights import get_active_weights, load_default_weights
from aggregator.storage import model_weights
from testing.factories import UserFactory

pytestmark = pytest.mark.django_db


def refresh_weights_after(*, seconds: float) -> None:
    """Refresh as if so many seconds had passed since the last check of the database."""
    kept = model_weights.refresh_weights.cache
    assert isinstance(kept, TTLCache)
    kept.expire(time.monotonic() + seconds)
    model_weights.refresh_weights()


def test_newer_weights_are_used_within_a_minute() -> None:
    model_weights.refresh_weights()
    model_weights.save_version(replace(load_default_weights(), version="later"))
    refresh_weights_after(seconds=30.0)
    assert get_active_weights().version != "later"
    refresh_weights_after(seconds=61.0)
    assert get_active_weights().version == "later"


def test_deactivated_weights_give_way_to_the_shipped_ones() -> None:
    model_weights.save_version(replace(load_default_weights(), version="later"))
    model_weights.refresh_weights()
    WeightsVersion.objects.update(is_active=False)
    refresh_weights_after(seconds=61.0)
    assert get_active_weights() == load_default_weights()


def test_older_weights_chosen_in_the_admin_are_used_by_running_processes(client: Client) -> None:
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    older = model_weights.save_version(replace(load_default_weights(), version="older"))
    model_weights.save_version(replace(load_default_weights(), version="newer"))
    model_weights.refresh_weights()
    assert get_active_weights().version == "newer"
    page = client.get("/admin/aggregator/weightsversion/").content.decode()
    assert "older" in page
    choice = {"action": "use_this", "_selected_action": [older.pk]}
    assert client.post("/admin/aggregator/weightsversion/", choice).status_code == 302
    # Another process notices the change within a minute.
    refresh_weights_after(seconds=61.0)
    assert get_active_weights().version == "older"
    assert WeightsVersion.objects.filter(is_active=True).count() == 1
    client.post("/admin/aggregator/weightsversion/", {**choice, "action": "use_shipped"})
    refresh_weights_after(seconds=61.0)
    assert get_active_weights() == load_default_weights()


def test_weights_of_another_release_are_ignored() -> None:
    WeightsVersion.objects.create(version="odd", heads={"format": 99}, provenance={})
    model_weights.refresh_weights()
    assert get_active_weights() == load_default_weights()


def test_a_check_takes_one_query_a_minute(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        model_weights.refresh_weights()
        model_weights.refresh_weights()
