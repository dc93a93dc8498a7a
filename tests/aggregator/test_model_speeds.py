"""The picker's speeds are medians of the newest complete answers, or nothing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from aggregator.models import Candidate
from aggregator.selectors import model_speeds
from aggregator.selectors.model_speeds import MIN_SAMPLES, ModelSpeed, measure_speeds
from tests.aggregator.answers import store_answers

pytestmark = pytest.mark.django_db


def test_a_speed_is_the_median_of_complete_answers(ada: User) -> None:
    times = [1_000] * 4 + [4_000] * 4 + [90_000] * 3
    store_answers(ada, "wise", *times)
    store_answers(ada, "wise", *[1] * 50, status=Candidate.Status.FAILED)
    store_answers(ada, "wise", *[1] * 50, output_tokens=1)
    store_answers(ada, "wise", *[1] * 50, ttft_ms=None)

    assert measure_speeds() == {"wise": ModelSpeed(4_000, 100, 11)}


def test_a_model_with_few_answers_is_not_measured(ada: User) -> None:
    store_answers(ada, "wise", *[4_000] * (MIN_SAMPLES - 1))
    assert measure_speeds() == {}
    store_answers(ada, "wise", 4_000)
    model_speeds.forget_speeds()
    assert set(measure_speeds()) == {"wise"}


def test_only_the_newest_answers_count(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    store_answers(ada, "wise", *[9_000] * 20)
    store_answers(ada, "wise", *[2_000] * 12)
    monkeypatch.setattr(model_speeds, "NEWEST_ANSWERS", 12)
    assert measure_speeds()["wise"] == ModelSpeed(2_000, 100, 12)


def test_speeds_are_queried_once_in_a_while(ada: User) -> None:
    store_answers(ada, "wise", *[4_000] * MIN_SAMPLES)
    measure_speeds()
    with CaptureQueriesContext(connection) as captured:
        measure_speeds()
    assert len(captured) == 0
