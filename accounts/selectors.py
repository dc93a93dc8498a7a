"""Reads: the account or guest behind a request or websocket scope."""

import uuid
from collections.abc import Mapping
from importlib import import_module

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import get_user
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.http import HttpRequest

from accounts.guests import as_guest_request, read_guest_key, read_scope_cookies
from accounts.models import User

Scope = Mapping[str, object]
# The accounts of one address that a login tries: each costs a hash.
MAX_ACCOUNTS_OF_EMAIL = 10


def find_guest(guest_key: uuid.UUID | None) -> User | None:
    """Return the guest with this key, or None when it has no row yet."""
    if guest_key is None:
        return None
    return User.objects.filter(guest_key=guest_key, is_guest=True).first()


def find_user(source: HttpRequest | Scope) -> User | None:
    """Return the logged-in account, else the guest of the cookie, else None."""
    return find_account(source) or find_guest(find_guest_key(source))


def find_account(source: HttpRequest | Scope) -> User | None:
    """Return the logged-in active account, or None."""
    user = source.user if isinstance(source, HttpRequest) else _user_of_scope(source)
    return user if isinstance(user, User) and user.is_authenticated and user.is_active else None


def find_guest_key(source: HttpRequest | Scope) -> uuid.UUID | None:
    """Return the guest key of a valid cookie; a key generated for this response does not count."""
    if isinstance(source, HttpRequest):
        request = as_guest_request(source)
        return request.guest_key if request.guest_is_known else None
    return read_guest_key(read_scope_cookies(source))


def find_first_superuser() -> User | None:
    """Return the oldest superuser, or None."""
    return User.objects.filter(is_superuser=True).order_by("pk").first()


def list_accounts_of_email(email: str) -> list[User]:
    """Return the accounts that an address may log in to, the verified one first, then the oldest.

    Sign-ups of others with the same address, however many, come after the ones before them: the order is that
    of the addresses, because the row of an account may be that of an older guest.
    """
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"), email=email.lower())
    accounts = (
        User.objects.filter(Q(email__iexact=email) | Exists(addresses), is_guest=False)
        .annotate(
            is_verified=Exists(addresses.filter(verified=True)), added=Subquery(addresses.values("pk")[:1])
        )
        .order_by("-is_verified", F("added").asc(nulls_first=True), "pk")
    )
    return list(accounts[:MAX_ACCOUNTS_OF_EMAIL])


def annotate_verified_email(users: "QuerySet[User]") -> "QuerySet[User]":
    """Add to each user whether their address is verified, as `is_email_verified`."""
    verified = EmailAddress.objects.filter(user=OuterRef("pk"), email=Lower(OuterRef("email")), verified=True)
    return users.annotate(is_email_verified=Exists(verified))


def is_still_signed_in(user: User) -> bool:
    """Return whether a user loaded earlier has neither signed out nor been deactivated since."""
    return User.objects.filter(pk=user.pk, is_active=True, sign_outs=user.sign_outs).exists()


def _user_of_scope(scope: Scope) -> object:
    if "user" in scope:
        return scope["user"]
    session_key = read_scope_cookies(scope).get(settings.SESSION_COOKIE_NAME)
    if not session_key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return get_user(request)
