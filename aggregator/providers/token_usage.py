"""Token counts of calls, as providers report them or as estimated here (source "counted"), and their cost."""

import re
from collections.abc import Iterable

from aggregator.catalog.catalog import LanguageModel
from aggregator.providers.types import ChatMessage, TokenUsage

WIDE = re.compile(r"[ᄀ-ᇿ⺀-\u9fffꥠ-꥿가-퟿豈-\ufaff\uff00-\uffef]")
# Current tokenizers make about two tokens of three Hangul syllables and one of four Latin letters.
WIDE_CHARS_PER_TOKEN = 1.5
NARROW_CHARS_PER_TOKEN = 4.0
TOKENS_PER_MESSAGE = 4
_TEMPLATE_TOKENS = 8
REASONING_CHARS_PER_TOKEN = 3.0
# More than any context window, and less than the database's integers hold.
MAX_TOKENS = 10_000_000


def parse_usage(input_tokens: object, output_tokens: object) -> TokenUsage | None:
    """Return the usage that a provider reports, or None when the values are not counts."""
    # Booleans are ints too, so the exact type is checked.
    if type(input_tokens) is not int or type(output_tokens) is not int:
        return None
    if not (0 <= input_tokens < MAX_TOKENS and 0 <= output_tokens < MAX_TOKENS):
        return None
    return TokenUsage(input_tokens, output_tokens, "provider")


def merge_usage(known: TokenUsage | None, update: TokenUsage | None) -> TokenUsage | None:
    """Merge two reports of one call: a provider repeats or completes its counts, and never lowers them."""
    if known is None or update is None:
        return update or known
    return TokenUsage(
        max(known.input_tokens, update.input_tokens),
        max(known.output_tokens, update.output_tokens),
        "provider",
    )


def estimate_tokens(text: str) -> int:
    """Return the estimated tokens of a text; at least 1 for any text but the empty one."""
    if not text:
        return 0
    wide = 0 if text.isascii() else len(WIDE.findall(text))
    return max(1, round(wide / WIDE_CHARS_PER_TOKEN + (len(text) - wide) / NARROW_CHARS_PER_TOKEN))


def cost_micros(model: LanguageModel, usage: TokenUsage) -> int:
    """Return the cost of a completion at the model's offered price, in micros of won."""
    return usage.input_tokens * model.input_price_micros + usage.output_tokens * model.output_price_micros


def overestimate_tokens(text: str) -> int:
    """Return a high estimate of a message's tokens: one for every three bytes of UTF-8, and the template's.

    It decides what fits a context window and what a call is expected to cost, so it errs on the high side.
    """
    return len(text.encode()) // 3 + _TEMPLATE_TOKENS


def estimate_usage(messages: Iterable[ChatMessage], text: str, reasoning_chars: int = 0) -> TokenUsage:
    """Return the estimated usage of a completion."""
    input_tokens = sum(TOKENS_PER_MESSAGE + estimate_tokens(message.text) for message in messages)
    reasoning_tokens = round(reasoning_chars / REASONING_CHARS_PER_TOKEN)
    return TokenUsage(input_tokens, estimate_tokens(text) + reasoning_tokens, "counted")
