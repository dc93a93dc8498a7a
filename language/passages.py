"""Cuts a long text into passages of a sentence or two, each small enough to be judged by itself."""

import re
from dataclasses import dataclass

MAX_PASSAGE_CHARS = 120
MIN_PASSAGE_CHARS = 15
_END_OF_SENTENCE = re.compile(r"(?<=[.!?。…;]) ")


@dataclass(frozen=True, slots=True)
class Passage:
    """Some sentences of a text, and where they begin in it."""

    start: int
    text: str

    @property
    def stop(self) -> int:
        """Return where the passage ends."""
        return self.start + len(self.text)


def split_passages(plain: str) -> list[Passage]:
    """Return all of an undisguised text in order: sentences, long ones in parts, very short ones joined."""
    spans: list[tuple[int, int]] = []
    for start, stop in _split_spans(plain):
        before = spans[-1] if spans else None
        is_short = before is not None and min(stop - start, before[1] - before[0]) < MIN_PASSAGE_CHARS
        if before is not None and is_short and stop - before[0] <= MAX_PASSAGE_CHARS:
            spans[-1] = (before[0], stop)
        else:
            spans.append((start, stop))
    return [Passage(start, plain[start:stop]) for start, stop in spans]


def _split_spans(plain: str) -> list[tuple[int, int]]:
    spans = []
    ends = [found.end() for found in _END_OF_SENTENCE.finditer(plain)]
    for start, stop in zip([0, *ends], [*ends, len(plain)], strict=True):
        while stop - start > MAX_PASSAGE_CHARS:
            blank = plain.rfind(" ", start + MAX_PASSAGE_CHARS // 2, start + MAX_PASSAGE_CHARS) + 1
            middle = blank or start + MAX_PASSAGE_CHARS
            spans.append((start, middle))
            start = middle
        spans.append((start, stop))
    return spans
