"""What an authenticator app and a person with a second factor do in tests."""

import time

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value

from accounts.models import User


def make_code(secret: str, steps: int = 0) -> str:
    """Return the code that an app shows now, or so many steps of half a minute later."""
    counter = int(time.time()) // app_settings.TOTP_PERIOD + steps
    return str(format_hotp_value(hotp_value(secret, counter)))


def turn_on(user: User) -> tuple[str, list[str]]:
    """Turn the second factor of an account on; return its secret and its recovery codes."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret, RecoveryCodes.activate(user).get_unused_codes()


def list_stored(user: User) -> str:
    """Return all that the database keeps of the factors of an account."""
    return str(list(Authenticator.objects.filter(user=user).values("type", "data")))
