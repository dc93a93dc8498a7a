"""Signed links: which offer, for what, until when. Short, unforgeable, compared in constant time.

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
    """What a link is good for; a token of one purpose opens no other door."""

    IMPRESSION = 1
    CLICK = 2
    FEEDBACK = 3


class TokenError(Exception):
    """The token opens nothing."""


class ForgedTokenError(TokenError):
    """No key of ours signed this, or it is for another purpose."""


class ExpiredTokenError(TokenError):
    """Ours, but too old; `offer` still says which ad it was."""

    def __init__(self, offer: uuid.UUID) -> None:
        super().__init__("the token is too old")
        self.offer = offer


def sign_token(purpose: LinkPurpose, offer: uuid.UUID, *, at: datetime.datetime) -> str:
    """Return a token for this offer that lives as long as ADS_TOKEN_HOURS says."""
    key = _keys()[0]
    expires = int(at.timestamp()) + settings.ADS_TOKEN_HOURS * 3600
    payload = _PAYLOAD.pack(TOKEN_VERSION, _key_id(key), purpose, offer.bytes, expires)
    return _encode(payload + _mac(key, payload))


def verify_token(token: str, purpose: LinkPurpose, *, at: datetime.datetime) -> uuid.UUID:
    """Return the offer a token names; raises TokenError."""
    raw = _decode(token)
    payload, mac = raw[: _PAYLOAD.size], raw[_PAYLOAD.size :]
    form, key_id, found, offer, expires = _PAYLOAD.unpack(payload)
    signed = [hmac.compare_digest(_mac(key, payload), mac) for key in _keys() if _key_id(key) == key_id]
    if form != TOKEN_VERSION or not any(signed) or found != purpose:
        raise ForgedTokenError("no key of ours signed this for that purpose")
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
    # The first key signs; a second one, after a comma, is still accepted while links signed with it live.
    return [key.strip().encode() for key in settings.ADS_TOKEN_KEY.split(",") if key.strip()][:2]


def _key_id(key: bytes) -> int:
    return hashlib.sha256(b"ads key id" + key).digest()[0]


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.new(key, b"ads link" + payload, hashlib.sha256).digest()[:MAC_BYTES]


def service_key() -> str:
    """Return what the conversation side shows to the ad service: derived, so that it signs no links."""
    return hmac.new(_keys()[0], b"ads service", hashlib.sha256).hexdigest()
