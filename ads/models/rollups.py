from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ads.models.campaigns import Campaign


class Rollup(models.Model):
    """Counts and spend of one keyword of a campaign in one minute, hour or accounting day."""

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
    spend_micros = models.BigIntegerField(_("사용 금액"), default=0)
    credited_clicks = models.PositiveIntegerField(_("환급된 클릭"), default=0)
    credited_micros = models.BigIntegerField(_("환급액"), default=0)

    class Meta:
        verbose_name = _("집계")
        verbose_name_plural = pgettext_lazy("plural", "집계")
        constraints = [
            models.UniqueConstraint(
                fields=["grain", "bucket", "campaign", "keyword_text", "match"], name="rollup_once"
            )
        ]
        indexes = [models.Index(fields=["campaign", "grain", "bucket"], name="rollup_of_campaign")]

    def __str__(self) -> str:
        return f"{self.grain} {self.bucket}"


class RollupMark(models.Model):
    """The time up to which stored events are included in the rollups."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    kept_until = models.DateTimeField(_("여기까지"))

    class Meta:
        verbose_name = _("집계 일시")
        verbose_name_plural = _("집계 일시")

    def __str__(self) -> str:
        return str(self.kept_until)
