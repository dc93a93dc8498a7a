"""The fitted weights of routing: measured skills, the router head, cascades and escalation thresholds."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
# A vote less confident than this is repeated with a stronger model, unless another threshold was fitted.
ESCALATION_THRESHOLD = 0.8
# The key of what holds on every topic.
ANY_TOPIC = ""
_SHARPNESS = 12.0
# The regressed share of a task, 1 for its own prompts, at which a prompt counts as unknown, and as known.
_FAMILIAR = (0.2, 0.6)
_MATRICES = ("topic_weights", "topic_level", "by_topic", "by_feature", "level")


def softmax(scores: Vectors) -> Vectors:
    """Return probabilities of shape (rows, classes) from scores of that shape times a fixed factor."""
    sharpened = _SHARPNESS * scores
    exponents = np.exp(sharpened - sharpened.max(axis=1, keepdims=True))
    probabilities: Vectors = (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities


def _measure_familiarity(tasks: Vectors) -> Vectors:
    """Return in 0-1 how much the likeliest task of every prompt is one of the fit, shape (prompts, 1)."""
    if tasks.shape[1] < 2:
        return np.ones((len(tasks), 1), np.float32)
    strange, known = _FAMILIAR
    familiarity: Vectors = np.clip((tasks.max(axis=1, keepdims=True) - strange) / (known - strange), 0, 1)
    return familiarity.astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class RouterHead:
    """Ridge regression of each model's quality on a prompt's topic features and on tasks predicted from them.

    `topic_weights` has shape (features, tasks), `topic_level` (tasks,), `by_topic` (tasks, models),
    `by_feature` (features, models) and `level` (models,).
    """

    models: tuple[str, ...]
    topic_weights: Vectors
    topic_level: Vectors
    by_topic: Vectors
    by_feature: Vectors
    level: Vectors

    def predict(self, features: Vectors) -> Vectors:
        """Return the expected quality of every model, shape (prompts, models).

        The less a prompt is like any task of the fit, the closer it is to what models are worth on average.
        """
        tasks = features @ self.topic_weights + self.topic_level
        own = softmax(tasks) @ self.by_topic + features @ self.by_feature
        quality: Vectors = _measure_familiarity(tasks) * own + self.level
        return quality

    def dump(self) -> dict[str, Any]:
        """Return the head as JSON values, its matrices in half precision."""
        document: dict[str, Any] = {"models": list(self.models)}
        for name in _MATRICES:
            matrix = np.asarray(getattr(self, name), dtype="<f2")
            document[name] = [list(matrix.shape), base64.b64encode(matrix.tobytes()).decode("ascii")]
        return document


def parse_router_head(document: Mapping[str, Any]) -> RouterHead:
    """Return the head of JSON values; raises ValueError or KeyError for others."""
    matrices = {}
    for name in _MATRICES:
        shape, packed = document[name]
        matrix = np.frombuffer(base64.b64decode(packed), dtype="<f2").reshape(shape)
        matrices[name] = matrix.astype(np.float32)
    return RouterHead(tuple(document["models"]), **matrices)


@dataclass(frozen=True, slots=True)
class CascadePlan:
    """A panel and the stronger model that is asked when its vote is less confident than the threshold.

    `quality` is its measured accuracy and `escalation_rate` the share of prompts that asked the stronger
    model; without one it is a vote of the panel only. It was chosen of panels of the models in `compared`.
    """

    panel: tuple[str, ...]
    strong: str
    threshold: float
    quality: float
    escalation_rate: float
    compared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoutingWeights:
    """What calibration measured for routing; without any, routing goes by public quality.

    `skills` are accuracies by model and topic (ANY_TOPIC: overall); `thresholds` are by topic.
    """

    skills: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    cascades: tuple[CascadePlan, ...] = ()
    router: RouterHead | None = None

    def find_skill(self, model: str, topic: str) -> float | None:
        """Return a model's measured accuracy on a topic, else overall, or None without one."""
        measured = self.skills.get(model, {})
        return measured.get(topic, measured.get(ANY_TOPIC))

    def find_threshold(self, panel: frozenset[str], strong: str, topic: str) -> float:
        """Return the confidence below which this panel escalates to this model on a topic."""
        for cascade in self.cascades:
            if cascade.strong == strong and panel == frozenset(cascade.panel):
                return cascade.threshold
        return self.thresholds.get(topic, self.thresholds.get(ANY_TOPIC, ESCALATION_THRESHOLD))


NO_ROUTING_WEIGHTS = RoutingWeights()


def parse_routing_weights(document: Mapping[str, Any]) -> RoutingWeights:
    """Return routing weights of JSON values."""
    return RoutingWeights(
        skills=document["skills"],
        thresholds=document["thresholds"],
        cascades=tuple(
            CascadePlan(**{**row, **{name: tuple(row[name]) for name in ("panel", "compared")}})
            for row in document["cascades"]
        ),
        router=parse_router_head(document["router"]) if document["router"] else None,
    )


def dump_routing_weights(weights: RoutingWeights) -> dict[str, Any]:
    """Return routing weights as JSON values."""
    return {
        "skills": {model: dict(row) for model, row in weights.skills.items()},
        "thresholds": dict(weights.thresholds),
        "cascades": [
            {
                "panel": list(row.panel),
                "strong": row.strong,
                "threshold": row.threshold,
                "quality": row.quality,
                "escalation_rate": row.escalation_rate,
                "compared": list(row.compared),
            }
            for row in weights.cascades
        ],
        "router": weights.router.dump() if weights.router else None,
    }
