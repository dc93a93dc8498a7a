"""Which candidates say what a fused answer says: its sentences aligned with theirs by letters."""

from collections.abc import Sequence

from aggregator.domain.events import Support
from aggregator.pipeline.ranking.disagreements import is_contradiction, split_sentences, vectorise_bigrams
from aggregator.pipeline.types import Draft

# On recorded answers no sentence about something else came as near; of the same prompt, one in nine did.
MIN_SIMILARITY = 0.45
_MIN_LENGTH_RATIO = 0.4
_MAX_SENTENCES = 40
MAX_SUPPORTS = 24
MAX_SUPPORT_CHARS = 160


def find_supports(answer: str, drafts: Sequence[Draft]) -> tuple[Support, ...]:
    """Return the answer's sentences that candidates say too, in its order, with each one's own words."""
    sentences = split_sentences(answer, _MAX_SENTENCES)
    said = [
        (draft.candidate, other) for draft in drafts for other in split_sentences(draft.text, _MAX_SENTENCES)
    ]
    if not sentences or not said:
        return ()
    # What all say is common here, and yet no less the same.
    rows = vectorise_bigrams([*sentences, *(other for _, other in said)], least=1.0)
    similarity = rows[: len(sentences)] @ rows[len(sentences) :].T
    found = []
    for place, sentence in enumerate(sentences):
        words: dict[str, str] = {}
        for column in (-similarity[place]).argsort():
            candidate, other = said[int(column)]
            if similarity[place, column] < MIN_SIMILARITY:
                break
            if candidate not in words and _is_supported_by(sentence, other):
                words[candidate] = other[:MAX_SUPPORT_CHARS]
        if words:
            found.append(Support(sentence[:MAX_SUPPORT_CHARS], tuple(words), tuple(words.values())))
    return tuple(found[:MAX_SUPPORTS])


def _is_supported_by(sentence: str, other: str) -> bool:
    shorter, longer = sorted((len(sentence), len(other)))
    return shorter >= _MIN_LENGTH_RATIO * longer and not is_contradiction(sentence, other)
