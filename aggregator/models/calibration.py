from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aggregator.models.weights_versions import WeightsVersion


class CalibrationRun(models.Model):
    """One calibration: models are asked labelled questions, and weights are fitted on their answers.

    Every answer is stored as it arrives, so that a run goes on where its process ended.
    """

    class Kind(models.TextChoices):
        ANSWERS = "answers", _("답 맞히기")
        FUSION = "fusion", _("합치기")

    class Status(models.TextChoices):
        DRAFT = "draft", _("시작 전")
        RUNNING = "running", _("진행 중")
        DONE = "done", _("끝남")
        STOPPED = "stopped", _("멈춤")
        FAILED = "failed", _("실패")

    kind = models.CharField(_("종류"), max_length=8, choices=Kind.choices, default=Kind.ANSWERS)
    status = models.CharField(_("상태"), max_length=8, choices=Status.choices, default=Status.DRAFT)
    source = models.CharField(_("문제 출처"), max_length=120)
    # Slugs of the models that are asked.
    panel = models.JSONField(_("모델"), default=list)
    # None: as much as it costs.
    budget_micros = models.PositiveBigIntegerField(_("예산"), null=True, blank=True)
    cost_micros = models.PositiveBigIntegerField(_("쓴 금액"), default=0)
    # Whether asking ended because the next answer could have exceeded the budget.
    is_over_budget = models.BooleanField(_("예산을 다 씀"), default=False)
    # Whether the fitted weights are used at once if they are not worse, or even if they are.
    activates = models.BooleanField(_("끝나면 바로 쓰기"), default=False)
    activates_worse = models.BooleanField(default=False)
    # The process that carries it out, which renews the time while it does.
    holder = models.CharField(max_length=36, blank=True)
    held_at = models.DateTimeField(null=True)
    error = models.CharField(_("오류"), max_length=40, blank=True)
    report = models.JSONField(_("결과"), default=dict)
    version = models.ForeignKey(
        WeightsVersion,
        null=True,
        on_delete=models.SET_NULL,
        related_name="calibrations",
        verbose_name=_("앙상블 가중치"),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("시작한 사람"),
    )
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))
    started_at = models.DateTimeField(_("시작 일시"), null=True)
    ended_at = models.DateTimeField(_("끝난 일시"), null=True)

    class Meta:
        verbose_name = _("보정")
        verbose_name_plural = pgettext_lazy("plural", "보정")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.pk} {self.source}"


class CalibrationQuestion(models.Model):
    """One labelled question of a run; weights are judged on those that are held out."""

    run = models.ForeignKey(
        CalibrationRun, on_delete=models.CASCADE, related_name="questions", verbose_name=_("보정")
    )
    position = models.PositiveIntegerField(_("순서"))
    prompt = models.TextField(_("질문"))
    # As a model would end its answer; empty where no answer is known.
    gold = models.TextField(_("정답"), blank=True)
    language = models.CharField(_("언어"), max_length=8)
    task = models.CharField(_("분야"), max_length=80, blank=True)
    is_held_out = models.BooleanField(_("확인용"), default=False)

    class Meta:
        verbose_name = _("보정 문제")
        verbose_name_plural = pgettext_lazy("plural", "보정 문제")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="calibration_question_position"),
        ]

    def __str__(self) -> str:
        return self.prompt[:80]


class CalibrationAnswer(models.Model):
    """One answer of a model to a question of a run, or one call about a fused answer, and how it ended."""

    class Role(models.TextChoices):
        CANDIDATE = "candidate", _("후보 답")
        FUSED = "fused", _("합친 답")
        JUDGE = "judge", _("심사")
        SWAPPED = "swapped", _("순서를 바꾼 심사")

    question = models.ForeignKey(
        CalibrationQuestion, on_delete=models.CASCADE, related_name="answers", verbose_name=_("보정 문제")
    )
    role = models.CharField(_("역할"), max_length=10, choices=Role.choices, default=Role.CANDIDATE)
    model = models.CharField(_("모델"), max_length=80)
    # The model whose fused answer the call is about.
    subject = models.CharField(max_length=80, blank=True)
    text = models.TextField(_("답"), blank=True)
    error = models.CharField(_("오류"), max_length=40, blank=True)
    finish_reason = models.CharField(max_length=20, blank=True)
    # Whether a candidate says the right answer; None where none is known or the run has not ended.
    is_right = models.BooleanField(_("맞음"), null=True)
    cost_micros = models.PositiveBigIntegerField(_("비용(백만분의 1원)"), default=0)
    duration_ms = models.PositiveIntegerField(_("걸린 시간(ms)"), default=0)
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))

    class Meta:
        verbose_name = _("보정 답")
        verbose_name_plural = pgettext_lazy("plural", "보정 답")
        constraints = [
            models.UniqueConstraint(
                fields=["question", "role", "model", "subject"], name="calibration_answer_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model}: {self.text[:60]}"

    @property
    def is_whole_candidate(self) -> bool:
        """Whether it is an answer to the question that its model ended itself, or by its length."""
        is_whole = not self.error and self.finish_reason != "deadline" and bool(self.text.strip())
        return self.role == self.Role.CANDIDATE and is_whole
