"""The learned kind of answer that a question asks for: a regression over its endings and words."""

import gzip
import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

WEIGHTS = Path(__file__).with_name("question_kind.json.gz")
_END_CHARS, _PREFIX_CHARS = 5, 3
_DIGIT, _BLANKS = re.compile(r"\d"), re.compile(r"\s+")
_LATIN, _HANGUL = re.compile("[a-z']+"), re.compile("[가-힣]+")
_AFTER_END = "?!.~ㅋㅎㅠㅜ; "
# A table of features, each with a weight for every kind.
Weights = tuple[tuple[str, ...], tuple[float, ...], dict[str, tuple[float, ...]]]


def list_question_features(prompt: str, flags: Iterable[str]) -> set[str]:
    """Return the features of a question: its ending, first words, words, beginnings and ends of words."""
    text = _BLANKS.sub(" ", _DIGIT.sub("0", prompt.casefold())).strip()
    features = {f"flag {flag}" for flag in flags}
    bare = text.rstrip(_AFTER_END)
    features.update(f"end {bare[-size:]}" for size in range(1, _END_CHARS + 1))
    words = text.split()
    features.update(f"opens {word}" for word in words[:2])
    features.add(f"opens {' '.join(words[:2])}")
    features.update(f"word {word}" for word in _LATIN.findall(text))
    for word in _HANGUL.findall(text):
        for size in range(1, _PREFIX_CHARS + 1):
            features.add(f"head {word[:size]}")
            features.add(f"tail {word[-size:]}")
    return features


@cache
def load_question_kinds() -> Weights:
    """Return the kinds, their biases, and the weights of each feature."""
    document = json.loads(gzip.decompress(WEIGHTS.read_bytes()))
    table = {name: tuple(row) for name, row in document["weights"].items()}
    return tuple(document["kinds"]), tuple(document["bias"]), table


def guess_question_kind(prompt: str, flags: Iterable[str]) -> str:
    """Return the most probable kind of answer; `flags` say what readers found in the prompt."""
    kinds, bias, table = load_question_kinds()
    scores = list(bias)
    for name in list_question_features(prompt, flags):
        for index, weight in enumerate(table.get(name, ())):
            scores[index] += weight
    return kinds[max(range(len(kinds)), key=lambda index: scores[index])]
