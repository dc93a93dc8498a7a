from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from aggregator.models.candidates import Candidate


class Signal(models.Model):
    """What a person did with an answer without a vote: copied, continued or regenerated it."""

    class Kind(models.TextChoices):
        COPY = "copy", _("복사")
        CONTINUE = "continue", _("이어 가기")
        REGENERATE = "regenerate", _("다시 답하기")

    candidate = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, related_name="signals", verbose_name=_("후보 답")
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("사람")
    )
    kind = models.CharField(_("무엇"), max_length=12, choices=Kind.choices)
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("만든 때"))

    class Meta:
        verbose_name = _("신호")
        verbose_name_plural = _("신호")
        constraints = [
            models.UniqueConstraint(fields=["candidate", "person", "kind"], name="signal_once_a_candidate")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind} {self.candidate_id}"
