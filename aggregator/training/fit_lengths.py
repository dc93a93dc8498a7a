"""Fits how many tokens an answer has from the features of its prompt, on one half of recorded answers."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge

from aggregator.pipeline.routing.answer_forecast import LENGTHS_FILE
from aggregator.pipeline.routing.prompt_topics import extract_static_features
from aggregator.providers.token_usage import estimate_tokens
from aggregator.training.agreement.passes import TRAIN_PASSES, list_passes, read_pass
from aggregator.training.recordings import read_json_lines, read_recorded_sets

OPEN_SETS = ("ko_arena", "alpaca_eval")
CHARS_PER_TOKEN = 4
_SHRINK = 2.0


@dataclass(frozen=True, slots=True)
class RecordedLengths:
    """A prompt with the tokens of the answers that models gave to it."""

    source: str
    prompt: str
    tokens: tuple[float, ...]

    @property
    def is_held_out(self) -> bool:
        """Whether it belongs to the half that is judged on, by the checksum of the prompt."""
        return bool(zlib.crc32(self.prompt.encode()) % 2)


def read_lengths(data: Path) -> Iterator[RecordedLengths]:
    """Yield the prompts with recorded answers: open ones, checkable ones, and short everyday questions."""
    for name in OPEN_SETS:
        for row in read_json_lines(data / "open_answers" / f"{name}.jsonl.gz"):
            texts = [each["text"] for each in row["candidates"] if each["model"] != "NullModel"]
            tokens = tuple(float(estimate_tokens(text)) for text in texts if text)
            yield RecordedLengths(name, row["prompt"], tokens)
    for recorded in read_recorded_sets(data):
        for row in recorded.rows:
            chars = recorded.chars.get(row["id"], {})
            lengths = [float(chars[model] or 0) for model in recorded.models if chars.get(model)]
            if row["question"] and any(lengths):
                tokens = tuple(max(1.0, length / CHARS_PER_TOKEN) for length in lengths)
                yield RecordedLengths(recorded.name, row["question"], tokens)
    for path in list_passes(TRAIN_PASSES):
        for question in read_pass(path):
            tokens = tuple(float(estimate_tokens(answer)) for answer in question["answers"])
            yield RecordedLengths("everyday", question["prompt"], tokens)


def fit_lengths(rows: Sequence[RecordedLengths]) -> None:
    """Fit the logarithm of the median length on the half that is fitted on, and write the file that ships."""
    known = [row for row in rows if not row.is_held_out]
    features = extract_static_features([row.prompt for row in known])
    targets = np.log([np.median(row.tokens) for row in known])
    ridge = Ridge(alpha=_SHRINK, solver="cholesky").fit(features, targets)
    np.savez_compressed(
        LENGTHS_FILE,
        weights=ridge.coef_.astype(np.float16),
        level=np.float32(ridge.intercept_),
        provenance=np.array("AlpacaEval, Ko-Arena-Hard, ZeroEval (all Apache-2.0), own everyday questions"),
    )
