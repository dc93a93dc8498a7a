import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aggregator.models.conversations import Turn


class Candidate(models.Model):
    """The answer of one language model to a turn."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("기다리는 중")
        STREAMING = "streaming", _("쓰는 중")
        DONE = "done", _("끝남")
        FAILED = "failed", _("실패")
        STOPPED = "stopped", _("멈춤")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, verbose_name=_("공개 번호"))
    turn = models.ForeignKey(
        Turn, on_delete=models.CASCADE, related_name="candidates", verbose_name=_("질문")
    )
    position = models.PositiveSmallIntegerField(verbose_name=_("위치"))
    model = models.CharField(_("모델"), max_length=80)
    model_name = models.CharField(max_length=120, verbose_name=_("모델 이름"))
    vendor = models.CharField(max_length=40, verbose_name=_("개발사"))
    status = models.CharField(
        max_length=12, choices=Status.choices, default=Status.WAITING, verbose_name=_("상태")
    )
    attempt = models.PositiveSmallIntegerField(default=1, verbose_name=_("시도"))
    text = models.TextField(blank=True, verbose_name=_("글"))
    finish_reason = models.CharField(max_length=24, blank=True, verbose_name=_("종료 사유"))
    error = models.CharField(max_length=40, blank=True, verbose_name=_("오류"))
    ttft_ms = models.PositiveIntegerField(null=True, blank=True, verbose_name=_("첫 글자까지(ms)"))
    duration_ms = models.PositiveIntegerField(default=0, verbose_name=_("걸린 시간(ms)"))
    input_tokens = models.PositiveIntegerField(default=0, verbose_name=_("입력 토큰"))
    output_tokens = models.PositiveIntegerField(default=0, verbose_name=_("출력 토큰"))
    cost_micros = models.BigIntegerField(default=0, verbose_name=_("비용(백만분의 1원)"))
    stands_in_for = models.UUIDField(null=True, blank=True, verbose_name=_("대신한 후보"))

    class Meta:
        verbose_name = _("후보 답")
        verbose_name_plural = pgettext_lazy("plural", "후보 답")
        ordering = ["turn", "position"]
        constraints = [
            models.UniqueConstraint(fields=["turn", "position"], name="candidate_position_once"),
            models.CheckConstraint(
                condition=models.Q(cost_micros__gte=0), name="candidate_cost_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model}: {self.text[:60]}"


class Ballot(models.Model):
    """A judge's order of a turn's candidates, best first."""

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="ballots", verbose_name=_("질문"))
    judge = models.CharField(max_length=80, verbose_name=_("심사한 모델"))
    order = models.JSONField(verbose_name=_("순서"))
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))

    class Meta:
        verbose_name = _("심사 결과")
        verbose_name_plural = pgettext_lazy("plural", "심사 결과")
        constraints = [models.UniqueConstraint(fields=["turn", "judge"], name="ballot_once_a_judge")]

    def __str__(self) -> str:
        return f"{self.judge} on turn {self.turn_id}"


class Vote(models.Model):
    """A person's vote for a candidate of a turn; voting for another one replaces it."""

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="votes", verbose_name=_("질문"))
    candidate = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, related_name="votes", verbose_name=_("후보 답")
    )
    voter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("추천한 사용자")
    )
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))

    class Meta:
        verbose_name = _("답 추천")
        verbose_name_plural = pgettext_lazy("plural", "답 추천")
        constraints = [models.UniqueConstraint(fields=["turn", "voter"], name="vote_once_a_turn")]

    def __str__(self) -> str:
        return f"{self.voter_id} votes for {self.candidate_id}"
