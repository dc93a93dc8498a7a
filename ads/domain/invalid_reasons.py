"""Why an impression or a click is invalid; the values are stored."""

from enum import StrEnum


class InvalidReason(StrEnum):
    """One reason why an event does not count."""

    # Not a person's request: it uses up nothing and is counted as a rejected event.
    HEAD = "head"
    PREFETCH = "prefetch"
    ROBOT = "robot"
    # A second click on the same offer.
    DUPLICATE = "again"
    # Known when the event arrives.
    TOO_FAST = "too_fast"
    NOT_SEEN = "not_seen"
    INVALID_IMPRESSION = "look_invalid"
    PLATFORM_ADDRESS = "house"
    DATACENTER = "datacenter"
    ADVERTISER_ADDRESS = "own_address"
    REPEAT = "repeat"
    PERSON_RATE = "busy_person"
    NETWORK_RATE = "busy_network"
    EXPIRED = "expired"
    TOO_LATE = "too_late"
    # Found by the click audit, or by an operator.
    PERSON_BURST = "burst_person"
    NETWORK_BURST = "burst_network"
    PERSON_REGULAR = "regular_person"
    NETWORK_REGULAR = "regular_network"
    OPERATOR = "operator"
