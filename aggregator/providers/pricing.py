"""What a completion cost."""

from aggregator.catalog.catalog import LanguageModel
from aggregator.providers.types import TokenUsage


def cost_micros(model: LanguageModel, usage: TokenUsage) -> int:
    """Return the price of a completion in micros of won, at the model's price as offered here."""
    return usage.input_tokens * model.input_price_micros + usage.output_tokens * model.output_price_micros
