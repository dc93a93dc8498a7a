"""Stored fits of the kitchen's heads: keep one, and let every process notice a newer one within a minute."""

import logging
import time

from django.db import transaction

from aggregator.models import KitchenFit
from aggregator.pipeline.heads import Heads, HeadsError, current_heads, read_heads, use_heads, write_heads

LOOK_SECONDS = 60.0
logger = logging.getLogger(__name__)
_last_look: list[float] = []


def keep_fit(heads: Heads) -> KitchenFit:
    """Store a fit; the newest active one is in use."""
    return KitchenFit.objects.create(
        version=heads.version, heads=write_heads(heads), provenance=dict(heads.provenance)
    )


@transaction.atomic
def use_fit(fit: KitchenFit | None) -> None:
    """Let this fit, or with None the one that ships, be used by every process within a minute."""
    KitchenFit.objects.filter(is_active=True).update(is_active=False)
    if fit is not None:
        KitchenFit.objects.filter(pk=fit.pk).update(is_active=True)
    forget_look()


def refresh_heads(*, now: float | None = None) -> None:
    """Use the newest active fit, or the one that ships; the database is asked once a minute and a process."""
    moment = time.monotonic() if now is None else now
    if _last_look and moment - _last_look[0] < LOOK_SECONDS:
        return
    _last_look[:] = [moment]
    version = KitchenFit.objects.filter(is_active=True).values_list("version", flat=True).first()
    if version is None:
        use_heads(None)
    elif version != current_heads().version:
        _load(version)


def forget_look() -> None:
    """Look again at the next chance, as after a fit was stored in this process."""
    _last_look.clear()


def _load(version: str) -> None:
    try:
        use_heads(read_heads(KitchenFit.objects.get(version=version).heads))
    except HeadsError:
        # A fit of another release must not stop turns: what is in use goes on.
        logger.exception("the kitchen's fit %s cannot be read", version)
