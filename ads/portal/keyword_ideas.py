"""Keyword ideas for a category and a text: from the vocabulary, the market and the demo.

Nothing that a single rival bids on is suggested, and small counts are not reported.
"""

import logging
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import redis

from ads.demo.load import read_demo
from ads.domain.keyword_matching import MIN_TOKEN_LENGTH, split_phrase
from ads.models import AdGroup, Keyword
from ads.reporting.market_demand import list_shared_keywords, requests_a_week
from ads.reporting.reach_estimate import MIN_REPORTED, TermTable, round_count
from ads.selection.serving.snapshots import serving_state
from ads.selection.serving.vocabulary import read_vocabulary
from language.keyphrases import normalise
from language.lookup import find_lookup

logger = logging.getLogger(__name__)

MAX_IDEAS = 20
HANGUL = re.compile("[가-힣]")
SEED_CHARS = 4_000

IdeaSource = Literal["page", "market", "demo"]


@dataclass(frozen=True, slots=True)
class KeywordIdea:
    """A suggested keyword; without a count, fewer than MIN_REPORTED requests a week named it."""

    text: str
    match: str
    source: IdeaSource
    requests_a_week: int | None = None

    @property
    def match_label(self) -> str:
        """The match type, translated."""
        return str(Keyword.Match(self.match).label)


def suggest_keywords(
    *, category: str, language: str, seeds: Sequence[str], taken: Collection[str], limit: int = MAX_IDEAS
) -> tuple[KeywordIdea, ...]:
    """Return keywords for an ad of this category: words of the seeds first, then in their language.

    `taken` are texts that the ad group has already.
    """
    seed = " ".join(seeds)[:SEED_CHARS]
    shared = list_shared_keywords(category, language=language, limit=2 * limit)
    market = [KeywordIdea(text, _match_of(text), "market") for text in shared]
    ideas = [*_ideas_in(seed), *market, *_demo_ideas(category, language)]
    known, seed_key = {normalise(text) for text in taken}, normalise(seed)
    distinct: dict[str, KeywordIdea] = {}
    for idea in ideas:
        key = normalise(idea.text)
        if key and key not in known:
            distinct.setdefault(key, idea)
    counts = requests_a_week(idea.text for idea in distinct.values())
    ranked = [
        KeywordIdea(idea.text, idea.match, idea.source, _reported(counts.get(key, 0)))
        for key, idea in distinct.items()
    ]
    spread = Counter(word for idea in ranked for word in _words_of(idea))
    in_korean = bool(HANGUL.search(seed))

    def place(idea: KeywordIdea) -> tuple[float, bool, int]:
        is_foreign = bool(seed) and bool(HANGUL.search(idea.text)) != in_korean
        return -_nearness(idea, seed_key, spread), is_foreign, -(idea.requests_a_week or 0)

    ranked.sort(key=place)
    return tuple(ranked[:limit])


def _ideas_in(seed: str) -> list[KeywordIdea]:
    """Return the words of the vocabulary that the text contains, without words that only exclude."""
    if not seed.strip():
        return []
    try:
        snapshot = serving_state().snapshot
    except redis.RedisError:
        logger.warning("no keyword ideas from the text: Valkey is unavailable")
        return []
    vocabulary, terms = read_vocabulary(snapshot), TermTable(snapshot)
    texts = dict(vocabulary.terms)
    lookup = find_lookup(vocabulary.version, vocabulary.terms, vocabulary.negatives)
    found = (number for number in lookup.index.find_all(seed) if number not in vocabulary.negatives)
    return [
        KeywordIdea(texts[number], _match_of(texts[number]), "page")
        for number in found
        if terms.find(number) is not None
    ]


def _demo_ideas(category: str, language: str) -> Iterable[KeywordIdea]:
    for entry in read_demo():
        if entry["category"] == category and language in (AdGroup.Language.ANY, entry["language"]):
            for match in (Keyword.Match.PHRASE, Keyword.Match.BROAD):
                for text in entry.get(match.value, ()):
                    yield KeywordIdea(text, match.value, "demo")


def _nearness(idea: KeywordIdea, seed_key: str, spread: Mapping[str, int]) -> float:
    """Return how much of the idea the seeds name; a word that few ideas have says more than a common one."""
    if idea.source == "page":
        return math.inf
    return sum(1 / spread[word] for word in _words_of(idea) if word in seed_key)


def _words_of(idea: KeywordIdea) -> set[str]:
    words = (normalise(word) for word in idea.text.split())
    return {word for word in words if len(word) >= MIN_TOKEN_LENGTH}


def _reported(count: int) -> int | None:
    return round_count(count) if count >= MIN_REPORTED else None


def _match_of(text: str) -> str:
    """Return the match type that suits a keyword: words may stand apart, one word must be in the question."""
    return Keyword.Match.BROAD.value if split_phrase(text) else Keyword.Match.PHRASE.value
