from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ProviderAccount(models.Model):
    """An account at a provider, or a server of one's own; its models are called by its key."""

    class Kind(models.TextChoices):
        OPENAI = "openai", "OpenAI"
        ANTHROPIC = "anthropic", "Anthropic"
        GEMINI = "gemini", "Google Gemini"
        UPSTAGE = "upstage", "Upstage"
        CLOVA = "clova", "NAVER CLOVA Studio"
        OPENROUTER = "openrouter", "OpenRouter"
        COMPATIBLE = "openai_compatible", _("OpenAI 호환 서버")

    name = models.CharField(_("이름"), max_length=60, unique=True)
    kind = models.CharField(_("종류"), max_length=20, choices=Kind.choices)
    # No URLField: its validator refuses host names of a private network such as `vllm`.
    base_url = models.CharField(_("서버 주소"), max_length=200, blank=True)
    is_on = models.BooleanField(_("켜짐"), default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("추가한 사람"),
    )
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성일"))
    updated_at = models.DateTimeField(auto_now=True, verbose_name=_("수정일"))

    class Meta:
        verbose_name = _("제공자")
        verbose_name_plural = pgettext_lazy("plural", "제공자")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(kind="openai_compatible", base_url=""),
                name="provider_account_server_has_address",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProviderKey(models.Model):
    """A key of an account, sealed (ADR 23); a retired one loses its secret and keeps its history."""

    # Whose calls a key made stays on record: an account with keys is switched off, not deleted.
    account = models.ForeignKey(
        ProviderAccount, on_delete=models.PROTECT, related_name="keys", verbose_name=_("제공자")
    )
    sealed = models.TextField(_("암호화한 키"), blank=True)
    hint = models.CharField(_("끝자리"), max_length=8, blank=True)
    # Tells whether a key is the active one already, without opening that.
    digest = models.CharField(_("해시"), max_length=64)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("추가한 사람"),
    )
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성일"))
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("폐기한 사람"),
    )
    retired_at = models.DateTimeField(_("폐기일"), null=True)

    class Meta:
        verbose_name = _("제공자 키")
        verbose_name_plural = pgettext_lazy("plural", "제공자 키")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(retired_at=None), name="provider_key_one_active"
            ),
            models.CheckConstraint(
                condition=models.Q(retired_at=None) ^ models.Q(sealed=""),
                name="provider_key_retired_is_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.hint}".strip()


class ProviderTest(models.Model):
    """A call by which an admin tried whether a model answers."""

    class Status(models.TextChoices):
        RUNNING = "running", _("확인하는 중")
        PASSED = "passed", _("성공")
        FAILED = "failed", _("실패")

    listing = models.ForeignKey(
        "aggregator.Listing", on_delete=models.CASCADE, related_name="tests", verbose_name=_("언어 모델")
    )
    key = models.ForeignKey(
        ProviderKey, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("제공자 키")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("시험한 사람"),
    )
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("시험일"))
    finished_at = models.DateTimeField(_("완료일"), null=True)
    status = models.CharField(_("상태"), max_length=8, choices=Status.choices, default=Status.RUNNING)
    error = models.CharField(_("오류"), max_length=20, blank=True)
    ttft_ms = models.PositiveIntegerField(_("첫 글자까지(ms)"), null=True)
    duration_ms = models.PositiveIntegerField(_("걸린 시간(ms)"), null=True)
    text = models.CharField(_("답"), max_length=200, blank=True)
    input_tokens = models.PositiveIntegerField(_("입력 토큰"), default=0)
    output_tokens = models.PositiveIntegerField(_("출력 토큰"), default=0)
    cost_micros = models.PositiveBigIntegerField(_("비용(백만분의 1원)"), default=0)

    class Meta:
        verbose_name = _("시험 호출")
        verbose_name_plural = pgettext_lazy("plural", "시험 호출")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.listing} {self.get_status_display()}"
