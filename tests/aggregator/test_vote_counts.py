"""Leaderboards count votes in the database once a minute; the nightly refit reads votes in batches."""

import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from aggregator.models import Candidate, Signal, SkillRecord, Turn, Vote
from aggregator.ratings import ratings
from aggregator.selectors import vote_counts
from testing.factories import UserFactory
from tests.aggregator.test_ratings import pick, two_models, uncached_ratings

__all__ = ["two_models", "uncached_ratings"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_models")]


def queries_on(table: str, captured: CaptureQueriesContext) -> list[str]:
    """Return the queries of a table."""
    return [query["sql"] for query in captured if f'FROM "{table}"' in query["sql"]]


def test_votes_are_counted_by_language_and_topic(ada: User) -> None:
    pick(ada, "wise", times=3)
    Turn.objects.filter(language="ko").update(route={"topic": "life"})
    pick(ada, "quick", language="en", times=2)
    Turn.objects.filter(language="en").update(route={"topic": "code"})

    assert vote_counts.count_votes() == {"wise": 3, "quick": 2}
    assert vote_counts.count_votes("ko") == {"wise": 3}
    assert vote_counts.count_votes("", "code") == {"quick": 2}
    assert vote_counts.count_votes("ko", "code") == {}
    assert vote_counts.list_voted_topics() == ["life", "code"]
    shown = {place.slug: place.votes for place in ratings.build_leaderboard(ratings.ALL)}
    assert shown == {"wise": 3, "quick": 2}


def test_the_leaderboard_aggregates_votes_once_a_minute_and_reads_none(
    client: Client, ada: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    pick(ada, times=5)
    with CaptureQueriesContext(connection) as captured:
        first = client.get("/leaderboard/").content
    counted = queries_on("aggregator_vote", captured)
    assert len(counted) == 3
    assert all("GROUP BY" in query for query in counted)
    with CaptureQueriesContext(connection) as captured:
        again = client.get("/leaderboard/").content
    assert queries_on("aggregator_vote", captured) == []
    assert len(first) == len(again)


def test_cached_counts_are_counted_again_after_a_minute(ada: User) -> None:
    pick(ada)
    assert vote_counts.count_votes() == {"quick": 1}
    pick(ada)
    assert vote_counts.count_votes() == {"quick": 1}
    vote_counts._cache.expire(time.monotonic() + 59)
    assert vote_counts.count_votes() == {"quick": 1}
    vote_counts._cache.expire(time.monotonic() + 61)
    assert vote_counts.count_votes() == {"quick": 2}


def test_a_refit_in_batches_gives_the_same_ratings(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    pick(ada, "wise", times=3)
    pick(UserFactory.create(), "quick", times=2)
    for candidate in Candidate.objects.filter(model="wise")[:3]:
        Signal.objects.create(person=UserFactory.create(), candidate=candidate, kind=Signal.Kind.COPY)
    assert ratings.refit_ratings() == 10
    at_once = SkillRecord.objects.get(scope="ko")
    monkeypatch.setattr(ratings, "BATCH_SIZE", 2)
    with CaptureQueriesContext(connection) as captured:
        assert ratings.refit_ratings() == 10
    in_rounds = SkillRecord.objects.get(scope="ko")

    for table in ("aggregator_vote", "aggregator_signal"):
        read = [query for query in queries_on(table, captured) if "ORDER BY" in query]
        assert len(read) >= 4
        assert all("LIMIT 2" in query for query in read)
    assert in_rounds.beliefs == at_once.beliefs
    assert (in_rounds.last_vote, in_rounds.last_signal) == (
        Vote.objects.latest("pk").pk,
        Signal.objects.latest("pk").pk,
    )
