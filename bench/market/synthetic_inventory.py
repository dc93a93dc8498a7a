"""Large synthetic inventories, and requests that match them."""

import random
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ads.contract import AdRequest
from ads.domain.keyword_matching import STOP_WORDS
from ads.domain.money import BID_STEP, MIN_BID
from ads.selection.core.click_model import BUCKETS
from ads.selection.core.index import Snapshot
from ads.selection.core.inventory import (
    CampaignRow,
    ClickWeights,
    CreativeRow,
    GroupRow,
    Inventory,
    KeywordRow,
    TermRow,
)
from bench.market.shop_texts import ShopTexts

WORDS = 30_000
# The versions that the two snapshots of a swap are published as.
VERSIONS = ("one", "other")
# Ads that compete for one phrase: four on average, many more for a few phrases (Pareto distributed).
MAX_RIVALS = 60
MATCHES = ("exact", "phrase", "phrase", "broad", "broad")
Popular = Callable[[random.Random], int]
NO_TEXTS = ShopTexts((), ())


def draw_popular_word(rng: random.Random) -> int:
    """Return a word by Zipf's law: the tenth most popular comes up ten times as often as the hundredth."""
    return int(WORDS ** rng.random())


def draw_contested_word(rng: random.Random) -> int:
    """Return a word; four of ten are one of the same hundred, and one of forty is the same one."""
    return min(WORDS, int(rng.paretovariate(0.35)) + rng.randrange(60))


def generate_inventory(
    ads: int, keywords: int, *, is_dense: bool = False, texts: ShopTexts = NO_TEXTS, seed: int = 1
) -> Inventory:
    """Return an inventory whose words are as unevenly popular as real ones, or far more so if dense.

    Words are those of the texts, as far as there are enough, and so are the phrases unless it is dense.
    """
    rng = random.Random(seed)
    word = draw_contested_word if is_dense else draw_popular_word
    phrases: dict[tuple[int, ...], int] = {}
    if is_dense:
        rows = _generate_contested_keywords(rng, ads, keywords, phrases)
    else:
        rows = _generate_keywords(rng, ads, keywords, phrases, _draw_phrases(rng, texts))
    campaigns = max(1, ads // 5)
    return Inventory(
        terms=tuple(_name_terms(phrases, texts.words)),
        campaigns=tuple(
            CampaignRow(number, number % max(1, campaigns // 4) + 1, "travel", 0, 0, 3, MIN_BID)
            for number in range(1, campaigns + 1)
        ),
        groups=tuple(_generate_group(rng, number, campaigns, word) for number in range(1, ads + 1)),
        keywords=tuple(rows),
        categories=("travel",),
        click_weights=_generate_click_weights(seed),
    )


def _name_terms(phrases: dict[tuple[int, ...], int], words: Sequence[str]) -> Iterator[TermRow]:
    texts = [*words[:WORDS], *(f"word{number}" for number in range(len(words) + 1, WORDS + 1))]
    for number, text in enumerate(texts, start=1):
        yield TermRow(number, text)
    for parts, term in phrases.items():
        if len(parts) > 1:
            # A request covers the words of a phrase that are no stop words.
            tokens = tuple(part for part in parts if texts[part - 1] not in STOP_WORDS)
            yield TermRow(term, " ".join(texts[part - 1] for part in parts), tokens=tokens)


def _generate_click_weights(seed: int) -> ClickWeights:
    # A trained model: a third of the weights are not zero.
    random = np.random.default_rng(seed)
    weights = np.where(random.random(BUCKETS) < 1 / 3, random.normal(0, 0.05, BUCKETS), 0)
    return ClickWeights(1, 0.9, 1.02, weights.astype(np.float32))


def _generate_keywords(
    rng: random.Random,
    ads: int,
    keywords: int,
    phrases: dict[tuple[int, ...], int],
    drawn: Iterator[tuple[int, ...]],
) -> list[KeywordRow]:
    rows: list[KeywordRow] = []
    while len(rows) < keywords:
        tokens = next(drawn)
        if tokens in phrases:
            continue
        phrases[tokens] = tokens[0] if len(tokens) == 1 else WORDS + 1 + len(phrases)
        for _ in range(min(MAX_RIVALS, int(rng.paretovariate(1.3)))):
            rows.append(_keyword(rng, len(rows) + 1, rng.randrange(ads) + 1, phrases[tokens]))
    return rows


def _draw_phrases(rng: random.Random, texts: ShopTexts) -> Iterator[tuple[int, ...]]:
    numbers = {word: number for number, word in enumerate(texts.words, start=1)}
    for phrase in rng.sample(texts.phrases, len(texts.phrases)):
        if len(set(phrase)) == len(phrase) and not STOP_WORDS.issuperset(phrase):
            yield tuple(numbers[word] for word in phrase)
    while True:
        yield _phrase(rng, draw_popular_word)


def _generate_contested_keywords(
    rng: random.Random, ads: int, keywords: int, phrases: dict[tuple[int, ...], int]
) -> list[KeywordRow]:
    # Phrases are drawn independently, so hundreds of ads compete for the same words.
    rows = []
    for number in range(keywords):
        tokens = _phrase(rng, draw_contested_word)
        fresh = tokens[0] if len(tokens) == 1 else WORDS + 1 + len(phrases)
        rows.append(_keyword(rng, number + 1, number % ads + 1, phrases.setdefault(tokens, fresh)))
    return rows


def _phrase(rng: random.Random, word: Popular) -> tuple[int, ...]:
    return tuple(sorted({word(rng) for _ in range(rng.choice((1, 2, 2, 2, 3, 3, 4)))}))


def _keyword(rng: random.Random, number: int, group: int, term: int) -> KeywordRow:
    bid = MIN_BID + BID_STEP * rng.randrange(100)
    return KeywordRow(number, group, term, rng.choice(MATCHES), bid, fit=rng.uniform(0.85, 1.15))


def _generate_group(rng: random.Random, number: int, campaigns: int, word: Popular) -> GroupRow:
    return GroupRow(
        id=number,
        campaign=number % campaigns + 1,
        language=rng.choice(("any", "ko", "ko", "en")),
        device=rng.choice(("any", "any", "mobile", "desktop")),
        topics=(),
        negatives=tuple({word(rng) for _ in range(rng.randrange(3))}),
        creatives=(CreativeRow(number, rng.uniform(0.005, 0.03), rng.randrange(2000)),),
    )


def list_phrases(snapshot: Snapshot) -> list[tuple[int, tuple[int, ...]]]:
    """Return the terms of several words, each with the ids of its words."""
    start = snapshot.term_token_start
    ids = snapshot.term_ids
    phrases = np.flatnonzero(start[1:] > start[:-1])[:50_000]
    return [
        (int(ids[term]), tuple(ids[snapshot.term_tokens[start[term] : start[term + 1]]].tolist()))
        for term in phrases
    ]


def generate_requests(
    terms: list[tuple[int, tuple[int, ...]]], count: int, *, is_dense: bool = False, seed: int = 2
) -> Iterator[AdRequest]:
    """Yield requests: a phrase of the inventory with its words, and some other words."""
    rng = random.Random(seed)
    word = draw_contested_word if is_dense else draw_popular_word
    for number in range(count):
        term, tokens = rng.choice(terms)
        beside = [word(rng) for _ in range(rng.randrange(1, 6))]
        ids = tuple(dict.fromkeys([term, *tokens, *beside]))[:12]
        language = rng.choice(("ko", "en"))
        device = rng.choice(("mobile", "desktop"))
        yield AdRequest(str(number), "below_answer", "v", ids, (), language, device, "pass")
