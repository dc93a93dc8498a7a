"""The words of the vocabulary that tell buying from making; they come with every publication."""

import tomllib
from functools import cache
from pathlib import Path

from ads.selection.core.inventory import BUYING, MAKING

_FILE = Path(__file__).with_name("lexicon.toml")


@cache
def intent_words() -> tuple[tuple[str, int], ...]:
    """Return each word with its kind."""
    entries = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    buying = [(word, BUYING) for word in entries["buying"]]
    return (*buying, *((word, MAKING) for word in entries["making"]))
