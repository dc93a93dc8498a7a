"""Recorded answers as the page shows them: one prompt's answers, and long ones joined of several."""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

# The prompts of WildBench are not recorded, and those of AlpacaEval have short answers.
SETS = ("ko_arena", "alpaca_eval", "wildbench")
SEED = 20261201
# About one token of today's tokenizers: a syllable or two of Hangul, or up to five other characters.
PIECE = re.compile(r"\s*[가-힣]{1,2}|\s*[^\s가-힣]{1,5}|\s+")
# Of Markdown that costs a page more than plain paragraphs.
MARKUP = {
    "code": re.compile(r"^```\w", re.M),
    "table": re.compile(r"^\|[ :|-]+\|$", re.M),
    "formula": re.compile(r"\$\$|\\\[|\\\("),
    "list": re.compile(r"^\s*(?:[-*]|\d+\.) ", re.M),
}


@dataclass(frozen=True, slots=True)
class RecordedPrompt:
    """A prompt with the answers of some models."""

    prompt: str
    answers: tuple[str, ...]


def read_recorded_prompts(data: Path, *, answers: int) -> list[RecordedPrompt]:
    """Return what was recorded with at least so many answers, in one shuffled order; prompts may be empty."""
    folder = data / "open_answers"
    found = [prompt for name in SETS for prompt in _read(folder / f"{name}.jsonl.gz", answers)]
    Random(SEED).shuffle(found)
    return found


def _read(path: Path, answers: int) -> Iterator[RecordedPrompt]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            texts = tuple(each["text"] for each in row["candidates"] if each["text"].strip())
            if len(texts) >= answers:
                yield RecordedPrompt(row["prompt"], texts)


def cut_pieces(text: str) -> list[str]:
    """Cut a text into pieces of about one token."""
    return PIECE.findall(text)


def list_markup(text: str) -> set[str]:
    """Return the kinds of markup that a text has."""
    return {kind for kind, pattern in MARKUP.items() if pattern.search(text)}


def join_long_answers(prompts: list[RecordedPrompt], *, count: int, tokens: int) -> list[list[str]]:
    """Return so many answers of so many pieces, each joined of recorded answers with much markup."""
    # A fence that an answer leaves open would take in those after it.
    texts = [text for prompt in prompts for text in prompt.answers if text.count("```") % 2 == 0]
    rich = iter(sorted(texts, key=lambda text: len(list_markup(text)), reverse=True))
    joined: list[list[str]] = [[] for _ in range(count)]
    while any(len(pieces) < tokens for pieces in joined):
        for pieces in joined:
            if len(pieces) < tokens:
                pieces += ["\n\n", *cut_pieces(next(rich).strip())]
    return [pieces[1 : tokens + 1] for pieces in joined]
