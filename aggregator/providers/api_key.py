"""The API key of a model's provider, opened in the process that calls it."""

from django.conf import settings

from accounts.sealing import UnreadableSecretError, open_sealed
from aggregator.catalog.catalog import LanguageModel
from aggregator.providers.errors import AuthFailed

# Local servers take any key, but the clients inside litellm require one.
PLACEHOLDER_KEY = "none"


def read_api_key(model: LanguageModel) -> str:
    """Return the key of a call, the account's or the environment's; raises AuthFailed.

    It is read every time, so that a changed key takes effect.
    """
    if model.account:
        key = open_key(model.sealed_key)
    else:
        key = settings.READ_PROVIDER_SECRET(model.api_key_name) if model.api_key_name else ""
    return key or PLACEHOLDER_KEY


def open_key(sealed: str) -> str:
    """Return the key of an account, empty where it has none; raises AuthFailed if it cannot be opened."""
    try:
        return open_sealed(sealed) if sealed else ""
    except UnreadableSecretError:
        raise AuthFailed("no key of this installation opens the account's key") from None
