import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ads.models.campaigns import AdGroup


class Creative(models.Model):
    """One version of an ad's words; once sent to review its text never changes, an edit is a new version."""

    class Review(models.TextChoices):
        DRAFT = "draft", _("작성 중")
        WAITING = "waiting", _("검토 기다림")
        APPROVED = "approved", _("승인")
        REJECTED = "rejected", _("거절")
        RETIRED = "retired", _("이전 버전")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, verbose_name=_("공개 번호"))
    ad_group = models.ForeignKey(
        AdGroup, on_delete=models.CASCADE, related_name="creatives", verbose_name=_("광고 그룹")
    )
    lineage = models.UUIDField(default=uuid.uuid4, editable=False, verbose_name=_("계보"))
    version = models.PositiveIntegerField(_("버전"), default=1, editable=False)
    title = models.CharField(_("제목"), max_length=50)
    body = models.CharField(_("본문"), max_length=100)
    landing_url = models.CharField(_("연결 주소"), max_length=500)
    display_domain = models.CharField(_("표시 도메인"), max_length=80)
    is_ai_generated = models.BooleanField(_("AI로 만든 문구"), default=False)
    is_on = models.BooleanField(_("켜짐"), default=True)
    review = models.CharField(_("검토"), max_length=12, choices=Review.choices, default=Review.DRAFT)
    review_reason = models.CharField(_("검토 사유"), max_length=200, blank=True)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("검토한 관리자"),
    )
    reviewed_at = models.DateTimeField(null=True, blank=True, verbose_name=_("검토 일시"))
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))
    updated_at = models.DateTimeField(auto_now=True, verbose_name=_("수정 일시"))

    class Meta:
        verbose_name = _("소재")
        verbose_name_plural = pgettext_lazy("plural", "소재")
        ordering = ["ad_group", "lineage", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["lineage", "version"], name="creative_version_once"),
            models.UniqueConstraint(
                fields=["lineage"],
                condition=models.Q(review="approved"),
                name="creative_one_approved_version",
            ),
            models.CheckConstraint(
                condition=models.Q(landing_url__regex=r"^(https://[^\s]+|/ads/demo/[a-z0-9-]+/)$"),
                name="creative_lands_on_https",
            ),
            models.CheckConstraint(
                condition=~models.Q(title="") & ~models.Q(body="") & ~models.Q(display_domain=""),
                name="creative_has_words",
            ),
            models.CheckConstraint(
                condition=~models.Q(review="rejected") | ~models.Q(review_reason=""),
                name="creative_rejected_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="creative_queue", condition=models.Q(review="waiting"))
        ]

    def __str__(self) -> str:
        return f"{self.title} (v{self.version})"


class Approval(models.Model):
    """One reviewer's approval of one version of an ad; risky text needs two.

    On a site with a single reviewer, a second review by the same person is recorded here with its reason.
    """

    creative = models.ForeignKey(
        Creative, on_delete=models.CASCADE, related_name="approvals", verbose_name=_("소재")
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("검토한 관리자"),
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False, verbose_name=_("생성 일시"))
    read_again_at = models.DateTimeField(_("혼자 다시 읽은 일시"), null=True, blank=True)
    reason = models.CharField(_("혼자 승인한 사유"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("승인 기록")
        verbose_name_plural = pgettext_lazy("plural", "승인 기록")
        constraints = [
            models.UniqueConstraint(fields=["creative", "reviewer"], name="approval_once_a_reviewer"),
            models.CheckConstraint(
                condition=models.Q(read_again_at=None, reason="")
                | (
                    models.Q(read_again_at__isnull=False, read_again_at__gt=models.F("created_at"))
                    & ~models.Q(reason="")
                ),
                name="approval_alone_later_and_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.creative_id}: {self.reviewer_id}"
