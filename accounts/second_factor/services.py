"""Writes: removing the second factor of an account, resealing the secrets of all."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.models import User
from accounts.sealing import UnreadableSecretError, reseal

# The sealed entries of Authenticator.data: the key of an app, the seed of recovery codes.
SEALED_ENTRIES = ("secret", "seed")


@transaction.atomic
def remove_second_factor(*, account: User) -> bool:
    """Remove the authenticator app and the recovery codes of an account; return whether it had any."""
    removed, _ = Authenticator.objects.filter(user=account).delete()
    return bool(removed)


def reseal_second_factors() -> tuple[int, int]:
    """Seal all secrets by the first key; return how many were resealed and how many cannot be opened."""
    resealed = unreadable = 0
    for pk in list(Authenticator.objects.values_list("pk", flat=True)):
        with transaction.atomic():
            authenticator = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if authenticator is None:
                continue
            data = authenticator.data
            try:
                data |= {name: reseal(data[name]) for name in SEALED_ENTRIES if name in data}
            except UnreadableSecretError:
                unreadable += 1
                continue
            authenticator.save(update_fields=["data"])
            resealed += 1
    return resealed, unreadable
