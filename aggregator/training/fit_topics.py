"""Fits the topic classifier on recorded prompts and on the seed prompts of topic_seeds.toml."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge

from aggregator.pipeline.routing.topic_classifier import TopicClassifier
from aggregator.pipeline.routing_weights import Vectors

SEEDS_FILE = Path(__file__).with_name("topic_seeds.toml")
HOLDOUT_FILE = SEEDS_FILE.with_name("topic_holdout.toml")
# The topics of recorded tasks; tasks with mixed topics are left out.
TASK_TOPICS = {
    "gsm8k": "math", "math": "math", "agentverse-mgsm": "math", "math_l5": "math",
    "mbpp": "code", "human_eval": "code", "crux": "code",
    "gpqa": "science", "arc_challenge": "science", "openbook_qa": "science",
    "natural_qa": "facts", "trivia_qa": "facts",
    "commonsense_qa": "reasoning", "agentverse-logicgrid": "reasoning", "commongen": "writing",
}  # fmt: skip
FeatureExtractor = Callable[[Sequence[str]], Vectors]
_RECORDED_PER_TOPIC = 60
# Seed prompts are few, and closest to what users type.
_SEED_REPEATS = 2
_SHRINK = 0.3


def load_seed_prompts(path: Path = SEEDS_FILE) -> dict[str, list[str]]:
    """Return the seed prompts by topic, or those of another file."""
    seeds: dict[str, list[str]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return seeds


def fit_topics(
    recorded: Sequence[tuple[str, str]],
    seeds: Mapping[str, Sequence[str]],
    extract: FeatureExtractor,
    seed: int = 0,
) -> TopicClassifier:
    """Fit a classifier on recorded (task, prompt) rows and on the seed prompts."""
    rng = np.random.default_rng(seed)
    sampled: dict[str, list[str]] = {topic: [] for topic in seeds}
    for index in rng.permutation(len(recorded)):
        task, prompt = recorded[int(index)]
        topic = TASK_TOPICS.get(task, "")
        if topic and len(sampled[topic]) < _RECORDED_PER_TOPIC:
            sampled[topic].append(prompt)
    rows = [(topic, prompt) for topic, prompts in sampled.items() for prompt in prompts]
    rows += [(topic, prompt) for topic, prompts in seeds.items() for prompt in prompts] * _SEED_REPEATS
    features = extract([prompt for _, prompt in rows])
    return fit_topic_classifier(features, [topic for topic, _ in rows])


def fit_topic_classifier(features: Vectors, topics: Sequence[str]) -> TopicClassifier:
    """Fit ridge regression of topic indicators on features of shape (prompts, features)."""
    names = tuple(sorted(set(topics)))
    targets = np.eye(len(names), dtype=np.float32)[[names.index(topic) for topic in topics]]
    level = targets.mean(axis=0)
    ridge = Ridge(alpha=_SHRINK, fit_intercept=False, solver="cholesky").fit(features, targets - level)
    return TopicClassifier(names, ridge.coef_.T, level)


def save_classifier(path: Path, classifier: TopicClassifier, centre: Vectors, provenance: str) -> None:
    """Write a classifier that ships in half precision, with a sentence about its training data."""
    np.savez_compressed(
        path,
        topics=np.array(classifier.topics),
        weights=classifier.weights.astype(np.float16),
        level=classifier.level.astype(np.float16),
        centre=centre.astype(np.float16),
        provenance=np.array(provenance),
    )
