"""Words, phrases and prompts that people wrote, in Korean and English, for benches of ad selection."""

import csv
import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from bench.report import ROOT, find_ads_folder
from bench.turns.prompts.recorded import read_recorded
from language.keyphrases import normalise
from language.particles import is_hangul, strip_particle

LONGEST_PHRASE = 4
WORD = re.compile(r"[가-힣]{2,}|[a-z][a-z0-9'-]+|[0-9]+[a-z]*")
Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShopTexts:
    """The words of shops' and shoppers' texts, the most frequent first, and the phrases in those texts."""

    words: tuple[str, ...]
    phrases: tuple[Phrase, ...]


def read_shop_texts(data: Path, *, most_words: int) -> ShopTexts:
    """Return the words and phrases of products' titles and of texts that ask for something to buy."""
    counts: Counter[str] = Counter()
    found: dict[Phrase, None] = {}
    for text in _read_products(find_ads_folder(data)):
        words = _words_of(text)
        counts.update(words)
        for start in range(len(words)):
            for length in range(1, LONGEST_PHRASE + 1):
                found[tuple(words[start : start + length])] = None
    words = [word for word, _ in counts.most_common(most_words)]
    known = set(words)
    return ShopTexts(tuple(words), tuple(phrase for phrase in found if known.issuperset(phrase)))


def read_prompts(data: Path, count: int, *, seed: int = 5) -> list[str]:
    """Return up to `count` distinct prompts: half of them of shoppers, half of people who ask anything."""
    rng = random.Random(seed)
    recorded = read_recorded(data)
    open_prompts = [text for texts in recorded.values() for text in texts]
    searched = list(dict.fromkeys(_read_searches(find_ads_folder(data))))
    for texts in (open_prompts, searched):
        rng.shuffle(texts)
    searched = searched[: count // 2]
    prompts = list(dict.fromkeys([*searched, *open_prompts[: count - len(searched)]]))
    rng.shuffle(prompts)
    return prompts


def is_korean(text: str) -> bool:
    """Return whether a text has a Korean syllable."""
    return any(map(is_hangul, text))


def _words_of(text: str) -> list[str]:
    words = (strip_particle(word) if is_hangul(word[0]) else word for word in WORD.findall(text.casefold()))
    return [word for word in words if len(normalise(word)) > 1]


def _read_products(ads: Path) -> Iterator[str]:
    with gzip.open(ads / "crowdflower" / "pairs.csv.gz", "rt", encoding="utf-8", newline="") as file:
        yield from dict.fromkeys(row["product_title"] for row in csv.DictReader(file))
    yield from (row["ad_title"] for row in _read_table(ads / "gem_ca_prod" / "products.tsv"))
    yield from _read_safe_lines()


def _read_searches(ads: Path) -> Iterator[str]:
    suggestions = ads / "algolia_bestbuy_queries" / "instant_search_demo_query_suggestions.json"
    yield from (row["query"] for row in json.loads(suggestions.read_text(encoding="utf-8")))
    yield from (row["query"] for row in _read_table(ads / "wands_queries" / "query.csv"))
    yield from (unquote(row["query_text"]) for row in _read_table(ads / "gem_ca_prod" / "queries.tsv"))
    yield from _read_safe_lines()


def _read_safe_lines() -> Iterator[str]:
    for path in sorted((ROOT / "data" / "sensitivity" / "train").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = map(json.loads, lines)
            yield from (row["text"] for row in rows if row["label"] == "safe" and row["class"] == "commerce")


def _read_table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))
