"""What measuring fused answers costs is estimated from the calls that it makes."""

from aggregator.calibration.estimate import estimate_run
from aggregator.calibration.fusion.judge_checks import list_labelled_pairs
from aggregator.catalog.catalog import read_catalog
from aggregator.models import CalibrationRun
from aggregator.pipeline.types import Question

CATALOG = read_catalog()
WRITERS = [CATALOG["qwen2.5-1.5b"], CATALOG["qwen2.5-0.5b"]]
JUDGES = [CATALOG["gpt-6-astra"], *WRITERS]
QUESTIONS = [Question(f"주제 {row}번을 설명해 주세요.", "ko") for row in range(20)]
CHECKS = 2 * len(list_labelled_pairs(0))


def test_every_call_about_fused_answers_is_estimated() -> None:
    found = estimate_run(QUESTIONS, WRITERS, kind=CalibrationRun.Kind.FUSION, paces={}, judges=JUDGES)

    calls = {row.model: row.calls for row in found.models}
    # Candidates, fused answers, and both judges' checks; the strong judge compares all that they wrote.
    assert calls == {"qwen2.5-1.5b": 40 + CHECKS, "qwen2.5-0.5b": 40, "gpt-6-astra": 80 + CHECKS}
    costs = {row.model: row.cost_micros for row in found.models}
    assert costs["gpt-6-astra"] > costs["qwen2.5-1.5b"] > costs["qwen2.5-0.5b"] > 0
    assert all(row.seconds > 0 for row in found.models)


def test_a_judge_does_not_compare_what_it_wrote() -> None:
    found = estimate_run(QUESTIONS, WRITERS, kind=CalibrationRun.Kind.FUSION, paces={}, judges=WRITERS)

    assert {row.calls for row in found.models} == {80 + CHECKS}


def test_labelled_questions_cost_one_call_a_model() -> None:
    found = estimate_run(QUESTIONS, WRITERS, kind=CalibrationRun.Kind.ANSWERS, paces={}, judges=JUDGES)

    assert [(row.model, row.calls) for row in found.models] == [("qwen2.5-1.5b", 20), ("qwen2.5-0.5b", 20)]
