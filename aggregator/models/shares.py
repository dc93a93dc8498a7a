from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aggregator.models.conversations import Conversation


class Share(models.Model):
    """A public copy of a conversation as it was at one moment; a withdrawn one is empty."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="shares", verbose_name=_("대화")
    )
    # The link is the only key, and its owner may copy it again: it is kept as it is.
    token = models.CharField(max_length=64, unique=True, editable=False, verbose_name=_("링크 키"))
    title = models.CharField(_("제목"), max_length=120)
    turns = models.JSONField(default=list, blank=True, verbose_name=_("담긴 질문과 답"))
    # How many turns came before those that it holds. A process of the last release knows nothing of it.
    left_out = models.PositiveIntegerField(_("담기지 않은 질문"), default=0, db_default=0)
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))
    withdrawn_at = models.DateTimeField(null=True, blank=True, verbose_name=_("회수 일시"))

    class Meta:
        verbose_name = _("공유 링크")
        verbose_name_plural = pgettext_lazy("plural", "공유 링크")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"], condition=models.Q(withdrawn_at=None), name="share_one_open"
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at=None) | models.Q(turns=[]), name="share_empty_when_withdrawn"
            ),
        ]

    def __str__(self) -> str:
        return self.title
