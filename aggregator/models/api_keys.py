import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ApiKey(models.Model):
    """A bearer key of the public API; only its digest and its first characters are stored."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, verbose_name=_("공개 번호"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("소유자")
    )
    name = models.CharField(_("이름"), max_length=60)
    prefix = models.CharField(_("앞 글자"), max_length=16)
    digest = models.CharField(max_length=64, unique=True, verbose_name=_("해시"))
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))
    last_used_at = models.DateTimeField(null=True, blank=True, verbose_name=_("마지막 사용 일시"))
    revoked_at = models.DateTimeField(null=True, blank=True, verbose_name=_("회수 일시"))

    class Meta:
        verbose_name = _("API 키")
        verbose_name_plural = pgettext_lazy("plural", "API 키")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
