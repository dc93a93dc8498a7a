"""Recorded prompts of people and of question sets, by language, where a data folder holds them."""

import csv
import gzip
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

LEAST_CHARS, MOST_CHARS = 10, 400
OPEN_ANSWERS = ("ko_arena", "alpaca_eval")
# Sets whose prompts are no benchmark's instructions.
ROUTED_TOPICS = {"natural_qa", "trivia_qa", "gsm8k", "mbpp", "commonsense_qa"}
HANGUL = re.compile(r"[가-힣]")


def read_recorded(data: Path) -> dict[str, list[str]]:
    """Return the distinct prompts of a data folder by language; empty where it holds none."""
    found: dict[str, dict[str, None]] = {"ko": {}, "en": {}}
    for read in (_read_open, _read_small_talk, _read_routed):
        for text in _read_if_present(read, data):
            text = " ".join(text.split())
            if LEAST_CHARS <= len(text) <= MOST_CHARS:
                found["ko" if HANGUL.search(text) else "en"][text] = None
    return {language: list(texts) for language, texts in found.items()}


def read_sensitive(data: Path) -> list[str]:
    """Return recorded questions that were labelled as sensitive; empty where the folder holds none."""
    return _read_if_present(_read_square, data)


def _read_if_present(read: Callable[[Path], Iterable[str]], data: Path) -> list[str]:
    try:
        return list(read(data))
    except FileNotFoundError:
        return []


def _read_open(data: Path) -> Iterable[str]:
    for name in OPEN_ANSWERS:
        with gzip.open(data / "open_answers" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            yield from (json.loads(line)["prompt"] for line in lines)


def _read_small_talk(data: Path) -> Iterable[str]:
    with gzip.open(data / "ads" / "ko_chatbot" / "ChatbotData.csv.gz", "rt", encoding="utf-8") as file:
        yield from (row["Q"] for row in csv.DictReader(file))


def _read_routed(data: Path) -> Iterable[str]:
    with gzip.open(data / "routing" / "llmrouter.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["topic"] in ROUTED_TOPICS:
                yield row["prompt"]


def _read_square(data: Path) -> Iterable[str]:
    file = data / "ads" / "ko_square_sensitive" / "question_valid.json.gz"
    with gzip.open(file, "rt", encoding="utf-8") as document:
        yield from (row["question"] for row in json.load(document) if row["sensitive?"])
