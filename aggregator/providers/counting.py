"""Token counts for providers that report none: an estimate, and said to be one (source "counted")."""

import re
from collections.abc import Iterable

from aggregator.providers.shapes import ChatMessage, TokenUsage

WIDE = re.compile(r"[ᄀ-ᇿ⺀-\u9fffꥠ-꥿가-퟿豈-\ufaff\uff00-\uffef]")
# Current tokenizers make about two tokens of three Hangul syllables and one of four Latin letters.
WIDE_PER_TOKEN = 1.5
NARROW_PER_TOKEN = 4.0
TOKENS_PER_MESSAGE = 4


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text is; at least 1 for any text at all."""
    if not text:
        return 0
    wide = 0 if text.isascii() else len(WIDE.findall(text))
    return max(1, round(wide / WIDE_PER_TOKEN + (len(text) - wide) / NARROW_PER_TOKEN))


def count_usage(messages: Iterable[ChatMessage], text: str) -> TokenUsage:
    """Return an estimated usage of a completion."""
    input_tokens = sum(TOKENS_PER_MESSAGE + estimate_tokens(message.text) for message in messages)
    return TokenUsage(input_tokens, estimate_tokens(text), "counted")
