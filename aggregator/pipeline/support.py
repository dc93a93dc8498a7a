"""Which candidates say what a fused answer says: its sentences aligned with theirs by letters."""

from collections.abc import Sequence

from aggregator.events import Support
from aggregator.pipeline.disagreements import clash, spell, split_sentences
from aggregator.pipeline.shapes import Draft

# On recorded answers no sentence about something else came as near; of the same prompt, one in nine did.
ALIKE = 0.45
_LENGTHS_ALIKE = 0.4
_SENTENCES = 40
SUPPORTS_SHOWN = 24
SUPPORT_CHARS = 160


def find_supports(answer: str, drafts: Sequence[Draft]) -> tuple[Support, ...]:
    """Return the answer's sentences that candidates say too, in its order, with each one's own words."""
    sentences = split_sentences(answer, _SENTENCES)
    said = [(draft.candidate, other) for draft in drafts for other in split_sentences(draft.text, _SENTENCES)]
    if not sentences or not said:
        return ()
    # What all say is common here, and yet no less the same.
    rows = spell([*sentences, *(other for _, other in said)], least=1.0)
    likeness = rows[: len(sentences)] @ rows[len(sentences) :].T
    found = []
    for place, sentence in enumerate(sentences):
        words: dict[str, str] = {}
        for column in (-likeness[place]).argsort():
            candidate, other = said[int(column)]
            if likeness[place, column] < ALIKE:
                break
            if candidate not in words and _says(sentence, other):
                words[candidate] = other[:SUPPORT_CHARS]
        if words:
            found.append(Support(sentence[:SUPPORT_CHARS], tuple(words), tuple(words.values())))
    return tuple(found[:SUPPORTS_SHOWN])


def _says(sentence: str, other: str) -> bool:
    shorter, longer = sorted((len(sentence), len(other)))
    return shorter >= _LENGTHS_ALIKE * longer and not clash(sentence, other)
