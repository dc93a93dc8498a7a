"""A person's life here: guest, account, gone."""

import uuid

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F
from django.utils.module_loading import import_string

from accounts.guest_limit import exceeds_guest_limit
from accounts.models import User
from accounts.selectors import Scope, find_account, find_guest, find_guest_key


class TooManyGuestsError(Exception):
    """So many new guests have come from one network that this one gets no row for now."""


def get_or_create_guest(guest_key: uuid.UUID) -> User:
    """Return the guest with this key, making the row on first need; two calls at once get the same row."""
    guest, _ = User.objects.get_or_create(
        guest_key=guest_key,
        defaults={"username": f"guest-{guest_key.hex}", "is_guest": True, "password": make_password(None)},
    )
    return guest


def get_or_create_user(scope: Scope) -> User | None:
    """Return who acts over a socket, making a guest row if needed; None without a valid cookie or session.

    Raises TooManyGuestsError.
    """
    account = find_account(scope)
    if account is not None:
        return account
    guest_key = find_guest_key(scope)
    if guest_key is None:
        return None
    known = find_guest(guest_key)
    if known is None and exceeds_guest_limit(scope):
        raise TooManyGuestsError
    return known or get_or_create_guest(guest_key)


@transaction.atomic
def adopt_guest(*, guest_key: uuid.UUID, account: User) -> None:
    """Hand everything of the guest to the account through settings.GUEST_ADOPTERS, then remove the guest.

    The guest's row is locked meanwhile: what is begun in its name at that moment fails instead of being lost.
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


def record_sign_out(*, account: User) -> None:
    """Let no socket that is open begin work for an account; pages that are still logged in come back."""
    User.objects.filter(pk=account.pk).update(sign_outs=F("sign_outs") + 1)


@transaction.atomic
def rename_account(*, account: User, name: str) -> None:
    """Change the name that the account's pages greet with."""
    account.first_name = name
    account.save(update_fields=["first_name"])


@transaction.atomic
def delete_account(*, account: User) -> None:
    """Remove the account and everything that is its own, after settings.ACCOUNT_CLOSERS have let go of it."""
    for path in settings.ACCOUNT_CLOSERS:
        import_string(path)(account=account)
    account.delete()
