from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class DayCount(models.Model):
    """The number of turns that a person opened or reopened on a day; it outlives the turns."""

    # No constraint: a process of the last release, which knows nothing of it, still deletes people beside us.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("사용자"),
    )
    day = models.DateField(_("날짜"))
    opened = models.PositiveIntegerField(_("질문 수"), default=0)

    class Meta:
        verbose_name = _("하루 질문 수")
        verbose_name_plural = _("하루 질문 수")
        constraints = [models.UniqueConstraint(fields=["person", "day"], name="day_count_once_a_day")]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.day}: {self.opened}"
