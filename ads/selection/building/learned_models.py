"""Reads the latest versions of what jobs learned: the click model and the reserve prices."""

from django.db.models import QuerySet

from ads.models import ClickModel, LearnedReserve
from ads.selection.core.click_model import load_ftrl
from ads.selection.core.features import FEATURES_VERSION
from ads.selection.core.inventory import ClickWeights


def latest_click_model() -> ClickModel | None:
    """Return the newest version that was trained on the current features."""
    return ClickModel.objects.filter(form=FEATURES_VERSION).order_by("-id").first()


def read_click_weights() -> ClickWeights:
    """Return the newest click model as it is published; an untrusted model has no weights."""
    latest = latest_click_model()
    if latest is None or latest.trust <= 0:
        return ClickWeights(version=latest.id if latest else 0)
    model = load_ftrl(bytes(latest.weights))
    return ClickWeights(latest.id, model.trust, model.calibration, model.weights())


def latest_reserves() -> QuerySet[LearnedReserve]:
    """Return the newest learned reserve of each category that has one."""
    return LearnedReserve.objects.order_by("category", "-id").distinct("category")


def current_reserves() -> dict[str, int]:
    """Return the newest reserve in micros of each category that has one."""
    return dict(latest_reserves().values_list("category", "reserve_micros"))
