import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ads.models.campaigns import Campaign, Creative
from ads.models.events import Click
from ads.models.ledger import Transaction


class Credit(models.Model):
    """A billed click that turned out to be invalid, and the reversal that gave its price back."""

    click = models.OneToOneField(
        Click, primary_key=True, on_delete=models.PROTECT, related_name="credit", verbose_name=_("클릭")
    )
    transaction = models.OneToOneField(
        Transaction, on_delete=models.PROTECT, related_name="credit", verbose_name=_("거래")
    )
    reason = models.CharField(_("사유"), max_length=24)
    amount_micros = models.BigIntegerField(_("금액"))
    kept_at = models.DateTimeField(db_default=Now(), db_index=True, editable=False, verbose_name=_("적힌 때"))

    class Meta:
        verbose_name = _("돌려준 클릭")
        verbose_name_plural = pgettext_lazy("plural", "돌려준 클릭")
        ordering = ["-kept_at"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(reason="") & models.Q(amount_micros__gt=0), name="credit_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.click_id} {self.reason}"


class Freeze(models.Model):
    """A stop of the whole market because its books disagree, until a person lifts it and says why."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, verbose_name=_("공개 번호"))
    reason = models.CharField(_("사유"), max_length=200)
    faults = models.JSONField(_("어긋난 곳"), default=list)
    created_at = models.DateTimeField(db_default=Now(), editable=False, verbose_name=_("만든 때"))
    lifted_at = models.DateTimeField(_("푼 때"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("푼 사람"),
    )
    note = models.CharField(_("푸는 까닭"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("시장 멈춤")
        verbose_name_plural = pgettext_lazy("plural", "시장 멈춤")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(lifted_at=None) | ~models.Q(note=""), name="freeze_lifted_with_a_note"
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="freeze_standing", condition=models.Q(lifted_at=None)),
        ]

    def __str__(self) -> str:
        return self.reason


class Rollup(models.Model):
    """What one campaign's keyword did in one minute, hour or Korean day; written anew when more is known."""

    class Grain(models.TextChoices):
        MINUTE = "minute", _("분")
        HOUR = "hour", _("시간")
        DAY = "day", _("하루")

    grain = models.CharField(_("단위"), max_length=6, choices=Grain.choices)
    bucket = models.DateTimeField(_("시작"))
    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="rollups", db_index=False, verbose_name=_("캠페인")
    )
    keyword_text = models.CharField(_("키워드"), max_length=80, blank=True)
    match = models.CharField(_("일치 방식"), max_length=8)
    impressions = models.PositiveIntegerField(_("노출"), default=0)
    clicks = models.PositiveIntegerField(_("클릭 수"), default=0)
    invalid_clicks = models.PositiveIntegerField(_("무효 클릭"), default=0)
    spend_micros = models.BigIntegerField(_("쓴 돈"), default=0)
    credited_clicks = models.PositiveIntegerField(_("돌려준 클릭"), default=0)
    credited_micros = models.BigIntegerField(_("돌려준 돈"), default=0)

    class Meta:
        verbose_name = _("집계")
        verbose_name_plural = pgettext_lazy("plural", "집계")
        constraints = [
            models.UniqueConstraint(
                fields=["grain", "bucket", "campaign", "keyword_text", "match"], name="rollup_once"
            ),
        ]
        indexes = [models.Index(fields=["campaign", "grain", "bucket"], name="rollup_of_campaign")]

    def __str__(self) -> str:
        return f"{self.grain} {self.bucket}"


class RollupMark(models.Model):
    """How far the rollups have come: everything kept before this moment is in them."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    kept_until = models.DateTimeField(_("여기까지"))

    class Meta:
        verbose_name = _("집계한 때")
        verbose_name_plural = _("집계한 때")

    def __str__(self) -> str:
        return str(self.kept_until)


class Approval(models.Model):
    """One reviewer's yes to one version of an ad's words; risky words need two of them.

    Where there is one reviewer only, the same person reads them again later and says why they may be shown.
    """

    creative = models.ForeignKey(
        Creative, on_delete=models.CASCADE, related_name="approvals", verbose_name=_("소재")
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("검토한 사람"),
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False, verbose_name=_("만든 때"))
    read_again_at = models.DateTimeField(_("혼자 다시 읽은 때"), null=True, blank=True)
    reason = models.CharField(_("혼자 승인한 까닭"), max_length=300, blank=True)

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
