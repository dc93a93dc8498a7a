from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aggregator.models.candidates import Candidate
from aggregator.models.conversations import Turn


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
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("사용자")
    )
    kind = models.CharField(_("종류"), max_length=12, choices=Kind.choices)
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))

    class Meta:
        verbose_name = _("신호")
        verbose_name_plural = pgettext_lazy("plural", "신호")
        constraints = [
            models.UniqueConstraint(fields=["candidate", "person", "kind"], name="signal_once_a_candidate")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind} {self.candidate_id}"


class AnswerRating(models.Model):
    """What a person says of a turn's answer; it compares no models, so no model rating learns from it."""

    class Verdict(models.TextChoices):
        GOOD = "good", _("추천")
        BAD = "bad", _("아쉬워요")

    class Reason(models.TextChoices):
        WRONG = "wrong", _("사실과 달라요")
        INCOMPLETE = "incomplete", _("빠진 내용이 있어요")
        STYLE = "style", _("말투나 형식이 아쉬워요")
        LANGUAGE = "language", _("다른 언어로 답했어요")
        UNSAFE = "unsafe", _("불쾌하거나 위험해요")
        OTHER = "other", _("그 밖에")

    MAX_COMMENT = 500

    turn = models.ForeignKey(
        Turn, on_delete=models.CASCADE, related_name="answer_ratings", verbose_name=_("질문")
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("사용자")
    )
    verdict = models.CharField(_("평가"), max_length=8, choices=Verdict.choices)
    reason = models.CharField(_("사유"), max_length=12, choices=Reason.choices, blank=True)
    comment = models.CharField(_("의견"), max_length=MAX_COMMENT, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("등록 일시"))

    class Meta:
        verbose_name = _("답 평가")
        verbose_name_plural = pgettext_lazy("plural", "답 평가")
        constraints = [
            models.UniqueConstraint(fields=["turn", "person"], name="answer_rating_once_a_turn"),
            models.CheckConstraint(
                condition=models.Q(verdict="bad") | models.Q(reason="", comment=""),
                name="answer_rating_reason_only_when_bad",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.verdict} {self.turn_id}"
