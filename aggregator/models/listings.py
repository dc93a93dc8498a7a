from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aggregator.models.provider_accounts import ProviderAccount


class Listing(models.Model):
    """A model of the catalog or of an admin as this installation offers it, with its price and limits."""

    slug = models.CharField(max_length=80, unique=True, verbose_name=_("식별자"))
    name = models.CharField(_("이름"), max_length=120)
    vendor = models.CharField(_("개발사"), max_length=40)
    provider = models.CharField(_("제공자"), max_length=40)
    litellm_model = models.CharField(_("LiteLLM 이름"), max_length=160)
    api_base = models.CharField(max_length=200, blank=True, verbose_name=_("서버 주소"))
    is_reachable = models.BooleanField(_("연결됨"), default=False, editable=False)
    is_on = models.BooleanField(_("켜짐"), default=True)
    # The account whose key calls the model. Without one the environment's key does, if is_reachable.
    account = models.ForeignKey(
        ProviderAccount,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="listings",
        verbose_name=_("제공자 계정"),
    )
    # db_default, as processes of the previous release insert rows without this column.
    is_custom = models.BooleanField(_("직접 추가함"), default=False, db_default=False, editable=False)
    input_price_micros = models.PositiveBigIntegerField(_("입력 토큰 가격"))
    output_price_micros = models.PositiveBigIntegerField(_("출력 토큰 가격"))
    concurrency = models.PositiveIntegerField(_("동시 호출 수"), default=64)
    context_window = models.PositiveIntegerField(_("컨텍스트 길이"), default=8_192)
    output_limit = models.PositiveIntegerField(_("답 길이 한도"))
    standing = models.FloatField(_("평가"), default=0.5)
    can_fuse = models.BooleanField(_("합칠 수 있음"), default=False)
    # Whether its fused answers were measured to be no worse than the best candidate; None: not measured.
    fusion_verdict = models.BooleanField(_("합치기 측정 결과"), null=True, blank=True, editable=False)
    languages = models.JSONField(_("언어"), default=list)
    # How often an answer of it was shown: a new model is tried until there is something to go by.
    shown = models.PositiveBigIntegerField(_("보인 횟수"), default=0, editable=False)
    # What the catalog last said: a value that still equals it follows the catalog, any other is the admin's.
    as_cataloged = models.JSONField(default=dict, editable=False, verbose_name=_("카탈로그의 값"))
    updated_at = models.DateTimeField(auto_now=True, verbose_name=_("수정일"))

    class Meta:
        verbose_name = _("언어 모델")
        verbose_name_plural = pgettext_lazy("plural", "언어 모델")
        ordering = ["-standing", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(standing__gte=0, standing__lte=1), name="listing_standing_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.name
