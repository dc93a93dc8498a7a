"""Login by address and password, where an address may have several accounts.

Sign-up does not tell which addresses have accounts, so an address may get further ones, which are unverified
(allauth's PREVENT_ENUMERATION="strict"). Each of them must be able to log in again, and must take as long to,
or the login would tell what sign-up does not: a success stops at the newest account with the password, and a
failure computes as many hashes for every address.
"""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import User
from accounts.selectors import list_accounts_of_email

# A failure computes as many hashes: one of an account, and two of those that a day's sign-ups may add.
MIN_HASHES = 3


class EmailBackend(AuthenticationBackend):  # type: ignore[misc]
    """Tries the accounts of an address, the newest first, in a time that does not tell their number."""

    def authenticate(self, request: HttpRequest | None, **credentials: object) -> User | None:
        """Return the account; raise PermissionDenied where there is none, which ends Django's search."""
        if not credentials.get("password"):
            return None
        user: User | None = super().authenticate(request, **credentials)
        if user is None:
            # allauth's own backend stays in the settings, as sessions of the release before name it.
            raise PermissionDenied
        return user

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        self._did_check_password = True
        accounts = list_accounts_of_email(email)
        for account in reversed(accounts):
            if self._check_password(account, password):
                return account
        for _ in range(MIN_HASHES - len(accounts)):
            make_password(password)
        return None
