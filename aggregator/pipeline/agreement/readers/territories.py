"""Compares the Korean and English names of countries: 중국 and China share no sound."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

# Written by `python -m aggregator.training.agreement.list_territories`.
NAMES = Path(__file__).with_name("territories.json")
# What people call them beside the names of the Unicode locale data.
_ALIASES = {
    "한국": "KR", "korea": "KR", "usa": "US", "us": "US", "america": "US", "uk": "GB", "britain": "GB",
    "greatbritain": "GB", "england": "GB", "turkey": "TR", "터키": "TR", "holland": "NL", "uae": "AE",
    "체코공화국": "CZ", "czechrepublic": "CZ",
}  # fmt: skip


@cache
def _load_codes() -> Mapping[str, str]:
    """Return the codes of countries by their names in lower case, without blanks."""
    codes: dict[str, str] = json.loads(NAMES.read_text(encoding="utf-8"))
    return codes | _ALIASES


def name_one_territory(one: str, other: str) -> bool:
    """Return whether two words, without blanks, name one country in two languages."""
    codes = _load_codes()
    found = codes.get(one.casefold())
    return found is not None and found == codes.get(other.casefold())
