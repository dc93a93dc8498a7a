"""The click model: logistic regression over hashed features, learned online by FTRL-Proximal.

The update is Algorithm 1 of McMahan et al. 2013 ("Ad Click Prediction: a View from the Trenches"), per
coordinate, with L1 and L2. The score is added to the log-odds of a base rate (the smoothed rate of the ad),
so an untrained model predicts the base rate. Each impression is predicted before it is learned from; the
log-likelihood gained over the base rate accumulates as evidence and decides how far the model is trusted.
"""

import io
import math
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

BucketArray = NDArray[np.int64]
Float64Array = NDArray[np.float64]
# One rate, or an array of rates of shape (n,).
Rate = TypeVar("Rate", float, Float64Array)

BUCKETS = 1 << 18
ALPHA, BETA, L1, L2 = 0.05, 1.0, 0.1, 1.0
# Nats of log-likelihood gained over the base rate at which trust is one half, and the cap on what
# accumulates.
EVIDENCE_THRESHOLD, MAX_EVIDENCE = 3.0, 30.0
# Prior of the calibration (clicks / expected clicks): this many clicks that came as expected.
PRIOR_CLICKS = 50.0
# The calibration decays exponentially, over about this many clicks.
DECAY_CLICKS = 200.0
MIN_RATE, MAX_RATE = 1e-6, 0.999
# Bound of the score in log-odds, against overflow.
MAX_SCORE = 20.0


@dataclass(slots=True)
class Ftrl:
    """The learner: `z` and `n` of shape (BUCKETS,), the sums of the calibration, and the evidence in nats."""

    z: Float64Array = field(default_factory=lambda: np.zeros(BUCKETS))
    n: Float64Array = field(default_factory=lambda: np.zeros(BUCKETS))
    impressions: int = 0
    clicks: int = 0
    expected: float = PRIOR_CLICKS
    clicked: float = PRIOR_CLICKS
    evidence: float = 0.0

    def learn(self, features: BucketArray, base: float, *, is_click: bool) -> float:
        """Learn from one impression, features of shape (k,); return the rate predicted before the update."""
        weights = self._weights_of(features)
        raw = float(adjust_odds(base, float(weights.sum())))
        rate = calibrate(raw, self.calibration)
        gain = log_loss(base, is_click) - log_loss(rate, is_click)
        self.evidence = max(-MAX_EVIDENCE, min(MAX_EVIDENCE, self.evidence + gain))
        decay = raw / DECAY_CLICKS
        self.expected += raw - decay * (self.expected - PRIOR_CLICKS)
        self.clicked += is_click - decay * (self.clicked - PRIOR_CLICKS)
        self.impressions += 1
        self.clicks += is_click
        gradient = raw - is_click
        before = self.n[features]
        after = before + gradient * gradient
        self.z[features] += gradient - (np.sqrt(after) - np.sqrt(before)) / ALPHA * weights
        self.n[features] = after
        return rate

    @property
    def calibration(self) -> float:
        """Clicks observed per click expected."""
        return self.clicked / self.expected

    @property
    def trust(self) -> float:
        """The weight of the learned rate, 0 to 1: zero until the evidence exceeds the threshold."""
        share = 1 / (1 + math.exp(EVIDENCE_THRESHOLD - self.evidence))
        return share if share >= 0.5 else 0.0

    def weights(self) -> NDArray[np.float32]:
        """Return the weights of all buckets, shape (BUCKETS,), as they are published."""
        return self._weights_of(np.arange(BUCKETS)).astype(np.float32)

    def _weights_of(self, features: BucketArray) -> Float64Array:
        z = self.z[features]
        scale = (BETA + np.sqrt(self.n[features])) / ALPHA + L2
        weights: Float64Array = np.where(np.abs(z) <= L1, 0.0, (np.sign(z) * L1 - z) / scale)
        return weights

    def dump(self) -> bytes:
        """Serialise the model for `load_ftrl`."""
        used = np.flatnonzero(self.n)
        buffer = io.BytesIO()
        sums = [self.impressions, self.clicks, self.expected, self.clicked, self.evidence]
        np.savez_compressed(buffer, used=used, z=self.z[used], n=self.n[used], sums=np.array(sums))
        return buffer.getvalue()


def load_ftrl(blob: bytes) -> Ftrl:
    """Read a serialised model; raises ValueError or KeyError for anything else."""
    with np.load(io.BytesIO(blob), allow_pickle=False) as archive:
        impressions, clicks, expected, clicked, evidence = archive["sums"].tolist()
        model = Ftrl(
            impressions=int(impressions),
            clicks=int(clicks),
            expected=expected,
            clicked=clicked,
            evidence=evidence,
        )
        model.z[archive["used"]] = archive["z"]
        model.n[archive["used"]] = archive["n"]
    return model


def blend_rates(base: Rate, learned: Rate, trust: float) -> Rate:
    """Return the rates to serve: the base rates moved towards the learned ones by the trust in the model."""
    return (1 - trust) * base + trust * learned


def calibrate(rate: Rate, calibration: float) -> Rate:
    """Return the rates with their odds multiplied by the calibration."""
    return rate * calibration / (1 - rate + rate * calibration)


def adjust_odds(base: Rate, score: Rate) -> Rate:
    """Return the base rates with their log-odds raised by the score, within MIN_RATE and MAX_RATE."""
    odds = base / (1 - base) * np.exp(np.minimum(np.maximum(score, -MAX_SCORE), MAX_SCORE))
    rates: Rate = np.minimum(MAX_RATE, np.maximum(MIN_RATE, odds / (1 + odds)))
    return rates


def log_loss(rate: float, is_click: bool) -> float:
    """Return the log loss of a prediction in nats."""
    return -math.log(rate if is_click else 1 - rate)
