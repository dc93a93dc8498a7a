"""Removes from a text what neither UTF-8 nor PostgreSQL can store."""

import re

# JSON may hold lone surrogates (RFC 8259, section 8.2); PostgreSQL's text type holds no NUL.
SURROGATES = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\ufffd"


def sanitize_text(text: str) -> str:
    """Return the text without NUL, with lone surrogates replaced by U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text if text.isascii() else SURROGATES.sub(REPLACEMENT, text)
