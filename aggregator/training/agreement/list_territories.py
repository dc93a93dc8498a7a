"""Lists names of countries: `python -m aggregator.training.agreement.list_territories`.

They are the Korean and English ones of the Unicode Common Locale Data Repository (Unicode License v3), as
Babel ships it.
"""

import json

from babel import Locale

from aggregator.pipeline.agreement.readers.territories import NAMES


def list_territories() -> dict[str, str]:
    """Return the codes of countries by their names in lower case, without blanks."""
    codes: dict[str, str] = {}
    for language in ("ko", "en"):
        for code, name in Locale(language).territories.items():
            if code.isalpha():
                codes.setdefault("".join(name.casefold().split()), code)
    return codes


def main() -> None:
    """Write the names beside the code that reads them."""
    NAMES.write_text(json.dumps(list_territories(), ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
