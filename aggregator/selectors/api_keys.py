"""Reads of API keys."""

import uuid

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F

from aggregator.models import ApiKey

MAX_LISTED_KEYS = 100


def find_api_key(digest: str) -> ApiKey | None:
    """Return an active key with its owner, or None if it is unknown, revoked or its owner is deactivated."""
    return (
        ApiKey.objects.select_related("owner")
        .filter(digest=digest, revoked_at=None, owner__is_active=True)
        .first()
    )


def find_own_api_key(owner: AbstractBaseUser, public_id: uuid.UUID) -> ApiKey | None:
    """Return one of a person's keys, or None."""
    return ApiKey.objects.filter(owner_id=owner.pk, public_id=public_id).first()


def list_api_keys(owner: AbstractBaseUser) -> list[ApiKey]:
    """Return a person's keys, the newest first, revoked ones last."""
    keys = ApiKey.objects.filter(owner_id=owner.pk)
    return list(keys.order_by(F("revoked_at").asc(nulls_first=True), "-created_at")[:MAX_LISTED_KEYS])
