"""Stored versions of the model weights; every process uses a newly activated one within a minute."""

import logging
from threading import Lock

from cachetools import TTLCache, cached
from django.db import transaction

from aggregator.models import WeightsVersion
from aggregator.pipeline.ranking.weights import (
    ModelWeights,
    WeightsError,
    activate_weights,
    dump_weights,
    get_active_weights,
    load_default_weights,
    parse_weights,
)

CHECK_SECONDS = 60.0
logger = logging.getLogger(__name__)


def save_version(weights: ModelWeights, *, is_active: bool = True) -> WeightsVersion:
    """Store weights; the newest active version is used."""
    return WeightsVersion.objects.create(
        version=weights.version,
        heads=dump_weights(weights),
        provenance=dict(weights.provenance),
        is_active=is_active,
    )


@transaction.atomic
def activate_version(version: WeightsVersion | None) -> None:
    """Activate a version, or with None the weights that ship, in every process within a minute."""
    WeightsVersion.objects.filter(is_active=True).update(is_active=False)
    if version is not None:
        WeightsVersion.objects.filter(pk=version.pk).update(is_active=True)
    refresh_weights.cache_clear()


def find_base_weights(weights: ModelWeights) -> ModelWeights:
    """Return the weights that those of live turns were fitted from; other weights are returned as they are.

    Where they were deleted or cannot be read, they are those that ship.
    """
    base = weights.provenance.get("base")
    if base is None:
        return weights
    row = WeightsVersion.objects.filter(version=base).first()
    try:
        return parse_weights(row.heads) if row else load_default_weights()
    except WeightsError:
        return load_default_weights()


@cached(TTLCache(1, CHECK_SECONDS), lock=Lock())
def refresh_weights() -> None:
    """Use the newest active version, or the weights that ship; checks the database once a minute."""
    version = WeightsVersion.objects.filter(is_active=True).values_list("version", flat=True).first()
    if version is None:
        activate_weights(None)
    elif version != get_active_weights().version:
        _load_version(version)


def _load_version(version: str) -> None:
    try:
        activate_weights(parse_weights(WeightsVersion.objects.get(version=version).heads))
    except WeightsError:
        # Weights of another release must not stop turns: the ones in use stay.
        logger.exception("model weights %s cannot be read", version)
