"""The forms of the account pages."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm as BaseSignupForm
from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.core import ratelimit
from allauth.core.ratelimit import respond_429
from django import forms
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import lock_email


class SignupForm(BaseSignupForm):  # type: ignore[misc]
    """Sign-up, which logs in where the password opens an account of the address."""

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Log in to an existing account, or create one; a double submit creates one account.

        It counts as an attempt to log in, so sign-up is no way around the limits of guessing. The limit of
        new accounts of an address does not tell whether it had any: it counts those of a day alone.
        """
        credentials = {"email": self.cleaned_data["email"], "password": self.cleaned_data["password1"]}
        with transaction.atomic():
            lock_email(credentials["email"])
            try:
                account = get_adapter().authenticate(request, **credentials)
            except forms.ValidationError:
                return None, respond_429(request)
            if account is None:
                if not ratelimit.consume(request, action="signup_email", key=credentials["email"].lower()):
                    return None, respond_429(request)
                saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
                if saved[0] is None:
                    # As long as the creation of an account.
                    make_password(credentials["password"])
                return saved
        login = Login(user=account, email=credentials["email"])
        return account, perform_password_login(request, credentials, login)


class NameForm(forms.Form):
    """The display name of an account."""

    name = forms.CharField(
        label=_("이름"),
        max_length=60,
        required=False,
        strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class DeleteAccountForm(forms.Form):
    """Deletion of the account, confirmed by the password."""

    password = forms.CharField(
        label=_("비밀번호"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: object, account: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.account = account

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        # allauth's check limits failures, so that a stolen session cannot guess the password.
        if not get_adapter().reauthenticate(self.account, password):
            raise forms.ValidationError(_("비밀번호가 맞지 않아요."), code="wrong_password")
        return password
