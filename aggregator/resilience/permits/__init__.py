"""Permits of models: how many calls a model serves at once, and who gets the next free one."""

from aggregator.resilience.permits.permits import (
    PermitError,
    PermitTimeoutError,
    QueueFullError,
    close_permits,
    hold_permit,
)
from aggregator.resilience.permits.person import NOBODY, Person, identify_person

__all__ = [
    "NOBODY",
    "PermitError",
    "PermitTimeoutError",
    "Person",
    "QueueFullError",
    "close_permits",
    "hold_permit",
    "identify_person",
]
