"""Reads recorded answers of models from the data folder."""

import csv
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aggregator.pipeline.answer_type import LETTERS
from aggregator.pipeline.ranking.calibration import OPTION, name_question_kind
from aggregator.pipeline.ranking.overlap import count_shared_stems
from aggregator.pipeline.ranking.style_features import extract_style_features
from aggregator.pipeline.types import Question
from aggregator.training.fit_style import RatedResponses
from aggregator.training.response_matrix import Numbers, ResponseMatrix, encode_responses

NO_ANSWER = {"", "FILTERED", "FAILED"}


@dataclass(frozen=True)
class RecordedSet:
    """One set of questions with short answers: every model's canonical answer, response length and price."""

    name: str
    models: tuple[str, ...]
    rows: list[dict[str, str]]
    chars: dict[str, dict[str, str]]
    prices: dict[str, dict[str, float]]

    def responses(self, pool: tuple[str, ...]) -> ResponseMatrix:
        """Return the coded answers of these models."""
        answers = [["" if row[model] in NO_ANSWER else row[model] for model in pool] for row in self.rows]
        return encode_responses(
            answers, [row["gold"] for row in self.rows], pool, [row.get("topic", "") for row in self.rows]
        )

    def name_kinds(self) -> list[str]:
        """Return the kind of every question; sets without questions are of options, in Korean."""
        if all(row["gold"] in LETTERS for row in self.rows):
            written = next((row["question"] for row in self.rows if row["question"]), "")
            return [f"{detect_language(written) if written else 'ko'}.{OPTION}"] * len(self.rows)
        questions = [Question(row["question"], detect_language(row["question"])) for row in self.rows]
        return [name_question_kind(question) for question in questions]

    def list_priced_models(self) -> tuple[str, ...]:
        """Return the models with a price and recorded response lengths."""
        lengths = next(iter(self.chars.values()), {})
        return tuple(model for model in self.models if model in self.prices and model in lengths)

    def costs(self, pool: tuple[str, ...]) -> Numbers:
        """Return the cost of each answer, shape (questions, models), at four characters a token.

        The input is the question and 450 characters of instructions.
        """
        costs = np.zeros((len(self.rows), len(pool)))
        for index, row in enumerate(self.rows):
            lengths = self.chars[row["id"]]
            input_tokens = (len(row["question"]) + 450) / 4
            for column, model in enumerate(pool):
                price = self.prices[model]
                output_tokens = float(lengths[model] or 0) / 4
                costs[index, column] = input_tokens * price["input"] + output_tokens * price["output"]
        return costs


def _read_rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_recorded_sets(folder: Path) -> list[RecordedSet]:
    """Return every set of questions with short answers in the folder; files without rows are left out."""
    short = folder / "short_answers"
    prices_file = short / "prices.json"
    prices = json.loads(prices_file.read_text(encoding="utf-8")) if prices_file.exists() else {}
    sets = []
    for path in sorted(short.glob("*.csv.gz")):
        name = path.name.removesuffix(".csv.gz")
        if name.endswith("_chars"):
            continue
        rows = _read_rows(path)
        if not rows or not {"id", "gold", "question"} <= rows[0].keys():
            continue
        lengths_file = short / f"{name}_chars.csv.gz"
        chars = {row["id"]: row for row in _read_rows(lengths_file)} if lengths_file.exists() else {}
        models = tuple(column for column in rows[0] if column not in {"id", "topic", "gold", "question"})
        sets.append(RecordedSet(name, models, rows, chars, prices))
    return sets


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a gzipped JSON Lines file; an empty list when it does not exist."""
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def detect_language(text: str) -> str:
    """Return "ko" for a text with more than five Hangul syllables, else "en"; the sets hold no others."""
    return "ko" if sum("가" <= letter <= "힣" for letter in text) > 5 else "en"


def read_question(row: Mapping[str, Any]) -> Question:
    """Return the question of rated responses; one that is not recorded has the language of a response."""
    return Question(row["prompt"], detect_language(row["prompt"] or row["candidates"][0]["text"][:200]))


def read_rated_responses(rows: list[dict[str, Any]]) -> RatedResponses:
    """Return the responses to the prompts that every model answered, without models of constant texts."""
    texts: dict[str, set[str]] = {}
    for row in rows:
        for answer in row["candidates"]:
            texts.setdefault(answer["model"], set()).add(answer["text"])
    max_texts = max(len(found) for found in texts.values())
    models = tuple(sorted(model for model, found in texts.items() if len(found) > max_texts / 2))
    styles, utilities, shared = [], [], []
    for row in rows:
        answers = {answer["model"]: answer for answer in row["candidates"]}
        if not set(models) <= set(answers):
            continue
        question = read_question(row)
        styles.append([extract_style_features(question, answers[model]["text"]) for model in models])
        utilities.append([answers[model]["utility"] for model in models])
        shared.append(count_shared_stems([answers[model]["text"] for model in models]))
    return RatedResponses(models, np.array(styles), np.array(utilities), np.array(shared))


def read_rated_sets(folder: Path) -> dict[str, list[RatedResponses]]:
    """Return every set of rated responses in the folder, by the language of its first prompt."""
    found: dict[str, list[RatedResponses]] = {}
    for path in sorted((folder / "open_answers").glob("*.jsonl.gz")):
        rows = read_json_lines(path)
        if not rows:
            continue
        found.setdefault(read_question(rows[0]).language, []).append(read_rated_responses(rows))
    return found
