"""Weights are fitted on answered questions: votes, skills, cascades and thresholds, labelled or not."""

from functools import cache

import numpy as np

from aggregator.pipeline.ranking.weights import (
    ModelWeights,
    dump_weights,
    load_default_weights,
    parse_weights,
)
from aggregator.pipeline.routing_weights import ANY_TOPIC
from aggregator.training.answered_questions import AnsweredQuestion, GivenAnswer
from aggregator.training.fit_router import fit_head
from aggregator.training.fit_weights import fit_weights

QUESTION = "다음 중 알맞은 것을 고르세요.\nA. 하나\nB. 둘\nC. 셋\nD. 넷"
ACCURACIES = {"gpt-4o": 0.55, "claude-3": 0.9, "qwen2.5": 0.5}
COSTS = {"gpt-4o": 10, "claude-3": 300, "qwen2.5": 8}
STANDINGS = dict.fromkeys(ACCURACIES, 0.6)
ROWS = 240


def _answer(gold: str, accuracy: float, rng: np.random.Generator) -> str:
    return (
        gold if rng.random() < accuracy else str(rng.choice([letter for letter in "ABCD" if letter != gold]))
    )


def _record(*, is_labelled: bool) -> list[AnsweredQuestion]:
    rng = np.random.default_rng(5)
    records = []
    for row in range(ROWS):
        gold = "ABCD"[row % 4]
        answers = {
            model: GivenAnswer(f"정답: {_answer(gold, accuracy, rng)}", COSTS[model], 900)
            for model, accuracy in ACCURACIES.items()
        }
        topic = "math" if row % 2 else "facts"
        records.append(AnsweredQuestion(QUESTION, topic, f"정답: {gold}" if is_labelled else None, answers))
    return records


@cache
def _fit(*, is_labelled: bool) -> ModelWeights:
    return fit_weights(_record(is_labelled=is_labelled), standings=STANDINGS)


def test_labels_tell_for_which_questions_probabilities_hold() -> None:
    measured = _fit(is_labelled=True).calibration
    assert set(measured) == {"ko.option"}
    assert measured["ko.option"].questions > 100
    assert 0 < measured["ko.option"].error < 0.3
    assert _fit(is_labelled=False).calibration == {}


def test_labels_tell_which_model_is_right_more_often() -> None:
    weights = _fit(is_labelled=True)

    measured = {model: row[ANY_TOPIC] for model, row in weights.routing.skills.items()}
    assert all(abs(measured[model] - accuracy) < 0.1 for model, accuracy in ACCURACIES.items())
    assert set(weights.routing.skills["gpt-4o"]) == {ANY_TOPIC, "facts", "math"}
    vote = weights.option_vote
    assert vote.skills["claude-3"] > vote.skills["gpt-4o"] > 0
    assert weights.open_vote == load_default_weights().open_vote
    assert weights.routing.thresholds[ANY_TOPIC] > 0.8


def test_cascades_name_a_stronger_model_than_their_panel() -> None:
    cascades = _fit(is_labelled=True).routing.cascades

    assert any(row.strong == "claude-3" for row in cascades)
    assert all(row.strong not in row.panel and 0 <= row.escalation_rate < 1 for row in cascades)
    assert [row.quality for row in cascades] == sorted(row.quality for row in cascades)


def test_without_labels_agreement_moves_models_apart_and_keeps_their_mean() -> None:
    weights = _fit(is_labelled=False)

    skills = weights.option_vote.skills
    assert skills["claude-3"] > max(skills["gpt-4o"], skills["qwen2.5"])
    assert abs(np.mean(list(skills.values())) - 0.6) < 0.03
    assert weights.routing == load_default_weights().routing


def test_fitted_weights_survive_being_stored() -> None:
    weights = _fit(is_labelled=True)

    assert parse_weights(dump_weights(weights)).option_vote == weights.option_vote
    assert parse_weights(dump_weights(weights)).routing == weights.routing


def test_the_router_head_predicts_which_model_suits_a_prompt() -> None:
    rng = np.random.default_rng(2)
    tasks = ["sums" if row % 2 else "tales" for row in range(80)]
    features = rng.normal(0.0, 0.1, (80, 6)).astype(np.float32)
    features[:, 0] = [1.0 if task == "sums" else -1.0 for task in tasks]
    scores = np.array([[1.0, 0.2] if task == "sums" else [0.1, 1.0] for task in tasks])

    head = fit_head(features, tasks, scores, ("counter", "teller"))

    assert (head.predict(features).argmax(axis=1) == scores.argmax(axis=1)).all()
