import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ads.models.campaigns import AdGroup, Campaign, Keyword
from ads.models.creatives import Creative
from ads.models.ledger import Transaction


class Offer(models.Model):
    """A served ad: its price, the values that decided the auction, and the auction's trace."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, verbose_name=_("번호"))
    request_id = models.CharField(max_length=64, blank=True, db_index=True, verbose_name=_("요청 번호"))
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="offers", verbose_name=_("캠페인")
    )
    ad_group = models.ForeignKey(
        AdGroup, on_delete=models.PROTECT, related_name="+", verbose_name=_("광고 그룹")
    )
    creative = models.ForeignKey(
        Creative, on_delete=models.PROTECT, related_name="offers", verbose_name=_("소재")
    )
    keyword = models.ForeignKey(
        Keyword, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("키워드")
    )
    keyword_text = models.CharField(_("키워드"), max_length=80, blank=True)
    match = models.CharField(_("일치 방식"), max_length=8)
    placement = models.CharField(_("위치"), max_length=64)
    language = models.CharField(_("언어"), max_length=8)
    device = models.CharField(_("기기"), max_length=16)
    topics = models.JSONField(_("주제"), default=list)
    frequency_key = models.CharField(max_length=64, blank=True, verbose_name=_("일일 키"))
    snapshot_version = models.CharField(max_length=64, verbose_name=_("광고 목록 버전"))
    bid_micros = models.BigIntegerField(_("입찰가"))
    reserve_micros = models.BigIntegerField(_("최저가"))
    price_micros = models.BigIntegerField(_("클릭당 가격"))
    shadow_price_micros = models.BigIntegerField(_("VCG 참고 가격"))
    intent_percent = models.SmallIntegerField(_("살 뜻이 있을 확률"), default=-1, db_default=-1)
    work_percent = models.SmallIntegerField(_("작업을 시키는 질문일 확률"), default=-1, db_default=-1)
    relevance = models.FloatField(_("관련도"))
    click_rate = models.FloatField(_("예상 클릭률"))
    pace = models.FloatField(_("속도"))
    is_explored = models.BooleanField(_("탐색"), default=False)
    trace = models.JSONField(_("경매 기록"), default=list)
    created_at = models.DateTimeField(db_index=True, verbose_name=_("생성 일시"))
    hidden_at = models.DateTimeField(null=True, blank=True, verbose_name=_("숨긴 일시"))

    class Meta:
        verbose_name = _("제안")
        verbose_name_plural = pgettext_lazy("plural", "제안")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(price_micros__gte=models.F("reserve_micros"))
                & models.Q(price_micros__lte=models.F("bid_micros"))
                & models.Q(reserve_micros__gt=0),
                name="offer_price_between_reserve_and_bid",
            )
        ]
        indexes = [models.Index(fields=["campaign", "created_at"], name="offer_of_campaign")]

    def __str__(self) -> str:
        return str(self.id)


class Impression(models.Model):
    """An impression: at least half of the card in view for at least a second; at most one per offer."""

    class Verdict(models.TextChoices):
        VALID = "valid", _("유효")
        INVALID = "invalid", _("무효")

    offer = models.OneToOneField(
        Offer, primary_key=True, on_delete=models.PROTECT, related_name="impression", verbose_name=_("제안")
    )
    verdict = models.CharField(_("판정"), max_length=8, choices=Verdict.choices)
    reason = models.CharField(_("사유"), max_length=24, blank=True)
    created_at = models.DateTimeField(db_index=True, verbose_name=_("생성 일시"))
    kept_at = models.DateTimeField(
        db_default=Now(), db_index=True, editable=False, verbose_name=_("기록 일시")
    )

    class Meta:
        verbose_name = _("노출")
        verbose_name_plural = _("노출")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verdict="valid", reason="")
                | (models.Q(verdict="invalid") & ~models.Q(reason="")),
                name="impression_invalid_with_reason",
            )
        ]

    def __str__(self) -> str:
        return f"{self.offer_id} {self.verdict}"


class Click(models.Model):
    """The click of an offer with its verdict and price; at most one per offer."""

    class Verdict(models.TextChoices):
        BILLED = "billed", _("청구")
        FREE = "free", _("예산이 다해 무료")
        INVALID = "invalid", _("무효")

    offer = models.OneToOneField(
        Offer, primary_key=True, on_delete=models.PROTECT, related_name="click", verbose_name=_("제안")
    )
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="clicks", verbose_name=_("캠페인")
    )
    day = models.DateField(_("날짜"))
    verdict = models.CharField(_("판정"), max_length=8, choices=Verdict.choices)
    reason = models.CharField(_("사유"), max_length=24, blank=True)
    price_micros = models.BigIntegerField(_("청구액"))
    # No index: reconciliation reads all rows at once, and an index would slow every click.
    transaction = models.ForeignKey(
        Transaction,
        null=True,
        blank=True,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="clicks",
        verbose_name=_("거래"),
    )
    network = models.CharField(_("IP 대역"), max_length=48, blank=True)
    created_at = models.DateTimeField(db_index=True, verbose_name=_("생성 일시"))
    kept_at = models.DateTimeField(
        db_default=Now(), db_index=True, editable=False, verbose_name=_("기록 일시")
    )

    class Meta:
        verbose_name = _("클릭")
        verbose_name_plural = _("클릭")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verdict="billed", price_micros__gt=0, reason="")
                | (models.Q(verdict__in=["free", "invalid"], price_micros=0) & ~models.Q(reason="")),
                name="click_costs_only_when_billed",
            ),
            models.CheckConstraint(
                condition=models.Q(verdict="billed", transaction__isnull=False)
                | (~models.Q(verdict="billed") & models.Q(transaction=None)),
                name="click_billed_by_a_transaction",
            ),
        ]
        indexes = [models.Index(fields=["campaign", "day"], name="click_of_campaign_day")]

    def __str__(self) -> str:
        return f"{self.offer_id} {self.verdict}"


class Credit(models.Model):
    """The credit of a billed click that was found invalid afterwards, with its reversal."""

    click = models.OneToOneField(
        Click, primary_key=True, on_delete=models.PROTECT, related_name="credit", verbose_name=_("클릭")
    )
    transaction = models.OneToOneField(
        Transaction, on_delete=models.PROTECT, related_name="credit", verbose_name=_("거래")
    )
    reason = models.CharField(_("사유"), max_length=24)
    amount_micros = models.BigIntegerField(_("금액"))
    kept_at = models.DateTimeField(
        db_default=Now(), db_index=True, editable=False, verbose_name=_("기록 일시")
    )

    class Meta:
        verbose_name = _("환급된 클릭")
        verbose_name_plural = pgettext_lazy("plural", "환급된 클릭")
        ordering = ["-kept_at"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(reason="") & models.Q(amount_micros__gt=0), name="credit_with_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.click_id} {self.reason}"


class RejectedEvent(models.Model):
    """Rejected events, counted by offer, kind, reason and day: bots, prefetches, duplicate clicks."""

    class Kind(models.TextChoices):
        IMPRESSION = "look", _("노출")
        CLICK = "click", _("클릭")

    offer = models.ForeignKey(
        Offer, on_delete=models.PROTECT, related_name="rejected_events", verbose_name=_("제안")
    )
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="rejected_events", verbose_name=_("캠페인")
    )
    kind = models.CharField(_("종류"), max_length=8, choices=Kind.choices)
    reason = models.CharField(_("사유"), max_length=24)
    day = models.DateField(_("날짜"))
    visits = models.PositiveIntegerField(_("횟수"))
    first_at = models.DateTimeField(_("처음"))
    last_at = models.DateTimeField(_("마지막"))

    class Meta:
        db_table = "ads_refusedvisit"
        verbose_name = _("무효 클릭")
        verbose_name_plural = pgettext_lazy("plural", "무효 클릭")
        ordering = ["-last_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "kind", "reason", "day"], name="refused_visit_counted_once"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="refused_visit_with_reason"),
        ]
        indexes = [models.Index(fields=["campaign", "day"], name="refused_visit_of_day")]

    def __str__(self) -> str:
        return f"{self.offer_id} {self.reason}: {self.visits}"


class SettledBatch(models.Model):
    """A batch of spooled events whose rejected events are counted, so that counting is idempotent."""

    digest = models.CharField(_("해시"), max_length=64, primary_key=True)
    kept_at = models.DateTimeField(_("기록 일시"), db_default=Now(), editable=False)

    class Meta:
        db_table = "ads_countedtellings"
        verbose_name = _("집계한 방문 묶음")
        verbose_name_plural = pgettext_lazy("plural", "집계한 방문 묶음")

    def __str__(self) -> str:
        return self.digest


class Complaint(models.Model):
    """A user's complaint about an ad; at most one per offer."""

    class Reason(models.TextChoices):
        IRRELEVANT = "irrelevant", _("관련이 없어요")
        MISLEADING = "misleading", _("사실과 달라요")
        OFFENSIVE = "offensive", _("불쾌해요")
        OTHER = "other", _("기타")

    offer = models.OneToOneField(
        Offer, on_delete=models.PROTECT, related_name="complaint", verbose_name=_("제안")
    )
    reason = models.CharField(_("사유"), max_length=12, choices=Reason.choices)
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))

    class Meta:
        verbose_name = _("신고")
        verbose_name_plural = pgettext_lazy("plural", "신고")

    def __str__(self) -> str:
        return f"{self.offer_id}: {self.reason}"
