"""The picker's speeds are medians of the newest complete answers, or nothing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from aggregator.execution.model_paces import combine_paces
from aggregator.models import Candidate, Turn
from aggregator.pipeline.routing.answer_forecast import PRIOR_ANSWERS, ModelPace, expect_topic_tokens
from aggregator.selectors import model_speeds
from aggregator.selectors.model_speeds import (
    MIN_SAMPLES,
    ModelSpeed,
    TopicLength,
    measure_lengths,
    measure_speeds,
)
from tests.aggregator.answers import store_answers

pytestmark = pytest.mark.django_db


def test_a_speed_is_the_median_of_complete_answers(ada: User) -> None:
    times = [1_000] * 4 + [4_000] * 4 + [90_000] * 3
    store_answers(ada, "wise", *times)
    store_answers(ada, "wise", *[1] * 50, status=Candidate.Status.FAILED)
    store_answers(ada, "wise", *[1] * 50, output_tokens=1)
    store_answers(ada, "wise", *[1] * 50, ttft_ms=None)

    assert measure_speeds() == {"wise": ModelSpeed(4_000, 100, 11, 10.3)}


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
    assert measure_speeds()["wise"] == ModelSpeed(2_000, 100, 12, 21.1)


def test_speeds_are_queried_once_in_a_while(ada: User) -> None:
    store_answers(ada, "wise", *[4_000] * MIN_SAMPLES)
    measure_speeds()
    with CaptureQueriesContext(connection) as captured:
        measure_speeds()
    assert len(captured) == 0


def test_lengths_are_measured_by_topic_and_kind_of_prompt(ada: User) -> None:
    store_answers(ada, "wise", 4_000, 4_000, output_tokens=30)
    for row in store_answers(ada, "wise", 4_000, 4_000, output_tokens=90):
        Turn.objects.filter(pk=row.turn.pk).update(route={"topic": "math", "is_votable": True})
    lengths = {(row.topic, row.is_votable): (row.tokens, row.samples) for row in measure_lengths()}
    assert lengths == {("", False): (30.0, 2), ("math", True): (90.0, 2)}


def test_a_model_s_length_moves_from_the_table_to_what_was_measured() -> None:
    expected = expect_topic_tokens("math", is_votable=True)

    def factor_of(tokens: float, samples: int) -> float:
        rows = (TopicLength("wise", "math", True, tokens, samples),)
        return combine_paces({}, rows)["wise"].length_factor

    assert factor_of(expected, 50) == 1.0
    assert factor_of(expected / 5, PRIOR_ANSWERS) == 0.6
    assert factor_of(expected / 5, 1_000) == pytest.approx(0.2, abs=0.02)
    assert combine_paces({"wise": ModelSpeed(4_000, 500, 12, 20.0)}, ())["wise"] == ModelPace(1.0, 20.0, 0.5)


def test_measured_lengths_are_compared_with_what_was_expected_of_their_prompts(ada: User) -> None:
    for row in store_answers(ada, "wise", 4_000, 4_000, output_tokens=30):
        Turn.objects.filter(pk=row.turn.pk).update(route={"topic": "facts", "answer_tokens": 60})
    (length,) = measure_lengths()
    assert (length.tokens, length.expected) == (30.0, 60.0)
    paces = combine_paces({}, (TopicLength("wise", "facts", False, 30.0, 1_000, 60.0),))
    assert paces["wise"].length_factor == pytest.approx(0.5, abs=0.01)
