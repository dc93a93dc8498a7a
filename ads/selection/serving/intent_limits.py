"""The limits of intent under which this market serves, by its settings."""

from django.conf import settings

from ads.contract import AdRequest
from ads.selection.core.intent import IntentLimits, find_limits


def current_limits() -> IntentLimits:
    """Return the limits that the settings ask for."""
    return find_limits(settings.ADS_NONCOMMERCIAL_PERCENT, settings.ADS_MISSED_PERCENT)


def has_intent(request: AdRequest) -> bool:
    """Return whether an ad may stand beside the prompt of a request, by its intent."""
    return current_limits().allow(request.intent_percent, request.work_percent)
