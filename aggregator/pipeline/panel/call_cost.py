"""What a call costs its person's share of a model's permits."""

from collections.abc import Sequence

from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.chat_messages import count_message_tokens
from aggregator.pipeline.routing.answer_forecast import expect_seconds
from aggregator.providers import ChatMessage


def expect_call_seconds(model: LanguageModel, messages: Sequence[ChatMessage], output_tokens: int) -> float:
    """Return for how many seconds a call is expected to hold its permit; its end corrects it."""
    return expect_seconds(model, count_message_tokens(messages), output_tokens)
