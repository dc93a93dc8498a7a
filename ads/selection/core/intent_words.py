"""Vocabulary words that signal an intent to buy or to make; part of every published snapshot."""

import tomllib
from functools import cache
from pathlib import Path

from ads.selection.core.inventory import BUYING, MAKING

_FILE = Path(__file__).with_name("intent_words.toml")


@cache
def intent_words() -> tuple[tuple[str, int], ...]:
    """Return each word with its kind, BUYING or MAKING."""
    entries = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    buying = [(word, BUYING) for word in entries["buying"]]
    return (*buying, *((word, MAKING) for word in entries["making"]))
