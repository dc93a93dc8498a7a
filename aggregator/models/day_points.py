from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class DayPoint(models.Model):
    """One point of the budget's history: income and cost since the last one, and the price after it."""

    at = models.DateTimeField(_("시각"), unique=True)
    income_micros = models.BigIntegerField(_("광고 수입(백만분의 1원)"))
    subsidy_micros = models.BigIntegerField(_("지원금(백만분의 1원)"))
    spent_micros = models.BigIntegerField(_("사용 금액(백만분의 1원)"))
    turns = models.PositiveIntegerField(_("질문"))
    quality = models.FloatField(_("예상 품질"), null=True, blank=True)
    price = models.FloatField(_("품질의 가격"))
    balance = models.FloatField(_("잔액(원)"))
    usual_income = models.FloatField(_("질문 하나의 평소 수입(원)"))
    # Money that came in while nobody asked anything waits for the next turn.
    waiting_micros = models.BigIntegerField(_("대기 금액(백만분의 1원)"), default=0)

    class Meta:
        verbose_name = _("하루 기록")
        verbose_name_plural = pgettext_lazy("plural", "하루 기록")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
