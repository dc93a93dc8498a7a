"""Reads the questions of recorded sets; the answers of the recorded models are not used."""

import json
from collections.abc import Iterator
from pathlib import Path

from aggregator.calibration.question_file import make_question
from aggregator.pipeline.answer_type import LETTERS, LITERAL, OPTION, detect_answer_type
from aggregator.services.calibration_runs import NewQuestion
from aggregator.training.recordings import RecordedSet, read_json_lines, read_recorded_sets

# Recorded numbers are marked by an n.
_NUMBER_MARK = "n"
_WORDINGS = {
    "ko": "답을 구하고, 마지막 줄에 답만 적어 주세요.",
    "en": "Calculate the answer, and end with it.",
}


def read_recorded_questions(folder: Path) -> list[NewQuestion]:
    """Return the labelled questions of all sets in a folder, as models are asked them.

    Sets without the text of their questions are left out, and so are options that are not recorded.
    """
    return [question for recorded in read_recorded_sets(folder) for question in _read_set(recorded)]


def read_open_questions(folder: Path) -> list[NewQuestion]:
    """Return the recorded prompts of a folder that have no one right answer."""
    paths = sorted((folder / "open_answers").glob("*.jsonl.gz"))
    prompts = [str(row["prompt"]).strip() for path in paths for row in read_json_lines(path)]
    return [make_question(prompt, "") for prompt in dict.fromkeys(prompts) if prompt]


def _read_set(recorded: RecordedSet) -> Iterator[NewQuestion]:
    for row in recorded.rows:
        text, gold = row["question"].strip(), row["gold"].strip()
        if not text or not gold:
            continue
        answer_type = detect_answer_type(text)
        if gold in LETTERS:
            if answer_type is None or answer_type.kind != OPTION:
                continue
            yield make_question(text, gold, recorded.name)
        elif answer_type and answer_type.kind == LITERAL:
            yield make_question(text, _quote(gold), recorded.name)
        else:
            plain = make_question(text, "")
            prompt = f"{text}\n\n{_WORDINGS[plain.language]}"
            yield make_question(prompt, _read_number(gold), recorded.name)


def _read_number(gold: str) -> str:
    number = gold.removeprefix(_NUMBER_MARK)
    return number if number[:1].isdigit() or number[:1] in "-." else gold


def _quote(gold: str) -> str:
    """Return a recorded value of code as a literal: its texts have no quotation marks."""
    try:
        json.loads(gold)
    except ValueError:
        return gold if gold[:1] in "([{'\"" or gold in {"True", "False", "None"} else repr(gold)
    return gold
