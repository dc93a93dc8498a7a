from django.db import models
from django.utils.translation import gettext_lazy as _


class Term(models.Model):
    """One term of the closed vocabulary; an id is never reused for another term."""

    key = models.CharField(max_length=120, unique=True, verbose_name=_("열쇠"))
    text = models.CharField(_("말"), max_length=120)
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("만든 때"))

    class Meta:
        verbose_name = _("어휘")
        verbose_name_plural = _("어휘")
        constraints = [models.CheckConstraint(condition=~models.Q(key=""), name="term_has_a_key")]

    def __str__(self) -> str:
        return self.text


class TextVector(models.Model):
    """The embedding of one text of the inventory, stored so that only new texts are embedded."""

    digest = models.BinaryField(max_length=32, unique=True, verbose_name=_("지문"))
    vector = models.BinaryField(verbose_name=_("벡터"))

    class Meta:
        verbose_name = _("벡터")
        verbose_name_plural = _("벡터")

    def __str__(self) -> str:
        return bytes(self.digest).hex()[:12]
