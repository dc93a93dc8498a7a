from django.db import models
from django.utils.translation import gettext_lazy as _

from aggregator.models.candidates import Candidate
from aggregator.models.conversations import Turn
from aggregator.models.provider_accounts import ProviderKey


class Usage(models.Model):
    """The tokens and cost of one provider call; rows are only inserted, once a call."""

    class Purpose(models.TextChoices):
        CANDIDATE = "candidate", _("후보 답")
        JUDGE = "judge", _("심사")
        FUSE = "fuse", _("합치기")
        TITLE = "title", _("제목")
        CALIBRATE = "calibrate", _("보정")

    class Source(models.TextChoices):
        PROVIDER = "provider", _("제공자가 알림")
        COUNTED = "counted", _("직접 계산")

    call_id = models.UUIDField(unique=True, verbose_name=_("호출 번호"))
    # A person may delete a conversation; what it cost stays on record.
    turn = models.ForeignKey(
        Turn, null=True, on_delete=models.SET_NULL, related_name="usages", verbose_name=_("질문")
    )
    candidate = models.ForeignKey(
        Candidate,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="usages",
        verbose_name=_("후보 답"),
    )
    purpose = models.CharField(max_length=12, choices=Purpose.choices, verbose_name=_("용도"))
    model = models.CharField(max_length=80, verbose_name=_("모델"))
    provider = models.CharField(max_length=40, verbose_name=_("제공자"))
    # The key of an account that made the call; calls by a key of the environment have none.
    provider_key = models.ForeignKey(
        ProviderKey,
        null=True,
        blank=True,
        db_index=False,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("제공자 키"),
    )
    input_tokens = models.PositiveIntegerField(verbose_name=_("입력 토큰"))
    output_tokens = models.PositiveIntegerField(verbose_name=_("출력 토큰"))
    source = models.CharField(max_length=12, choices=Source.choices, verbose_name=_("출처"))
    cost_micros = models.BigIntegerField(verbose_name=_("비용(백만분의 1원)"))
    created_at = models.DateTimeField(auto_now_add=True, db_index=True, verbose_name=_("생성일"))

    class Meta:
        verbose_name = _("사용량")
        verbose_name_plural = _("사용량")
        indexes = [
            models.Index(
                fields=["provider_key", "-created_at"],
                condition=models.Q(provider_key__isnull=False),
                name="usage_by_provider_key",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(cost_micros__gte=0), name="usage_cost_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.input_tokens}+{self.output_tokens}"
