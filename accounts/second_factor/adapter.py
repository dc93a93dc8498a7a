"""The adapter of allauth.mfa: secrets are sealed in the database, errors are in the words of the site."""

from allauth.mfa.adapter import DefaultMFAAdapter
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.sealing import open_sealed, seal


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Seals the secrets of authenticators and names the site in authenticator apps."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _(
            "코드가 맞지 않아요. 이미 쓴 코드라면 앱에 새 코드가 나올 때까지 기다렸다가 적어 주세요."
        ),
        "incorrect_recovery_code": _("복구 코드가 맞지 않거나 이미 쓴 코드예요."),
        "unreadable_secret": _("지금은 코드를 확인할 수 없어요. 사이트 관리자에게 알려 주세요."),
    }

    def encrypt(self, text: str) -> str:
        """Return a secret as the database stores it."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return a stored secret; raises UnreadableSecretError."""
        return open_sealed(encrypted_text)

    def get_totp_issuer(self) -> str:
        """Return the name of the site that authenticator apps show."""
        return gettext("짬뽕")
