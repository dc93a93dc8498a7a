"""The API key of a model's provider."""

from django.conf import settings

from aggregator.catalog.catalog import LanguageModel

# Local servers take any key, but the clients inside litellm require one.
PLACEHOLDER_KEY = "none"


def read_api_key(model: LanguageModel) -> str:
    """Return the API key of a model's provider; it is read every time, so that a changed key takes effect."""
    return (
        settings.READ_PROVIDER_SECRET(model.api_key_name) if model.api_key_name else ""
    ) or PLACEHOLDER_KEY
