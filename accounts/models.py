import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class User(AbstractUser):
    """A person: a guest, identified by a signed cookie, or an account with a login."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, verbose_name=_("공개 번호"))
    is_guest = models.BooleanField(_("비회원"), default=False)
    guest_key = models.UUIDField(
        null=True, blank=True, unique=True, editable=False, verbose_name=_("비회원 키")
    )
    # A websocket that was opened before the last sign-out may start no turn.
    # db_default, as processes of the previous release insert rows without this column.
    sign_outs = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, verbose_name=_("로그아웃한 횟수")
    )

    class Meta:
        verbose_name = _("사용자")
        verbose_name_plural = pgettext_lazy("plural", "사용자")
        # An address may have several accounts, at most one of them verified: accounts.auth_backend.
        indexes = [
            models.Index(Upper("email"), name="user_email_upper"),
            models.Index(fields=["email"], name="user_email"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_guest=False) | models.Q(is_staff=False, is_superuser=False),
                name="user_guest_has_no_power",
            ),
        ]

    def set_password(self, raw_password: str | None) -> None:
        """Set the password and sign out all open websockets."""
        super().set_password(raw_password)
        self.sign_outs += 1

    def __str__(self) -> str:
        return self.email or self.username
