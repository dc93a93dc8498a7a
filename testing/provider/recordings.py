"""Recorded answers of real models, replayed by prompt and model at a realistic speed."""

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from testing.provider.server import Script, say

PREFIX = "replay:"
WINDOW = 32_768
# A prompt without a recorded answer is an error: an invented answer would be ranked as if a model had given
# it.
UNKNOWN = Script(status=400, error="invalid_request_error")
NO_ANSWER = ("", "FILTERED")
NOT_MODELS = {"id", "topic", "gold", "question"}


@dataclass(slots=True)
class Recordings:
    """The answers of every model to every prompt of a data folder, whose README describes the layout."""

    rate: float = 40.0
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    utilities: dict[str, list[float]] = field(default_factory=dict)

    @classmethod
    def read_korean(cls, folder: str | Path, *, rate: float = 40.0) -> Self:
        """Read the Korean set only, whose models `list_models` then lists."""
        recordings = cls(rate)
        with gzip.open(Path(folder) / "open_answers" / "ko_arena.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                recordings.add((row["prompt"], one["model"], one["text"]) for one in row["candidates"])
                for one in row["candidates"]:
                    recordings.utilities.setdefault(one["model"], []).append(one["utility"])
        return recordings

    def list_models(self) -> list[dict[str, object]]:
        """Return the judged models in the format of /v1/models; `standing` is the mean utility of answers."""
        return [
            {
                "id": f"{PREFIX}{model}",
                "name": model,
                "max_model_len": WINDOW,
                "meta": {"standing": round(sum(utilities) / len(utilities), 3)},
            }
            for model, utilities in sorted(self.utilities.items())
        ]

    @classmethod
    def read(cls, folder: str | Path, *, rate: float = 40.0) -> Self:
        """Read every set of a folder that has prompts."""
        recordings = cls(rate)
        for path in sorted(Path(folder).glob("open_answers/*.jsonl.gz")):
            recordings.add(_read_open(path))
        for path in sorted(Path(folder).glob("short_answers/*.csv.gz")):
            if not path.name.endswith("_chars.csv.gz"):
                recordings.add(_read_short(path))
        return recordings

    def add(self, rows: Iterator[tuple[str, str, str]]) -> None:
        """Add rows of prompt, model and text."""
        for prompt, model, text in rows:
            if text not in NO_ANSWER:
                self.answers.setdefault(_key(prompt), {})[model] = text

    def find_script(self, model: str, prompt: str) -> Script | None:
        """Return the script for `replay:MODEL`, or None for any other name."""
        if not model.startswith(PREFIX):
            return None
        text = self.answers.get(_key(prompt), {}).get(model.removeprefix(PREFIX))
        if text is None:
            return UNKNOWN
        return say(text, delay_s=1 / self.rate if self.rate else 0.0)


def _key(prompt: str) -> str:
    return " ".join(prompt.split())


def _read_open(path: Path) -> Iterator[tuple[str, str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("prompt"):
                yield from ((row["prompt"], one["model"], one["text"]) for one in row["candidates"])


def _read_short(path: Path) -> Iterator[tuple[str, str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            for model, text in row.items():
                if model not in NOT_MODELS and row["question"]:
                    yield row["question"], model, text or ""
