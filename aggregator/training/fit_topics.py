"""Fit the kitchen's topics: recorded prompts where there are some, prompts of our own everywhere."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from aggregator.pipeline.routing.prompt_topics import CLASSIFIER_FILE, extract_topic_features
from aggregator.pipeline.routing.topic_classifier import TopicClassifier, Vectors, fit_topic_classifier
from language.embed import embed
from language.sensitivity import embedding_excerpt

SEEDS_FILE = Path(__file__).with_name("topic_seeds.toml")
# What the tasks of recorded prompts are about; those that mix everything are left out.
TASK_TOPICS = {
    "gsm8k": "math", "math": "math", "agentverse-mgsm": "math", "math_l5": "math",
    "mbpp": "code", "human_eval": "code", "crux": "code",
    "gpqa": "science", "arc_challenge": "science", "openbook_qa": "science",
    "natural_qa": "facts", "trivia_qa": "facts",
    "commonsense_qa": "reasoning", "agentverse-logicgrid": "reasoning", "commongen": "writing",
}  # fmt: skip
_RECORDED_PER_TOPIC = 60
# There are few prompts of our own, and they are what people here type.
_SEED_REPEATS = 2


def load_seed_prompts() -> dict[str, list[str]]:
    """Return our own prompts by topic."""
    seeds: dict[str, list[str]] = tomllib.loads(SEEDS_FILE.read_text(encoding="utf-8"))
    return seeds


def measure_centre(seeds: Mapping[str, Sequence[str]]) -> Vectors:
    """Return the mean sentence vector of our own prompts."""
    prompts = [prompt for topic in seeds.values() for prompt in topic]
    centre: Vectors = embed([embedding_excerpt(prompt) for prompt in prompts]).mean(axis=0)
    return centre


def fit_topics(
    recorded: Sequence[tuple[str, str]], seeds: Mapping[str, Sequence[str]], centre: Vectors, seed: int = 0
) -> TopicClassifier:
    """Fit a head on (task, prompt) rows and on prompts of our own."""
    rng = np.random.default_rng(seed)
    taken: dict[str, list[str]] = {topic: [] for topic in seeds}
    for place in rng.permutation(len(recorded)):
        task, prompt = recorded[int(place)]
        topic = TASK_TOPICS.get(task, "")
        if topic and len(taken[topic]) < _RECORDED_PER_TOPIC:
            taken[topic].append(prompt)
    rows = [(topic, prompt) for topic, prompts in taken.items() for prompt in prompts]
    rows += [(topic, prompt) for topic, prompts in seeds.items() for prompt in prompts] * _SEED_REPEATS
    features = extract_topic_features([prompt for _, prompt in rows], centre)
    return fit_topic_classifier(features, [topic for topic, _ in rows])


def save_classifier(head: TopicClassifier, centre: Vectors, provenance: str) -> None:
    """Write the head that ships, in halves of numbers, with the sentence that says where it comes from."""
    np.savez_compressed(
        CLASSIFIER_FILE,
        topics=np.array(head.topics),
        weights=head.weights.astype(np.float16),
        level=head.level.astype(np.float16),
        centre=centre.astype(np.float16),
        provenance=np.array(provenance),
    )
