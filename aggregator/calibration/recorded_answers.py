"""A calibration's labelled questions with the answers of its models as a file to fit weights on again.

A line is a question: its text, right answer, language and task, whether it is held out, and the answers by
model. Calls that failed or ran out of time have no answer.
"""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aggregator.models import CalibrationAnswer
from aggregator.pipeline.routing.prompt_topics import classify_topic
from aggregator.selectors import calibration_runs as selectors
from aggregator.training.answered_questions import AnsweredQuestion, GivenAnswer


@dataclass(frozen=True, slots=True)
class RecordedQuestion:
    """A question with the answers to it, and whether weights are judged on it."""

    record: AnsweredQuestion
    is_held_out: bool


def write_recorded_answers(run_ids: Sequence[int], path: Path) -> int:
    """Write the questions of runs that a model answered; returns how many."""
    lines = [line for run_id in run_ids for line in _list_lines(run_id)]
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without a time in it, the same answers make the same file.
    path.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
    return len(lines)


def _list_lines(run_id: int) -> Iterator[str]:
    answers = selectors.list_answers(run_id)
    for row in selectors.list_questions(run_id):
        given = {
            answer.model: _describe(answer)
            for answer in sorted(answers.get(row.pk, ()), key=lambda each: each.model)
            if answer.is_whole_candidate
        }
        if given:
            head = {"prompt": row.prompt, "gold": row.gold, "language": row.language, "task": row.task}
            line = head | {"is_held_out": row.is_held_out, "answers": given}
            yield json.dumps(line, ensure_ascii=False) + "\n"


def read_recorded_answers(path: Path) -> list[RecordedQuestion]:
    """Return the questions of a file with the topics that live turns see in them."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [_read_line(json.loads(line)) for line in file]


def select_complete(rows: Sequence[RecordedQuestion], models: Sequence[str]) -> list[RecordedQuestion]:
    """Return the questions that all of these models answered, as they are compared on the same ones."""
    return [row for row in rows if set(models) <= set(row.record.answers)]


def _describe(answer: CalibrationAnswer) -> dict[str, Any]:
    return {"text": answer.text, "cost_micros": answer.cost_micros, "milliseconds": answer.duration_ms}


def _read_line(row: dict[str, Any]) -> RecordedQuestion:
    given = {model: GivenAnswer(**answer) for model, answer in row["answers"].items()}
    topic = classify_topic(row["prompt"]).topic
    record = AnsweredQuestion(row["prompt"], topic, row["gold"], given, row["language"], row["task"])
    return RecordedQuestion(record, bool(row["is_held_out"]))
