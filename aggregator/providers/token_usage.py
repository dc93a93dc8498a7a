"""Token counts: as providers report them, or an estimate that is said to be one (source "counted")."""

import re
from collections.abc import Iterable

from aggregator.providers.types import ChatMessage, TokenUsage

WIDE = re.compile(r"[ᄀ-ᇿ⺀-\u9fffꥠ-꥿가-퟿豈-\ufaff\uff00-\uffef]")
# Current tokenizers make about two tokens of three Hangul syllables and one of four Latin letters.
WIDE_CHARS_PER_TOKEN = 1.5
NARROW_CHARS_PER_TOKEN = 4.0
TOKENS_PER_MESSAGE = 4
REASONING_CHARS_PER_TOKEN = 3.0
# No model's window is near it, and no table has room for all that JSON calls a number.
MAX_TOKENS = 10_000_000


def parse_usage(read: object, written: object) -> TokenUsage | None:
    """Return what a provider says of a call, or None when these are no counts."""
    # Of the type itself: JSON's true is an int as well.
    if type(read) is not int or type(written) is not int:
        return None
    if not (0 <= read < MAX_TOKENS and 0 <= written < MAX_TOKENS):
        return None
    return TokenUsage(read, written, "provider")


def merge_usage(known: TokenUsage | None, told: TokenUsage | None) -> TokenUsage | None:
    """Join two reports of one call: providers repeat and complete them, and never take back."""
    if known is None or told is None:
        return told or known
    return TokenUsage(
        max(known.input_tokens, told.input_tokens), max(known.output_tokens, told.output_tokens), "provider"
    )


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text is; at least 1 for any text at all."""
    if not text:
        return 0
    wide = 0 if text.isascii() else len(WIDE.findall(text))
    return max(1, round(wide / WIDE_CHARS_PER_TOKEN + (len(text) - wide) / NARROW_CHARS_PER_TOKEN))


def estimate_usage(messages: Iterable[ChatMessage], text: str, reasoning_chars: int = 0) -> TokenUsage:
    """Return an estimated usage of a completion."""
    input_tokens = sum(TOKENS_PER_MESSAGE + estimate_tokens(message.text) for message in messages)
    thought_tokens = round(reasoning_chars / REASONING_CHARS_PER_TOKEN)
    return TokenUsage(input_tokens, estimate_tokens(text) + thought_tokens, "counted")
