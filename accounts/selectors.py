"""Who is there: the account that is logged in, or the guest whom the cookie names."""

import uuid
from collections.abc import Mapping
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from accounts.guests import as_guest_request, read_guest_key, read_scope_cookies
from accounts.models import User

Scope = Mapping[str, object]


def find_guest(guest_key: uuid.UUID | None) -> User | None:
    """Return the guest whose key this is; None when no row was needed so far."""
    if guest_key is None:
        return None
    return User.objects.filter(guest_key=guest_key, is_guest=True).first()


def find_user(source: HttpRequest | Scope) -> User | None:
    """Return the logged-in account, else the guest of the cookie, else None; never writes."""
    return find_account(source) or find_guest(find_guest_key(source))


def find_account(source: HttpRequest | Scope) -> User | None:
    """Return the account that is logged in, or None."""
    user = source.user if isinstance(source, HttpRequest) else _user_of_scope(source)
    return user if isinstance(user, User) and user.is_authenticated and user.is_active else None


def find_guest_key(source: HttpRequest | Scope) -> uuid.UUID | None:
    """Return the key that came with a valid cookie; a key minted for this very answer does not count."""
    if isinstance(source, HttpRequest):
        visit = as_guest_request(source)
        return visit.guest_key if visit.guest_is_known else None
    return read_guest_key(read_scope_cookies(source))


def is_still_signed_in(person: User) -> bool:
    """Tell whether somebody who was let in has neither left nor been shut out since."""
    return User.objects.filter(pk=person.pk, is_active=True, sign_outs=person.sign_outs).exists()


def _user_of_scope(scope: Scope) -> object:
    if "user" in scope:
        return scope["user"]
    session_key = read_scope_cookies(scope).get(settings.SESSION_COOKIE_NAME)
    if not session_key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return get_user(request)
