"""Signed link tokens: an offer, a purpose and an expiry, with a truncated HMAC-SHA256.

TokenError > ForgedTokenError | ExpiredTokenError
"""

import base64
import binascii
import datetime
import hashlib
import hmac
import struct
import uuid
from enum import IntEnum

from django.conf import settings

TOKEN_VERSION = 1
MAC_BYTES = 16
_PAYLOAD = struct.Struct(">BBB16sI")


class LinkPurpose(IntEnum):
    """The purpose of a link; a token is valid for its own purpose only."""

    IMPRESSION = 1
    CLICK = 2
    FEEDBACK = 3


class TokenError(Exception):
    """The token is not valid."""


class ForgedTokenError(TokenError):
    """The signature is wrong, or the token is for another purpose."""


class ExpiredTokenError(TokenError):
    """The token is genuine but has expired; `offer` is its offer."""

    def __init__(self, offer: uuid.UUID) -> None:
        super().__init__("the token has expired")
        self.offer = offer


def sign_token(purpose: LinkPurpose, offer: uuid.UUID, *, at: datetime.datetime) -> str:
    """Return a token for this offer, valid for ADS_TOKEN_HOURS."""
    key = _keys()[0]
    expires = int(at.timestamp()) + settings.ADS_TOKEN_HOURS * 3600
    payload = _PAYLOAD.pack(TOKEN_VERSION, _key_id(key), purpose, offer.bytes, expires)
    return _encode(payload + _mac(key, payload))


def verify_token(token: str, purpose: LinkPurpose, *, at: datetime.datetime) -> uuid.UUID:
    """Return the offer of a token; raises TokenError."""
    raw = _decode(token)
    payload, mac = raw[: _PAYLOAD.size], raw[_PAYLOAD.size :]
    form, key_id, found, offer, expires = _PAYLOAD.unpack(payload)
    signed = [hmac.compare_digest(_mac(key, payload), mac) for key in _keys() if _key_id(key) == key_id]
    if form != TOKEN_VERSION or not any(signed) or found != purpose:
        raise ForgedTokenError("wrong signature or purpose")
    if at.timestamp() > expires:
        raise ExpiredTokenError(uuid.UUID(bytes=offer))
    return uuid.UUID(bytes=offer)


def _decode(token: str) -> bytes:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise ForgedTokenError("not a token") from error
    if len(raw) != _PAYLOAD.size + MAC_BYTES or _encode(raw) != token:
        raise ForgedTokenError("not a token")
    return raw


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _keys() -> list[bytes]:
    # The first key signs; a second one, after a comma, is accepted while it is rotated out.
    return [key.strip().encode() for key in settings.ADS_TOKEN_KEY.split(",") if key.strip()][:2]


def _key_id(key: bytes) -> int:
    return hashlib.sha256(b"ads key id" + key).digest()[0]


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.new(key, b"ads link" + payload, hashlib.sha256).digest()[:MAC_BYTES]


def service_key() -> str:
    """Return the bearer token of calls to the ad service; derived, so that it cannot sign links."""
    return hmac.new(_keys()[0], b"ads service", hashlib.sha256).hexdigest()
