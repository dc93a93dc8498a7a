"""When the vote of cheap models is too unsure to stand alone, so that a stronger model is asked too."""

MAX_PER_VENDOR = 2
ESCALATION_THRESHOLD = 0.8


def needs_escalation(confidence: float, threshold: float = ESCALATION_THRESHOLD) -> bool:
    """Tell whether a vote's confidence (0 to 1) is below the threshold."""
    return confidence < threshold
