"""Reads: whether an account has a second factor, and whether a session has used it."""

from dataclasses import dataclass
from datetime import datetime

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from accounts.models import User

TYPE = Authenticator.Type


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """The authenticator app of an account and how many of its recovery codes are left."""

    app_id: int
    added_at: datetime
    last_used_at: datetime | None
    codes_left: int
    codes_total: int


def has_second_factor(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Return whether a login to this account asks for a code."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type=TYPE.TOTP).exists())


def find_second_factor(user: User) -> SecondFactor | None:
    """Return the second factor of an account, without opening its secrets; None when it is off."""
    found = {each.type: each for each in Authenticator.objects.filter(user_id=user.pk)}
    app, codes = found.get(TYPE.TOTP), found.get(TYPE.RECOVERY_CODES)
    if app is None:
        return None
    total = app_settings.RECOVERY_CODE_COUNT if codes else 0
    used = codes.data["used_mask"].bit_count() if codes else 0
    return SecondFactor(app.pk, app.created_at, app.last_used_at, total - used, total)


def has_used_second_factor(request: HttpRequest) -> bool:
    """Return whether this session has proved a second factor that its account still has."""
    records = get_authentication_records(request, request.user)
    used = [record.get("id") for record in records if record["method"] == "mfa"]
    kept = Authenticator.objects.filter(user_id=request.user.pk, pk__in=used)
    return bool(used) and bool(kept.exists())


def annotate_second_factor(users: "QuerySet[User]") -> "QuerySet[User]":
    """Add to each user whether they have a second factor, as `is_second_factor_on`."""
    apps = Authenticator.objects.filter(user=OuterRef("pk"), type=TYPE.TOTP)
    return users.annotate(is_second_factor_on=Exists(apps))
