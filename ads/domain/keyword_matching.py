"""Which words of a keyword are matched one by one, for publishing an inventory and for estimating reach."""

from language.keyphrases import normalise

MIN_TOKEN_LENGTH = 2
# Words of every sentence: a broad keyword does not require them, so they take no place among a request's ids.
STOP_WORDS = frozenset(
    ["a", "an", "and", "at", "for", "from", "in", "me", "my", "near", "of", "on", "or", "the", "to", "with"]
)


def split_phrase(text: str) -> list[str]:
    """Return the words of a phrase that match separately; an empty list when it only matches as a whole."""
    # A token below the minimum length would match everywhere, so a phrase with one is never split.
    tokens = [token for token in text.split() if token.lower() not in STOP_WORDS]
    is_split = len(tokens) > 1 and all(len(normalise(token)) >= MIN_TOKEN_LENGTH for token in tokens)
    return tokens if is_split else []
