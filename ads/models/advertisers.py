import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Advertiser(models.Model):
    """A customer who pays for ads: a wallet, members with roles, and campaigns."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("활동 중")
        SUSPENDED = "suspended", _("정지")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, verbose_name=_("공개 번호"))
    name = models.CharField(_("이름"), max_length=60)
    status = models.CharField(_("상태"), max_length=12, choices=Status.choices, default=Status.ACTIVE)
    is_demo = models.BooleanField(_("시연용"), default=False)
    own_networks = models.JSONField(_("광고주 자신의 IP 대역"), default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))
    updated_at = models.DateTimeField(auto_now=True, verbose_name=_("수정 일시"))

    class Meta:
        verbose_name = _("광고주")
        verbose_name_plural = pgettext_lazy("plural", "광고주")
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="advertiser_has_a_name"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(is_demo=True), name="advertiser_demo_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """The role of one account for one advertiser."""

    class Role(models.TextChoices):
        OWNER = "owner", _("소유자")
        EDITOR = "editor", _("편집자")
        REPORTER = "reporter", _("보고서만")

    advertiser = models.ForeignKey(
        Advertiser, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("광고주")
    )
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("사용자")
    )
    role = models.CharField(_("역할"), max_length=12, choices=Role.choices, default=Role.OWNER)
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))

    class Meta:
        verbose_name = _("구성원")
        verbose_name_plural = pgettext_lazy("plural", "구성원")
        constraints = [models.UniqueConstraint(fields=["advertiser", "member"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.role}"


class Invitation(models.Model):
    """An invitation of an email address to become a member; open until it is accepted, revoked or expired."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, verbose_name=_("공개 번호"))
    advertiser = models.ForeignKey(
        Advertiser, on_delete=models.CASCADE, related_name="invitations", verbose_name=_("광고주")
    )
    email = models.EmailField(_("이메일"))
    role = models.CharField(_("역할"), max_length=12, choices=Membership.Role.choices)
    inviter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("초대한 사람")
    )
    created_at = models.DateTimeField(_("생성 일시"))
    expires_at = models.DateTimeField(_("만료 일시"))
    ended_at = models.DateTimeField(_("사용 또는 취소 일시"), null=True, blank=True)

    class Meta:
        verbose_name = _("초대")
        verbose_name_plural = pgettext_lazy("plural", "초대")
        constraints = [
            models.UniqueConstraint(
                "advertiser", Lower("email"), condition=models.Q(ended_at=None), name="invitation_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")), name="invitation_expires_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.role}"
