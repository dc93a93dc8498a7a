"""The forms of the second factor: codes of an authenticator app, and recovery codes."""

import logging
import unicodedata
from typing import Any

from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.sealing import UnreadableSecretError, open_sealed, seal
from accounts.second_factor.selectors import find_second_factor

logger = logging.getLogger(__name__)
# Longer than any code with its separators, shorter than what is worth normalising.
MAX_CODE_LENGTH = 40


class CodeInput(forms.TextInput):
    """The input of a code, which phones show a number pad for; it is empty again after a wrong one."""

    def __init__(self, **attrs: str | bool) -> None:
        shown = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
        super().__init__(attrs={**shown, "class": "code-input", "autofocus": True, **attrs})

    def format_value(self, value: Any) -> None:
        """Show no value, as an input of a password does not."""


class UsedCodes:
    """The codes that an account used lately: allauth forgets them before they expire."""

    def __init__(self, user: User) -> None:
        self.user = user

    def __contains__(self, code: str) -> bool:
        return cache.get(self._key(code)) is not None

    def add(self, code: str) -> None:
        steps = 2 * app_settings.TOTP_TOLERANCE + 1
        cache.set(self._key(code), 1, timeout=steps * app_settings.TOTP_PERIOD)

    def _key(self, code: str) -> str:
        return f"second-factor-used:{self.user.pk}:{code}"


class CodeChecks:
    """Checks a code: full-width digits count, a used code does not, an unreadable secret is an error."""

    cleaned_data: dict[str, Any]
    user: User

    def clean_code(self) -> str:
        code: str = normalize_user_code(unicodedata.normalize("NFKC", self.cleaned_data["code"]))
        used = UsedCodes(self.user)
        # A used code is checked as an empty one, which is wrong and counts as an attempt.
        self.cleaned_data["code"] = "" if code in used else code
        try:
            super().clean_code()  # type: ignore[misc]
        except UnreadableSecretError:
            logger.error("no key of SEALING_SECRETS opens the second factor of user %s", self.user.pk)
            raise get_adapter().validation_error("unreadable_secret") from None
        used.add(code)
        return code


class AuthenticateForm(CodeChecks, base_forms.AuthenticateForm):  # type: ignore[misc]
    """The code of a login, by the app or a recovery code."""

    code = forms.CharField(label=_("인증 코드"), max_length=MAX_CODE_LENGTH, widget=CodeInput())

    def save(self) -> None:
        """Record the use, and show how many recovery codes are left after one was used."""
        super().save()
        if self.authenticator.type == Authenticator.Type.RECOVERY_CODES:
            show_codes_left(self.user)


class RecoveryCodeForm(AuthenticateForm):
    """The recovery code of a login."""

    code = forms.CharField(
        label=_("8자리 복구 코드"), max_length=MAX_CODE_LENGTH, widget=CodeInput(autocomplete="off")
    )

    def clean_code(self) -> str:
        try:
            return super().clean_code()
        except forms.ValidationError as error:
            if error.code == "incorrect_code":
                raise get_adapter().validation_error("incorrect_recovery_code") from None
            raise


class ReauthenticateForm(CodeChecks, base_forms.ReauthenticateForm):  # type: ignore[misc]
    """The code that a change of security settings asks for."""

    code = forms.CharField(label=_("인증 코드"), max_length=MAX_CODE_LENGTH, widget=CodeInput())


class ActivateForm(CodeChecks, totp_forms.ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an app, which proves that it has the secret."""

    # The steps before it would be scrolled away if it had the focus.
    code = forms.CharField(
        label=_("인증 코드"), max_length=MAX_CODE_LENGTH, widget=CodeInput(autofocus=False)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The session is a row of the database too: it keeps the secret sealed until the app is confirmed.
        self.secret: str
        try:
            self.secret = open_sealed(self.secret)
        except UnreadableSecretError:
            context.request.session[SECRET_SESSION_KEY] = seal(self.secret)


def show_codes_left(user: User) -> None:
    """Show how many recovery codes an account has left."""
    factor = find_second_factor(user)
    left = factor.codes_left if factor else 0
    text = ngettext(
        "복구 코드 하나를 썼어요. %(left)d개 남았어요.",
        "복구 코드 하나를 썼어요. %(left)d개 남았어요.",
        left,
    ) % {"left": left}
    if not left:
        text = gettext("마지막 복구 코드를 썼어요. 내 계정의 2단계 인증에서 새 복구 코드를 만들어 주세요.")
    messages.warning(context.request, text)
