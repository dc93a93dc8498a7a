"""Fits the topic classifier that ships from recorded prompts and seed prompts."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand

from aggregator.pipeline.routing.prompt_topics import (
    CLASSIFIER_FILE,
    STATIC_CLASSIFIER_FILE,
    extract_static_features,
    extract_topic_features,
    load_topic_classifier,
)
from aggregator.pipeline.routing.topic_classifier import TopicClassifier
from aggregator.training.fit_lengths import fit_lengths, read_lengths
from aggregator.training.fit_topics import (
    HOLDOUT_FILE,
    TASK_TOPICS,
    FeatureExtractor,
    fit_topics,
    load_seed_prompts,
    save_classifier,
)
from aggregator.training.recordings import read_json_lines

FOLDS = 5
Rows = list[tuple[str, str]]


class Command(BaseCommand):
    help = (
        "Fit the topic classifiers and the length forecast that routing uses, and write the files that ship."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="folder with routing/llmrouter.jsonl.gz")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = read_json_lines(options["data"] / "routing" / "llmrouter.jsonl.gz")
        recorded = [(row["topic"], row["prompt"]) for row in lines if row["topic"] in TASK_TOPICS]
        order = np.random.default_rng(0).permutation(len(recorded))
        half = [recorded[index] for index in order[: len(order) // 2]]
        held_out = [recorded[index] for index in order[len(order) // 2 :]][:800]
        seeds = load_seed_prompts()
        # Router heads were fitted on features about this centre.
        _, centre = load_topic_classifier()
        provenance = f"own seeds and llmrouter (MIT), {len(half)} recorded prompts"
        extractors: dict[Path, FeatureExtractor] = {
            CLASSIFIER_FILE: lambda prompts: extract_topic_features(prompts, centre),
            STATIC_CLASSIFIER_FILE: extract_static_features,
        }
        everyday = [(topic, each) for topic, rows in load_seed_prompts(HOLDOUT_FILE).items() for each in rows]
        tasks = [(TASK_TOPICS[task], prompt) for task, prompt in held_out]
        for path, extract in extractors.items():
            classifier = fit_topics(half, seeds, extract)
            save_classifier(path, classifier, centre, provenance)
            self.stdout.write(
                f"{path.name}: accuracy on seeds {_measure_seeds(half, seeds, extract):.3f} of "
                f"{sum(map(len, seeds.values()))}, recorded {_measure(classifier, extract, tasks):.3f} of "
                f"{len(tasks)}, everyday {_measure(classifier, extract, everyday):.3f} of {len(everyday)}"
            )
        fit_lengths(list(read_lengths(options["data"])))


def _measure(classifier: TopicClassifier, extract: FeatureExtractor, rows: Rows) -> float:
    probabilities = classifier.predict(extract([prompt for _, prompt in rows]))
    pairs = zip(rows, probabilities.argmax(axis=1), strict=True)
    return float(np.mean([topic == classifier.topics[int(code)] for (topic, _), code in pairs]))


def _measure_seeds(recorded: Rows, seeds: dict[str, list[str]], extract: FeatureExtractor) -> float:
    accuracies = []
    for fold in range(FOLDS):
        learn = {
            topic: [prompt for index, prompt in enumerate(prompts) if index % FOLDS != fold]
            for topic, prompts in seeds.items()
        }
        held_out = [(topic, prompt) for topic, prompts in seeds.items() for prompt in prompts[fold::FOLDS]]
        accuracies.append(_measure(fit_topics(recorded, learn, extract), extract, held_out))
    return float(np.mean(accuracies))
