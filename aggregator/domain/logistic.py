"""Probabilities and their log-odds."""

from math import exp, log

_MIN_PROBABILITY, _MAX_PROBABILITY = 0.02, 0.98
_MAX_LOGIT = 30.0


def logit(probability: float) -> float:
    """Return the log-odds of a probability, which is first clamped to 0.02-0.98."""
    clamped = min(_MAX_PROBABILITY, max(_MIN_PROBABILITY, probability))
    return log(clamped / (1 - clamped))


def logistic(log_odds: float) -> float:
    """Return the probability of log-odds, which are first clamped to ±30 against overflow."""
    return 1 / (1 + exp(-max(-_MAX_LOGIT, min(_MAX_LOGIT, log_odds))))
