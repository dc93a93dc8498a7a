"""Writes of API keys: issue, record use, revoke."""

import hashlib
import secrets

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from aggregator.models import ApiKey
from aggregator.services.refusal import Refusal

KEY_PREFIX = "jjp-"
MAX_ACTIVE_KEYS = 20


@transaction.atomic
def issue_api_key(*, owner: User, name: str) -> str:
    """Return a new key; only its digest is stored, so it cannot be shown again.

    Raises Refusal if its owner has too many; requests of one owner wait for each other.
    """
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    if ApiKey.objects.filter(owner_id=owner.pk, revoked_at=None).count() >= MAX_ACTIVE_KEYS:
        raise Refusal("keys_reached")
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    ApiKey.objects.create(owner_id=owner.pk, name=name[:60], prefix=key[:10], digest=digest_of(key))
    return key


def digest_of(key: str) -> str:
    """Return the digest under which a key is stored and looked up."""
    return hashlib.sha256(key.encode()).hexdigest()


def has_active_api_key(*, owner: User, name: str) -> bool:
    """Return whether an owner has a key of this name that is not revoked."""
    return ApiKey.objects.filter(owner_id=owner.pk, name=name, revoked_at=None).exists()


def revoke_api_key(*, key: ApiKey) -> None:
    """Revoke a key."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())


def record_key_use(*, key: ApiKey) -> None:
    """Store that a key was used now."""
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=timezone.now())
