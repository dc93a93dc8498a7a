"""Large invented inventories, and requests that look for something in them."""

import random
from collections.abc import Iterator

from ads.contract import AdRequest
from ads.money import LEAST_BID, TICK
from ads.selection.rows import CampaignRow, CreativeRow, GroupRow, Inventory, KeywordRow, TermRow

WORDS = 30_000
# Rivals for one phrase: four on average, a few phrases are fought over.
MOST_RIVALS = 60
MATCHES = ("exact", "phrase", "phrase", "broad", "broad")


def invent(ads: int, keywords: int, *, seed: int = 1) -> Inventory:
    """Return an inventory of that size whose words are as unevenly popular as real ones."""
    chance = random.Random(seed)
    phrases: dict[tuple[int, ...], int] = {}
    rows = _invent_keywords(chance, ads, keywords, phrases)
    campaigns = max(1, ads // 5)
    groups = tuple(_invent_group(chance, number, campaigns) for number in range(1, ads + 1))
    return Inventory(
        terms=(
            *(TermRow(number, f"word{number}") for number in range(1, WORDS + 1)),
            *(
                TermRow(term, f"phrase{term}", tokens=parts)
                for parts, term in phrases.items()
                if len(parts) > 1
            ),
        ),
        campaigns=tuple(
            CampaignRow(number, number % max(1, campaigns // 4) + 1, "travel", 0, 0, 3, LEAST_BID)
            for number in range(1, campaigns + 1)
        ),
        groups=groups,
        keywords=tuple(rows),
        categories=("travel",),
    )


def _invent_keywords(
    chance: random.Random, ads: int, keywords: int, phrases: dict[tuple[int, ...], int]
) -> list[KeywordRow]:
    rows: list[KeywordRow] = []
    while len(rows) < keywords:
        tokens = tuple(sorted({popular(chance) for _ in range(chance.choice((1, 2, 2, 2, 3, 3, 4)))}))
        if tokens in phrases:
            continue
        phrases[tokens] = tokens[0] if len(tokens) == 1 else WORDS + 1 + len(phrases)
        for _ in range(min(MOST_RIVALS, int(chance.paretovariate(1.3)))):
            bid = LEAST_BID + TICK * chance.randrange(100)
            group = chance.randrange(ads) + 1
            rows.append(KeywordRow(len(rows) + 1, group, phrases[tokens], chance.choice(MATCHES), bid))
    return rows


def _invent_group(chance: random.Random, number: int, campaigns: int) -> GroupRow:
    return GroupRow(
        id=number,
        campaign=number % campaigns + 1,
        language=chance.choice(("any", "ko", "ko", "en")),
        device=chance.choice(("any", "any", "mobile", "desktop")),
        topics=(),
        negatives=tuple({popular(chance) for _ in range(chance.randrange(3))}),
        creatives=(CreativeRow(number, chance.uniform(0.005, 0.03), chance.randrange(2000)),),
    )


def popular(chance: random.Random) -> int:
    """Return a word; the tenth most popular comes up ten times as often as the hundredth."""
    return int(WORDS ** chance.random())


def requests(terms: list[tuple[int, tuple[int, ...]]], count: int, *, seed: int = 2) -> Iterator[AdRequest]:
    """Yield requests: a phrase of the inventory with its words, and some words beside it."""
    chance = random.Random(seed)
    for number in range(count):
        term, tokens = chance.choice(terms)
        beside = [popular(chance) for _ in range(chance.randrange(1, 6))]
        ids = tuple(dict.fromkeys([term, *tokens, *beside]))[:12]
        language = chance.choice(("ko", "en"))
        device = chance.choice(("mobile", "desktop"))
        yield AdRequest(str(number), "below_answer", "v", ids, (), language, device, "pass")
