"""Writes: guests, sign-up, login, deletion."""

import uuid

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import F
from django.utils.module_loading import import_string

from accounts.guests import exceeds_guest_limit
from accounts.models import User
from accounts.selectors import Scope, find_account, find_guest, find_guest_key


class TooManyGuestsError(Exception):
    """The network of this visitor is over NEW_GUESTS_PER_HOUR."""


def get_or_create_guest(guest_key: uuid.UUID) -> User:
    """Return the guest with this key, creating the row if needed; concurrent calls return the same row."""
    guest, _ = User.objects.get_or_create(
        guest_key=guest_key,
        defaults={"username": f"guest-{guest_key.hex}", "is_guest": True, "password": make_password(None)},
    )
    return guest


def get_or_create_user(scope: Scope) -> User | None:
    """Return the user of a websocket, creating a guest if needed; None without a valid cookie or session.

    Raises TooManyGuestsError.
    """
    account = find_account(scope)
    if account is not None:
        return account
    guest_key = find_guest_key(scope)
    if guest_key is None:
        return None
    guest = find_guest(guest_key)
    if guest is None and exceeds_guest_limit(scope):
        raise TooManyGuestsError
    return guest or get_or_create_guest(guest_key)


def start_account(*, guest_key: uuid.UUID | None, new_user: User) -> User:
    """Return the unsaved account of a sign-up: the guest's row, locked and converted, or the new user.

    Call it inside a transaction.
    """
    guests = User.objects.select_for_update().filter(guest_key=guest_key, is_guest=True)
    account = (guests.first() if guest_key else None) or new_user
    account.is_guest = False
    account.guest_key = None
    return account


@transaction.atomic
def adopt_guest(*, guest_key: uuid.UUID, account: User) -> None:
    """Transfer the guest's objects to the account through settings.GUEST_ADOPTERS, then delete the guest.

    The guest's row is locked, so that a concurrent insert for the guest fails instead of being lost.
    """
    guest = find_guest(guest_key)
    if guest is None or guest.pk == account.pk:
        return
    guest = User.objects.select_for_update().filter(pk=guest.pk, is_guest=True).first()
    if guest is None:
        return
    for path in settings.GUEST_ADOPTERS:
        import_string(path)(guest=guest, account=account)
    guest.delete()


def lock_email(email: str) -> None:
    """Wait for other sign-ups with this address; the lock ends with the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"sign-up:{email.lower()}"])


@transaction.atomic
def create_superuser(*, username: str, email: str, password: str) -> User:
    """Create an account with all permissions, which logs in by this address without confirming it."""
    superuser = User.objects.create_superuser(username, email, password)
    EmailAddress.objects.create(user=superuser, email=email.lower(), verified=True, primary=True)
    return superuser


def record_sign_out(*, account: User) -> None:
    """Invalidate the account's open websockets; pages that are still logged in reconnect."""
    User.objects.filter(pk=account.pk).update(sign_outs=F("sign_outs") + 1)


@transaction.atomic
def rename_account(*, account: User, name: str) -> None:
    """Change the display name."""
    account.first_name = name
    account.save(update_fields=["first_name"])


@transaction.atomic
def delete_account(*, account: User) -> None:
    """Delete the account and what it owns, after calling settings.ACCOUNT_CLOSERS."""
    # A view passes request.user, a lazy wrapper that cannot be deleted.
    account = User.objects.get(pk=account.pk)
    for path in settings.ACCOUNT_CLOSERS:
        import_string(path)(account=account)
    account.delete()
