"""Answers of a calibration are recorded as they ended, and the weights of their models are fitted again."""

import io
import json
import uuid
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from aggregator.calibration.ask import fail_late
from aggregator.calibration.recorded_answers import read_recorded_answers, write_recorded_answers
from aggregator.catalog.catalog import read_catalog
from aggregator.management.commands import fit_measured_models
from aggregator.models import CalibrationAnswer, CalibrationRun
from aggregator.pipeline.panel.panel import Outcome
from aggregator.pipeline.types import PanelSlot
from aggregator.providers import TokenUsage
from aggregator.services.calibration_runs import CalibrationOrder, NewQuestion, create_run

# Each is wrong at every such question.
LOCAL = {"qwen2.5-1.5b": 9, "qwen2.5-0.5b": 2, "smollm2-135m": 1}


@pytest.mark.parametrize(
    ("error", "finish_reason", "text", "counts"),
    [
        ("", "stop", "정답: 3", True),
        ("", "length", "정답: 3", True),
        ("", "deadline", "정답은", False),
        ("timed_out", "error", "정답은", False),
        ("", "stop", " ", False),
    ],
)
def test_an_answer_that_ran_out_of_time_is_not_a_wrong_one(
    error: str, finish_reason: str, text: str, counts: bool
) -> None:
    answer = CalibrationAnswer(model="slow", text=text, error=error, finish_reason=finish_reason)

    assert answer.is_whole_candidate is counts


@pytest.mark.parametrize(("finish_reason", "error"), [("deadline", "timed_out"), ("stop", "")])
def test_a_late_answer_is_recorded_as_timed_out(finish_reason: str, error: str) -> None:
    slot = PanelSlot("a", read_catalog()["qwen2.5-1.5b"])
    ended = Outcome(slot, uuid.uuid4(), "done", "정답은", finish_reason, "", TokenUsage(9, 2, "counted"), 0)

    assert fail_late(ended).error == error


def record_run(count: int) -> CalibrationRun:
    """Store a run of sums that one local model knows, another often, and the third hardly ever."""
    questions = [
        NewQuestion(f"{row} 더하기 1은 얼마인가요?", f"정답: {row + 1}", "ko", "math", row % 3 == 0)
        for row in range(count)
    ]
    run = create_run(CalibrationOrder("sums.csv", list(LOCAL), questions=questions))
    CalibrationAnswer.objects.bulk_create(
        CalibrationAnswer(
            question=question, model=slug, text=f"{number + (1 if number % step else 40 + step)}"
        )
        for number, question in enumerate(run.questions.order_by("position"))
        for slug, step in (("qwen2.5-1.5b", 9), ("qwen2.5-0.5b", 2), ("smollm2-135m", 1))
    )
    return run


@pytest.mark.django_db
def test_recorded_answers_are_compared_with_a_cold_start_and_ship(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, path, shipped = record_run(45), tmp_path / "recorded.jsonl.gz", tmp_path / "measured.json"
    CalibrationAnswer.objects.filter(question__position=1, model="smollm2-135m").update(error="timed_out")
    monkeypatch.setattr(fit_measured_models, "MEASURED_MODELS", shipped)
    out = io.StringIO()

    call_command("fit_measured_models", run=[run.pk], recorded=path, ship=True, stdout=out)

    assert "44 questions that all models answered" in out.getvalue()
    assert "cold start" in out.getvalue()
    document = json.loads(shipped.read_text(encoding="utf-8"))
    assert set(document["skills"]) == set(LOCAL)
    # Calibrations compare themselves with what ships on held-out questions, which it has not seen.
    assert document["provenance"]["questions"] == 29
    assert document["provenance"]["cross_validation"]["questions"] == 44
    before = path.read_bytes()
    assert len(read_recorded_answers(path)) == write_recorded_answers([run.pk], path) == 45
    assert path.read_bytes() == before


@pytest.mark.django_db
def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("fit_measured_models", recorded=tmp_path / "missing.jsonl.gz")
