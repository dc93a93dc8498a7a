from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class WeightsVersion(models.Model):
    """One version of the ensemble's weights and its provenance; the newest active one is used."""

    version = models.CharField(_("버전"), max_length=40, unique=True)
    heads = models.JSONField(verbose_name=_("가중치"))
    provenance = models.JSONField(_("출처"))
    is_active = models.BooleanField(pgettext_lazy("fit", "쓰는 중"), default=True)
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))

    class Meta:
        db_table = "aggregator_kitchenfit"
        verbose_name = _("앙상블 가중치")
        verbose_name_plural = _("앙상블 가중치")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.version
