import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Conversation(models.Model):
    """A person's conversation; one opened by the API may begin with exchanges that the program sent."""

    class Origin(models.TextChoices):
        PAGE = "page", _("화면")
        API = "api", _("API")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, verbose_name=_("공개 번호"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("소유자")
    )
    title = models.CharField(_("제목"), max_length=120, blank=True)
    system_prompt = models.TextField(_("시스템 프롬프트"), blank=True)
    # [prompt, answer] pairs that came before the first turn.
    given_history = models.JSONField(default=list, blank=True, verbose_name=_("받은 대화"))
    # Of domain.sampling. A process of the last release, which knows nothing of it, may still store rows.
    sampling = models.JSONField(default=dict, db_default={}, blank=True, verbose_name=_("샘플링 설정"))
    origin = models.CharField(_("접속 경로"), max_length=8, choices=Origin.choices, default=Origin.PAGE)
    is_sensitive = models.BooleanField(_("민감한 대화"), default=False)
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))
    updated_at = models.DateTimeField(db_index=True, verbose_name=_("수정 일시"))

    class Meta:
        verbose_name = _("대화")
        verbose_name_plural = _("대화")
        indexes = [models.Index(fields=["owner", "-updated_at", "-id"], name="conversation_sidebar")]

    def __str__(self) -> str:
        return self.title or str(self.public_id)


class Turn(models.Model):
    """One prompt and its answers; it follows its parent, so that the turns of a conversation are a tree."""

    class Status(models.TextChoices):
        RUNNING = "running", _("답하는 중")
        DONE = "done", _("끝남")
        STOPPED = "stopped", _("멈춤")
        FAILED = "failed", _("실패")

    class Strategy(models.TextChoices):
        COUNCIL = "council", _("모아서 하나로")
        VOTE = "vote", _("투표")
        BEST = "best", _("가장 나은 답")
        SINGLE = "single", _("한 모델")
        CASCADE = "cascade", _("싼 모델 먼저")

    class Device(models.TextChoices):
        DESKTOP = "desktop", _("컴퓨터")
        MOBILE = "mobile", _("휴대전화")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, verbose_name=_("공개 번호"))
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="turns", verbose_name=_("대화")
    )
    number = models.PositiveIntegerField(_("순서"))
    # None for a turn that follows no other one. Turns with the same parent are versions of each other.
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="followed_by",
        verbose_name=_("앞 질문"),
    )
    client_id = models.UUIDField(null=True, blank=True, verbose_name=_("클라이언트 ID"))
    # The turn that a regeneration asked in place of this one, for the ratings.
    replaced_by = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="replaces",
        verbose_name=_("다시 답한 질문"),
    )
    prompt = models.TextField(_("프롬프트"))
    language = models.CharField(max_length=8, verbose_name=_("언어"))
    # A process of the last release, which knows nothing of it, may still store turns beside us.
    device = models.CharField(
        _("기기"), max_length=8, choices=Device.choices, blank=True, default="", db_default=""
    )
    strategy = models.CharField(
        max_length=12, choices=Strategy.choices, default=Strategy.COUNCIL, verbose_name=_("방식")
    )
    # What the person wished; `strategy` becomes what the route made of it.
    asked_strategy = models.CharField(
        max_length=12, choices=Strategy.choices, blank=True, verbose_name=_("요청한 방식")
    )
    asked_panel = models.JSONField(default=list, blank=True, verbose_name=_("선택한 모델"))
    status = models.CharField(_("상태"), max_length=12, choices=Status.choices, default=Status.RUNNING)
    error = models.CharField(max_length=40, blank=True, verbose_name=_("오류"))
    attempt = models.PositiveSmallIntegerField(default=1, verbose_name=_("시도"))
    stop_asked_at = models.DateTimeField(null=True, blank=True, verbose_name=_("중지 요청 일시"))
    route_reasons = models.JSONField(default=list, blank=True, verbose_name=_("선택 사유"))
    # The plan behind the route: topic, promise, price, and the propensity of each slot.
    route = models.JSONField(default=dict, blank=True, verbose_name=_("경로"))
    ranking = models.JSONField(null=True, blank=True, verbose_name=_("순위"))
    claims = models.JSONField(default=list, blank=True, verbose_name=_("주장"))
    # Each sentence of a fused answer with the candidates that say it too.
    supports = models.JSONField(default=list, blank=True, verbose_name=_("뒷받침하는 답"))
    leader = models.CharField(max_length=36, blank=True, verbose_name=_("앞선 답"))
    answer_kind = models.CharField(max_length=12, blank=True, verbose_name=_("답의 종류"))
    answer_candidate = models.ForeignKey(
        "aggregator.Candidate",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("선택한 답"),
    )
    # The candidate that the person went on with, if it is another one than the answer.
    continued_with = models.ForeignKey(
        "aggregator.Candidate",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("이어 간 답"),
    )
    answer_model = models.CharField(max_length=80, blank=True, verbose_name=_("답을 쓴 모델"))
    answer_text = models.TextField(_("답"), blank=True)
    answer_cost_micros = models.BigIntegerField(default=0, verbose_name=_("답을 쓴 비용(백만분의 1원)"))
    placement = models.JSONField(null=True, blank=True, verbose_name=_("광고 위치"))
    cost_micros = models.BigIntegerField(_("비용(백만분의 1원)"), default=0)
    duration_ms = models.PositiveIntegerField(default=0, verbose_name=_("걸린 시간(ms)"))
    last_seq = models.PositiveIntegerField(default=0, verbose_name=_("마지막 이벤트 번호"))
    opened_at = models.DateTimeField(auto_now_add=True, verbose_name=_("질문 일시"))
    closed_at = models.DateTimeField(null=True, blank=True, verbose_name=_("종료 일시"))

    class Meta:
        verbose_name = _("질문")
        verbose_name_plural = pgettext_lazy("plural", "질문")
        constraints = [
            models.UniqueConstraint(fields=["conversation", "number"], name="turn_number_once"),
            models.UniqueConstraint(fields=["conversation", "client_id"], name="turn_client_id_once"),
            models.CheckConstraint(condition=models.Q(cost_micros__gte=0), name="turn_cost_not_negative"),
            models.CheckConstraint(
                condition=models.Q(status="running", closed_at=None)
                | (~models.Q(status="running") & models.Q(closed_at__isnull=False)),
                name="turn_closed_when_not_running",
            ),
        ]
        indexes = [
            models.Index(fields=["opened_at"], name="turn_running", condition=models.Q(status="running")),
        ]

    def __str__(self) -> str:
        return f"{self.prompt[:60]}"
