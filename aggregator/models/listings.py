from django.db import models
from django.utils.translation import gettext_lazy as _


class Listing(models.Model):
    """A catalog model as this installation offers it; an admin may switch, price and limit it."""

    slug = models.CharField(max_length=80, unique=True, verbose_name=_("짧은 이름"))
    name = models.CharField(_("이름"), max_length=120)
    vendor = models.CharField(_("만든 곳"), max_length=40)
    provider = models.CharField(_("제공자"), max_length=40)
    litellm_model = models.CharField(_("litellm 이름"), max_length=160)
    api_base = models.CharField(max_length=200, blank=True, verbose_name=_("서버 주소"))
    is_reachable = models.BooleanField(_("닿을 수 있음"), default=False, editable=False)
    is_on = models.BooleanField(_("켜짐"), default=True)
    input_price_micros = models.PositiveBigIntegerField(_("입력 토큰 값"))
    output_price_micros = models.PositiveBigIntegerField(_("출력 토큰 값"))
    concurrency = models.PositiveIntegerField(_("동시에 몇 개"), default=64)
    context_window = models.PositiveIntegerField(_("문맥 창"), default=8_192)
    output_limit = models.PositiveIntegerField(_("출력 한도"))
    standing = models.FloatField(_("평가"), default=0.5)
    can_fuse = models.BooleanField(_("섞을 수 있음"), default=False)
    languages = models.JSONField(_("언어"), default=list)
    # How often an answer of it was shown: a new model is tried until there is something to go by.
    shown = models.PositiveBigIntegerField(_("보인 횟수"), default=0, editable=False)
    # What the catalog last said: a value that still equals it follows the catalog, any other is the admin's.
    as_cataloged = models.JSONField(default=dict, editable=False, verbose_name=_("목록에 적힌 값"))
    updated_at = models.DateTimeField(auto_now=True, verbose_name=_("고친 때"))

    class Meta:
        verbose_name = _("언어 모델")
        verbose_name_plural = _("언어 모델")
        ordering = ["-standing", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(standing__gte=0, standing__lte=1), name="listing_standing_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.name
