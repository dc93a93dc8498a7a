"""The admin of the aggregator; importing this package registers its pages."""

from aggregator.admin import (
    budget,
    calibration,
    calibration_answers,
    catalog,
    conversations,
    feedback,
    provider_accounts,
    usage,
    weights,
)

__all__ = [
    "budget",
    "calibration",
    "calibration_answers",
    "catalog",
    "conversations",
    "feedback",
    "provider_accounts",
    "usage",
    "weights",
]
