"""Learns from looks and clicks how far a rate is from what smoothing says: FTRL-Proximal, hashed features.

Every prediction starts from a base rate and adds what was learned of its features, so that a model that knows
nothing says what the base says. Beside the weights the model keeps the evidence that it is better than the
base, looked at before each lesson; where there is none it is not listened to.
"""

import io
import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

BucketArray = NDArray[np.int64]
Numbers = NDArray[np.float64]

BUCKETS = 1 << 18
ALPHA, BETA, L1, L2 = 0.05, 1.0, 0.1, 1.0
# Nats of log-likelihood by which the model must have beaten the base, and the most that it can have in hand.
EVIDENCE_THRESHOLD, MAX_EVIDENCE = 3.0, 30.0
# The calibration is a ratio of clicks to expected clicks; this many clicks as expected were there before.
PRIOR_CLICKS = 50.0
# What was seen long ago counts less: after about so many clicks it is forgotten.
DECAY_CLICKS = 200.0
MIN_RATE, MAX_RATE = 1e-6, 0.999


@dataclass(slots=True)
class Ftrl:
    """The learner: one coordinate a bucket, sums for the calibration, and the evidence in its favour."""

    z: Numbers = field(default_factory=lambda: np.zeros(BUCKETS))
    n: Numbers = field(default_factory=lambda: np.zeros(BUCKETS))
    impressions: int = 0
    clicks: int = 0
    expected: float = PRIOR_CLICKS
    clicked: float = PRIOR_CLICKS
    evidence: float = 0.0

    def predict(self, features: BucketArray, base: float) -> float:
        """Return the calibrated rate of a look with these features."""
        return calibrate(_adjust_odds(base, float(self._weigh(features).sum())), self.calibration)

    def learn(self, features: BucketArray, base: float, *, is_click: bool) -> float:
        """Learn from one look and return what was predicted before."""
        weights = self._weigh(features)
        raw = _adjust_odds(base, float(weights.sum()))
        rate = calibrate(raw, self.calibration)
        gain = log_loss(base, is_click) - log_loss(rate, is_click)
        self.evidence = max(-MAX_EVIDENCE, min(MAX_EVIDENCE, self.evidence + gain))
        fading = raw / DECAY_CLICKS
        self.expected += raw - fading * (self.expected - PRIOR_CLICKS)
        self.clicked += is_click - fading * (self.clicked - PRIOR_CLICKS)
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
        """How many clicks came for each that was expected."""
        return self.clicked / self.expected

    @property
    def trust(self) -> float:
        """How much of what the model says is listened to: nothing until it is likely to beat the base."""
        share = 1 / (1 + math.exp(EVIDENCE_THRESHOLD - self.evidence))
        return share if share >= 0.5 else 0.0

    def weights(self) -> NDArray[np.float32]:
        """Return the weight of every bucket, as it is published."""
        every = np.arange(BUCKETS)
        return self._weigh(every).astype(np.float32)

    def _weigh(self, features: BucketArray) -> Numbers:
        z = self.z[features]
        scale = (BETA + np.sqrt(self.n[features])) / ALPHA + L2
        weights: Numbers = np.where(np.abs(z) <= L1, 0.0, (np.sign(z) * L1 - z) / scale)
        return weights

    def dump(self) -> bytes:
        """Return all there is to the model as one blob that `load_ftrl` reads back."""
        used = np.flatnonzero(self.n)
        buffer = io.BytesIO()
        sums = [self.impressions, self.clicks, self.expected, self.clicked, self.evidence]
        np.savez_compressed(buffer, used=used, z=self.z[used], n=self.n[used], sums=np.array(sums))
        return buffer.getvalue()


def load_ftrl(blob: bytes) -> Ftrl:
    """Read a model; raises ValueError or KeyError when the blob is none."""
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


def blend_rates(base: float, learned: float, trust: float) -> float:
    """Return the rate that counts: the base, and the learned rate as far as it is trusted."""
    return (1 - trust) * base + trust * learned


def calibrate(rate: float, calibration: float) -> float:
    """Return the rate with its odds scaled."""
    return rate * calibration / (1 - rate + rate * calibration)


def log_loss(rate: float, is_click: bool) -> float:
    """Return the log loss of a prediction in nats."""
    return -math.log(rate if is_click else 1 - rate)


def _adjust_odds(base: float, score: float) -> float:
    odds = base / (1 - base) * math.exp(max(-20.0, min(20.0, score)))
    return min(MAX_RATE, max(MIN_RATE, odds / (1 + odds)))
