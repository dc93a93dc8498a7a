"""Takes out of a text what neither UTF-8 nor a database can hold."""

import re

# JSON may name half a character (RFC 8259, 8.2); NUL is no character of PostgreSQL's texts.
SURROGATES = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\ufffd"


def sanitize_text(text: str) -> str:
    """Return the text without NUL, halves of characters replaced by the sign for what cannot be read."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text if text.isascii() else SURROGATES.sub(REPLACEMENT, text)
