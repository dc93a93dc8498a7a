"""Finds the candidates that support a fused answer's sentences, by similarity of character bigrams."""

from collections.abc import Sequence

from aggregator.domain.events import Support
from aggregator.pipeline.ranking.disagreements import is_contradiction, split_sentences, vectorise_bigrams
from aggregator.pipeline.types import Draft

# On recorded answers to other prompts no sentence was as similar; to the same prompt one in nine was.
MIN_SIMILARITY = 0.45
_MIN_LENGTH_RATIO = 0.4
_MAX_SENTENCES = 40
MAX_SUPPORTS = 24
MAX_SUPPORT_CHARS = 160


def find_supports(answer: str, drafts: Sequence[Draft]) -> tuple[Support, ...]:
    """Return the answer's sentences that candidates support, in order, with each candidate's own sentence."""
    sentences = split_sentences(answer, _MAX_SENTENCES)
    candidate_sentences = [
        (draft.candidate, other) for draft in drafts for other in split_sentences(draft.text, _MAX_SENTENCES)
    ]
    if not sentences or not candidate_sentences:
        return ()
    # A bigram in every sentence still counts: agreement is what is looked for.
    rows = vectorise_bigrams([*sentences, *(other for _, other in candidate_sentences)], min_weight=1.0)
    similarity = rows[: len(sentences)] @ rows[len(sentences) :].T
    found = []
    for row, sentence in enumerate(sentences):
        quotes: dict[str, str] = {}
        for column in (-similarity[row]).argsort():
            candidate, other = candidate_sentences[int(column)]
            if similarity[row, column] < MIN_SIMILARITY:
                break
            if candidate not in quotes and _is_supported_by(sentence, other):
                quotes[candidate] = other[:MAX_SUPPORT_CHARS]
        if quotes:
            found.append(Support(sentence[:MAX_SUPPORT_CHARS], tuple(quotes), tuple(quotes.values())))
    return tuple(found[:MAX_SUPPORTS])


def _is_supported_by(sentence: str, other: str) -> bool:
    shorter, longer = sorted((len(sentence), len(other)))
    return shorter >= _MIN_LENGTH_RATIO * longer and not is_contradiction(sentence, other)
