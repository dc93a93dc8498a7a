from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ads.models.campaigns import Category


class ClickModel(models.Model):
    """One version of the click model: the serialised learner, its losses, the time of its last example."""

    form = models.BigIntegerField(_("특성 목록 해시"))
    learned_until = models.DateTimeField(_("학습한 기록의 끝"))
    looks = models.PositiveBigIntegerField(_("노출"))
    clicks = models.PositiveBigIntegerField(_("클릭"))
    trust = models.FloatField(_("신뢰"))
    loss = models.FloatField(_("로그 손실"))
    base_loss = models.FloatField(_("기준 로그 손실"))
    provenance = models.CharField(_("출처"), max_length=200)
    weights = models.BinaryField(verbose_name=_("가중치"))
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))

    class Meta:
        verbose_name = _("클릭 모델")
        verbose_name_plural = pgettext_lazy("plural", "클릭 모델")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(clicks__lte=models.F("looks")), name="click_model_clicks_were_looks"
            ),
            models.CheckConstraint(
                condition=models.Q(trust__gte=0) & models.Q(trust__lte=1), name="click_model_trust_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id}: {self.looks}"


class LearnedReserve(models.Model):
    """The reserve price of a category as estimated from logged auctions; one row for each change."""

    category = models.CharField(_("분야"), max_length=16, choices=Category.choices)
    reserve_micros = models.BigIntegerField(_("최저가"))
    auctions = models.PositiveIntegerField(_("경매"))
    income_gain = models.FloatField(_("수입 변화"))
    fill_loss = models.FloatField(_("광고가 나가지 않게 된 비율"))
    provenance = models.CharField(_("출처"), max_length=200)
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))

    class Meta:
        verbose_name = _("학습한 최저가")
        verbose_name_plural = pgettext_lazy("plural", "학습한 최저가")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reserve_micros__gt=0), name="learned_reserve_is_a_price"
            )
        ]
        indexes = [models.Index(fields=["category", "-id"], name="learned_reserve_latest")]

    def __str__(self) -> str:
        return f"{self.category}: {self.reserve_micros}"


class Term(models.Model):
    """One term of the closed vocabulary; an id is never reused for another term."""

    key = models.CharField(max_length=120, unique=True, verbose_name=_("키"))
    text = models.CharField(_("단어"), max_length=120)
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))

    class Meta:
        verbose_name = _("어휘")
        verbose_name_plural = _("어휘")
        constraints = [models.CheckConstraint(condition=~models.Q(key=""), name="term_has_a_key")]

    def __str__(self) -> str:
        return self.text


class TextVector(models.Model):
    """The embedding of one text of the inventory, stored so that only new texts are embedded."""

    digest = models.BinaryField(max_length=32, unique=True, verbose_name=_("해시"))
    vector = models.BinaryField(verbose_name=_("벡터"))

    class Meta:
        verbose_name = _("벡터")
        verbose_name_plural = _("벡터")

    def __str__(self) -> str:
        return bytes(self.digest).hex()[:12]
