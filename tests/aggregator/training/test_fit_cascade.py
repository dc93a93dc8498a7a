"""A cascade asks the strong model only when the cheap panel is not confident."""

import numpy as np

from aggregator.catalog.vendors import detect_vendor
from aggregator.pipeline.ranking.tally import VoteWeights
from aggregator.training.fit_cascade import Cascade, choose_cascade, list_panels, run_cascade
from aggregator.training.response_matrix import ResponseMatrix, encode_responses

WEIGHTS = VoteWeights({"cheap-a": 2.0, "other-b": 2.0, "strong-c": 5.0})
CASCADE = Cascade(("cheap-a", "other-b"), "strong-c", 0.8, WEIGHTS, WEIGHTS)


def sample_responses(rows: int = 240) -> ResponseMatrix:
    rng = np.random.default_rng(3)
    accuracies = (0.7, 0.7, 0.95)
    answers = [
        ["B" if rng.random() < accuracy else str(rng.choice(list("ACD"))) for accuracy in accuracies]
        for _ in range(rows)
    ]
    return encode_responses(
        answers, ["B"] * (rows - 1) + ["A"], ("cheap-a", "other-b", "strong-c"), ["any"] * rows
    )


def test_an_agreeing_panel_does_not_ask_the_strong_model() -> None:
    answer, confidence, is_escalated = run_cascade(
        CASCADE, {"cheap-a": "B", "other-b": "B", "strong-c": "C"}, ""
    )
    assert (answer, is_escalated) == ("B", False)
    assert confidence > 0.8


def test_a_split_panel_asks_the_strong_model_and_votes_again() -> None:
    answer, _, is_escalated = run_cascade(CASCADE, {"cheap-a": "A", "other-b": "B", "strong-c": "B"}, "")
    assert (answer, is_escalated) == ("B", True)


def test_a_panel_has_at_most_two_models_of_one_vendor() -> None:
    models = ["gpt-4o", "gpt-4.1", "o3-mini", "claude-3-haiku", "gemini-1.5-flash"]
    for panel in list_panels(models):
        vendors = [detect_vendor(model) for model in panel]
        assert max(vendors.count(vendor) for vendor in vendors) <= 2


def test_the_chosen_cascade_stays_within_its_share_of_the_cost() -> None:
    responses = sample_responses()
    costs = np.tile([1.0, 1.0, 20.0], (len(responses.gold), 1))
    cascade = choose_cascade(responses, costs, "strong-c", 0.6)
    spent, right = [], []
    for codes in responses.answers:
        given = {
            model: responses.name_answer(int(code))
            for model, code in zip(responses.models, codes, strict=True)
        }
        answer, _, is_escalated = run_cascade(cascade, given, "any")
        spent.append(len(cascade.panel) + 20.0 * is_escalated)
        right.append(answer == "B")
    assert np.mean(spent) <= 0.65 * 20.0
    assert np.mean(right) > 0.85
