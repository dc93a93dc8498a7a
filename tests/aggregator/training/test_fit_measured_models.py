"""What is measured of single models stays on the scale of public quality and moves no other model."""

import numpy as np
import pytest

from aggregator.catalog.catalog import read_catalog
from aggregator.pipeline.ranking.measured_models import MeasuredModels, ModelOffsets, parse_measured_models
from aggregator.pipeline.ranking.tally import Ballot, tally_votes
from aggregator.pipeline.ranking.weights import (
    add_measured_models,
    load_cold_weights,
    load_default_weights,
)
from aggregator.training.answered_questions import AnsweredQuestion, GivenAnswer
from aggregator.training.fit_accuracies import anchor_accuracies
from aggregator.training.fit_measured_models import (
    cross_validate,
    fit_measured_models,
    measure_likelihood,
)

STANDINGS = {"small": 0.3, "smaller": 0.3, "smallest": 0.3}
ACCURACIES = {"small": 0.8, "smaller": 0.4, "smallest": 0.1}
COLD = load_cold_weights()


def _record(count: int) -> list[AnsweredQuestion]:
    rng = np.random.default_rng(3)
    records = []
    for row in range(count):
        given = {
            model: GivenAnswer(str(1000 + row if rng.random() < accuracy else rng.integers(3000, 9000)))
            for model, accuracy in ACCURACIES.items()
        }
        prompt = f"{row}에 1000을 더하면 얼마인가요?"
        records.append(AnsweredQuestion(prompt, ("math", "facts")[row % 2], str(1000 + row), given))
    return records


def test_measured_skills_differ_as_measured_and_stay_on_the_scale_of_public_quality() -> None:
    measured = fit_measured_models(_record(60), COLD, STANDINGS)

    skills = measured.open_vote.skills
    assert skills["small"] > skills["smaller"] > skills["smallest"]
    logits = np.log([skill / (1 - skill) for skill in skills.values()])
    assert logits.mean() == pytest.approx(np.log(0.3 / 0.7), abs=0.01)
    assert measured.skills["small"]["math"] > measured.skills["smallest"]["math"]
    assert measured.option_vote == ModelOffsets()


def test_other_models_vote_as_before() -> None:
    measured = fit_measured_models(_record(60), COLD, STANDINGS)

    weights = add_measured_models(COLD, measured)

    others = [Ballot(name, name, name, 0.6, answer) for name, answer in (("a", "1"), ("b", "2"), ("c", "2"))]
    for topic in ("math", ""):
        assert tally_votes(weights.open_vote, others, 20, topic) == tally_votes(
            COLD.open_vote, others, 20, topic
        )
    assert weights.open_vote.support == COLD.open_vote.support
    assert weights.option_vote == COLD.option_vote
    assert (weights.styles, weights.calibration) == (COLD.styles, COLD.calibration)
    assert set(weights.routing.skills) == set(STANDINGS)


def test_questions_outside_the_fit_are_foretold_better_where_models_differ() -> None:
    records = _record(60)

    folds = cross_validate(records, COLD, STANDINGS)

    assert sorted(record.question for fold in folds for record in fold.records) == sorted(
        record.question for record in records
    )
    gains = [
        measure_likelihood(fold.records, fold.weights, STANDINGS)
        - measure_likelihood(fold.records, COLD, STANDINGS)
        for fold in folds
    ]
    assert np.mean(gains) > 0.1


def test_measured_weights_survive_their_file() -> None:
    measured = MeasuredModels(
        option_vote=ModelOffsets({"small": 0.4}, {"small": 0.1}, {"math": {"small": -0.2}}),
        skills={"small": {"": 0.4}},
        provenance={"questions": 60},
    )

    assert parse_measured_models(measured.to_json()) == measured
    with pytest.raises(ValueError, match="format 0"):
        parse_measured_models({**measured.to_json(), "format": 0})


def test_accuracies_are_anchored_to_public_quality() -> None:
    anchored = anchor_accuracies(np.array([0.8, 0.8]), np.array([0.3, 0.3]))

    assert anchored == pytest.approx([0.3, 0.3])


def test_what_ships_is_measured_of_local_models_only() -> None:
    shipped, cold = load_default_weights(), load_cold_weights()

    measured = {*shipped.open_vote.skills, *shipped.option_vote.skills, *shipped.routing.skills}
    assert {read_catalog()[slug].provider for slug in measured} <= {"local"}
    assert shipped.open_vote.support == cold.open_vote.support
    assert (cold.open_vote.skills, cold.routing.skills) == ({}, {})
