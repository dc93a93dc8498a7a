import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ads.models.advertisers import Advertiser
from ads.models.campaigns import Campaign


class Account(models.Model):
    """An account of the ledger; only wallets store a balance, all others are the sum of their entries."""

    class Kind(models.TextChoices):
        CLEARING = "clearing", _("결제 대기")
        WALLET = "wallet", _("지갑")
        LEASE = "lease", _("캠페인 예약 금액")
        REVENUE = "revenue", _("매출")
        GRANT = "grant", _("시험용 지급")

    kind = models.CharField(_("종류"), max_length=12, choices=Kind.choices)
    advertiser = models.ForeignKey(
        Advertiser,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="accounts",
        verbose_name=_("광고주"),
    )
    campaign = models.ForeignKey(
        Campaign,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="accounts",
        verbose_name=_("캠페인"),
    )
    balance_micros = models.BigIntegerField(_("잔액"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("계정")
        verbose_name_plural = pgettext_lazy("plural", "계정")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "advertiser", "campaign"], name="account_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=(models.Q(kind="wallet", advertiser__isnull=False, campaign=None))
                | (models.Q(kind="lease", advertiser__isnull=False, campaign__isnull=False))
                | (~models.Q(kind__in=["wallet", "lease"]) & models.Q(advertiser=None, campaign=None)),
                name="account_has_its_owner",
            ),
            models.CheckConstraint(
                condition=(models.Q(kind="wallet", balance_micros__isnull=False, balance_micros__gte=0))
                | (~models.Q(kind="wallet") & models.Q(balance_micros=None)),
                name="account_wallet_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.advertiser_id or ''}"


class Transaction(models.Model):
    """One movement of money, unique by idempotency key; entries sum to zero at commit and never change."""

    class Kind(models.TextChoices):
        TOP_UP = "top_up", _("충전")
        REFUND = "refund", _("환불")
        LEASE = "lease", _("예산 예약")
        RELEASE = "release", _("남은 예산 반환")
        CLICK = "click", pgettext_lazy("transaction", "클릭")
        REVERSAL = "reversal", _("되돌림")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, verbose_name=_("번호"))
    kind = models.CharField(_("종류"), max_length=12, choices=Kind.choices)
    idempotency_key = models.CharField(max_length=120, unique=True, verbose_name=_("일회용 키"))
    note = models.CharField(_("메모"), max_length=200, blank=True)
    # Clicks settled together share a transaction; each can be reversed by a transaction of its own.
    reverses = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="reversals",
        verbose_name=_("되돌린 거래"),
    )
    created_at = models.DateTimeField(
        db_default=models.functions.Now(), editable=False, verbose_name=_("생성 일시")
    )

    class Meta:
        verbose_name = _("거래")
        verbose_name_plural = pgettext_lazy("plural", "거래")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="reversal", reverses__isnull=False)
                | (~models.Q(kind="reversal") & models.Q(reverses=None)),
                name="transaction_reversal_names_another",
            )
        ]
        indexes = [models.Index(fields=["-created_at"], name="transaction_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.idempotency_key}"


class Entry(models.Model):
    """One leg of a transaction: the amount an account gains, negative when it loses."""

    transaction = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, related_name="entries", verbose_name=_("거래")
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="entries", verbose_name=_("계정")
    )
    amount_micros = models.BigIntegerField(_("금액"))

    class Meta:
        verbose_name = _("분개")
        verbose_name_plural = pgettext_lazy("plural", "분개")
        constraints = [models.CheckConstraint(condition=~models.Q(amount_micros=0), name="entry_moves_money")]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount_micros}"


class CampaignDay(models.Model):
    """One campaign on one accounting day: its budget, lease and spend."""

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="days", verbose_name=_("캠페인")
    )
    day = models.DateField(_("날짜"))
    lease_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", verbose_name=_("예약 계정")
    )
    budget_micros = models.BigIntegerField(_("예산"))
    leased_micros = models.BigIntegerField(_("예약 금액"), default=0)
    spent_micros = models.BigIntegerField(_("사용 금액"), default=0)
    is_open = models.BooleanField(_("열림"), default=True)

    class Meta:
        verbose_name = _("캠페인 일별 예산")
        verbose_name_plural = pgettext_lazy("plural", "캠페인 일별 예산")
        ordering = ["-day", "campaign"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "day"], name="campaign_day_once"),
            models.CheckConstraint(
                condition=models.Q(spent_micros__gte=0)
                & models.Q(spent_micros__lte=models.F("leased_micros"))
                & models.Q(leased_micros__lte=models.F("budget_micros")),
                name="campaign_day_spent_leased_budget",
            ),
        ]
        indexes = [models.Index(fields=["day"], name="campaign_day_open", condition=models.Q(is_open=True))]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.day}"


class Freeze(models.Model):
    """A freeze of the market after a failed reconciliation, until an administrator lifts it with a note."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, verbose_name=_("공개 번호"))
    reason = models.CharField(_("사유"), max_length=200)
    faults = models.JSONField(_("맞지 않는 곳"), default=list)
    created_at = models.DateTimeField(db_default=Now(), editable=False, verbose_name=_("생성 일시"))
    lifted_at = models.DateTimeField(_("해제 일시"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("해제한 관리자"),
    )
    note = models.CharField(_("해제 사유"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("시장 멈춤")
        verbose_name_plural = pgettext_lazy("plural", "시장 멈춤")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(lifted_at=None) | ~models.Q(note=""), name="freeze_lifted_with_a_note"
            )
        ]
        indexes = [
            models.Index(fields=["created_at"], name="freeze_standing", condition=models.Q(lifted_at=None))
        ]

    def __str__(self) -> str:
        return self.reason
