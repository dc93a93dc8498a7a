"""Reads the items of a list, from bullets, table rows or a sentence, and compares two lists without order."""

import re
from collections.abc import Sequence

from aggregator.pipeline.agreement.readers.words import list_words, match_words
from aggregator.pipeline.agreement.segments import ITEM, ROW, AnswerText

Item = tuple[str, ...]
_HEAD_END = re.compile(r"\s[-–:]\s|:|：|\s\(|\(| - |\||,\s")
_SEPARATOR = re.compile(
    r"\s*(?:,|、|·|;|/|→|\+|&|\s그리고\s|\s및\s|\band\b|(?<=[가-힣])(?:이랑|하고|와|과|랑)\s)\s*", re.I
)
_MAX_ITEMS, _MAX_ITEM_WORDS = 16, 5


def _make_item(text: str, known: frozenset[str]) -> Item:
    folded = tuple(word for word, *_ in list_words(text) if word not in known)
    return folded[:_MAX_ITEM_WORDS]


def read_items(answer: AnswerText, known: frozenset[str]) -> list[Item]:
    """Return the items that an answer lists, each as its folded words without those of the question."""
    rows = [segment for segment in answer.segments if segment.kind in {ITEM, ROW}]
    if len(rows) >= 2:
        heads = [_HEAD_END.split(row.text.strip())[0] for row in rows]
        items = [_make_item(head, known) for head in heads]
    else:
        best = max(
            answer.segments,
            key=lambda each: (len(_SEPARATOR.split(each.text)) > 2, each.weight),
            default=None,
        )
        text = best.text if best else ""
        text = re.sub(r"\([^)]*\)", " ", text)
        head, colon, tail = text.partition(":")
        items = [
            _make_item(part, known) for part in _SEPARATOR.split(tail if colon and tail.strip() else head)
        ]
    return [item for item in items if item][:_MAX_ITEMS]


def _match_items(one: Item, other: Item) -> bool:
    shorter, longer = sorted((one, other), key=len)
    hits = sum(max(match_words(word, each) for each in longer) >= 0.75 for word in shorter)
    return hits >= max(1, round(0.6 * len(shorter)))


def measure_list_overlap(one: Sequence[Item], other: Sequence[Item]) -> tuple[float, float]:
    """Return the shared items as a share of all items, and of the shorter list."""
    if not one or not other:
        return 0.0, 0.0
    shared = sum(any(_match_items(item, each) for each in other) for item in one)
    back = sum(any(_match_items(item, each) for each in one) for item in other)
    shared = min(shared, back)
    return shared / max(len(one), len(other)), shared / min(len(one), len(other))
