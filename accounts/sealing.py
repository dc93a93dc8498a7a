"""Encrypts secrets that the database stores, with keys that it does not store (ADR 23)."""

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

KEY_PURPOSE = b"jjamppong sealing"
# Provider keys are opened for each call to a model.
CACHE_SIZE = 256


class UnreadableSecretError(Exception):
    """A sealed secret is opened by none of the keys of this installation."""


def seal(text: str) -> str:
    """Return a text as a token that only the keys of this installation open; equal texts differ as tokens."""
    return _load_fernet(_read_secrets()).encrypt(text.encode()).decode("ascii")


def open_sealed(token: str) -> str:
    """Return the text of a token; raises UnreadableSecretError."""
    return _open(_read_secrets(), token)


def reseal(token: str) -> str:
    """Return a token for the same text by the first key; raises UnreadableSecretError."""
    try:
        return _load_fernet(_read_secrets()).rotate(token.encode()).decode("ascii")
    except InvalidToken:
        raise _make_error() from None


@lru_cache(CACHE_SIZE)
def _open(secrets: tuple[str, ...], token: str) -> str:
    try:
        return _load_fernet(secrets).decrypt(token.encode()).decode()
    except InvalidToken:
        raise _make_error() from None


def _read_secrets() -> tuple[str, ...]:
    return tuple(settings.SEALING_SECRETS)


@lru_cache(4)
def _load_fernet(secrets: tuple[str, ...]) -> MultiFernet:
    """Return a cipher that encrypts by the first secret and decrypts by each."""
    return MultiFernet([Fernet(_derive_key(secret)) for secret in secrets])


def _derive_key(secret: str) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=KEY_PURPOSE)
    return urlsafe_b64encode(kdf.derive(secret.encode()))


def _make_error() -> UnreadableSecretError:
    return UnreadableSecretError("no key of SEALING_SECRETS opens this secret")
