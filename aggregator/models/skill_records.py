from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class SkillRecord(models.Model):
    """The models' ratings by votes, in all languages or in one, up to the vote `last_vote`."""

    scope = models.CharField(_("범위"), max_length=8, unique=True)
    beliefs = models.JSONField(default=list, verbose_name=_("신뢰도"))
    votes = models.PositiveIntegerField(_("답 추천"), default=0)
    last_vote = models.PositiveBigIntegerField(default=0, verbose_name=_("마지막 추천"))
    last_signal = models.PositiveBigIntegerField(default=0, verbose_name=_("마지막 신호"))
    updated_at = models.DateTimeField(auto_now=True, verbose_name=_("수정 일시"))

    class Meta:
        verbose_name = _("학습한 평가")
        verbose_name_plural = pgettext_lazy("plural", "학습한 평가")

    def __str__(self) -> str:
        return self.scope
