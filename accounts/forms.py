"""The forms of the account pages."""

from allauth.account.adapter import get_adapter
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User


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
