"""Split a long text into passages of a sentence or two, which are classified one by one."""

import re
from dataclasses import dataclass

MAX_PASSAGE_CHARS = 120
MIN_PASSAGE_CHARS = 15
_END_OF_SENTENCE = re.compile(r"(?<=[.!?。…;]) ")


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a text, and the position where it starts."""

    start: int
    text: str

    @property
    def stop(self) -> int:
        """Return the position after its last character."""
        return self.start + len(self.text)


def split_passages(plain: str) -> list[Passage]:
    """Return all of a text in order: sentences, long ones cut into parts, very short ones joined."""
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
