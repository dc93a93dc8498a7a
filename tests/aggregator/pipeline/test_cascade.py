"""A cascade asks the strong model only when the cheap panel is unsure."""

import numpy as np

from aggregator.pipeline.answer_sheet import AnswerSheet, code_answers
from aggregator.pipeline.cascade import Cascade, choose_cascade, list_panels, settle
from aggregator.pipeline.tally import VoteHead
from aggregator.pipeline.vendors import name_vendor

HEAD = VoteHead({"cheap-a": 2.0, "other-b": 2.0, "strong-c": 5.0})
CASCADE = Cascade(("cheap-a", "other-b"), "strong-c", 0.8, HEAD, HEAD)


def _make_sheet(rows: int = 240) -> AnswerSheet:
    rng = np.random.default_rng(3)
    accuracies = (0.7, 0.7, 0.95)
    answers = [
        ["B" if rng.random() < accuracy else str(rng.choice(list("ACD"))) for accuracy in accuracies]
        for _ in range(rows)
    ]
    return code_answers(
        answers, ["B"] * (rows - 1) + ["A"], ("cheap-a", "other-b", "strong-c"), ["any"] * rows
    )


def test_an_agreeing_panel_stands_without_the_strong_model() -> None:
    answer, confidence, asked = settle(CASCADE, {"cheap-a": "B", "other-b": "B", "strong-c": "C"}, "")
    assert (answer, asked) == ("B", False)
    assert confidence > 0.8


def test_a_split_panel_asks_the_strong_model_and_counts_again() -> None:
    answer, _, asked = settle(CASCADE, {"cheap-a": "A", "other-b": "B", "strong-c": "B"}, "")
    assert (answer, asked) == ("B", True)


def test_a_panel_seats_at_most_two_models_of_one_vendor() -> None:
    models = ["gpt-4o", "gpt-4.1", "o3-mini", "claude-3-haiku", "gemini-1.5-flash"]
    for panel in list_panels(models):
        vendors = [name_vendor(model) for model in panel]
        assert max(vendors.count(vendor) for vendor in vendors) <= 2


def test_the_chosen_cascade_keeps_within_its_share_of_the_cost() -> None:
    sheet = _make_sheet()
    costs = np.tile([1.0, 1.0, 20.0], (len(sheet.gold), 1))
    cascade = choose_cascade(sheet, costs, "strong-c", 0.6)
    spent, right = [], []
    for codes in sheet.answers:
        given = {model: sheet.name_answer(int(code)) for model, code in zip(sheet.models, codes, strict=True)}
        answer, _, asked = settle(cascade, given, "any")
        spent.append(len(cascade.panel) + 20.0 * asked)
        right.append(answer == "B")
    assert np.mean(spent) <= 0.65 * 20.0
    assert np.mean(right) > 0.85
