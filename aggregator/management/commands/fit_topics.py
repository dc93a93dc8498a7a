"""Fit the kitchen's topics from recorded prompts and our own."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand

from aggregator.pipeline.routing.prompt_topics import extract_topic_features
from aggregator.pipeline.routing.topic_classifier import TopicClassifier, Vectors
from aggregator.training.fit_topics import (
    TASK_TOPICS,
    fit_topics,
    load_seed_prompts,
    measure_centre,
    save_classifier,
)
from aggregator.training.recordings import read_json_lines

FOLDS = 5
Rows = list[tuple[str, str]]


class Command(BaseCommand):
    help = "Fit the topics that the route goes by, say how well they are told, and ship them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="folder with routing/llmrouter.jsonl.gz")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = read_json_lines(options["data"] / "routing" / "llmrouter.jsonl.gz")
        recorded = [(row["topic"], row["prompt"]) for row in lines if row["topic"] in TASK_TOPICS]
        order = np.random.default_rng(0).permutation(len(recorded))
        half = [recorded[place] for place in order[: len(order) // 2]]
        rest = [recorded[place] for place in order[len(order) // 2 :]][:800]
        seeds = load_seed_prompts()
        centre = measure_centre(seeds)
        own = _measure_seeds(half, seeds, centre)
        head = fit_topics(half, seeds, centre)
        told = _share(head, centre, [(TASK_TOPICS[task], prompt) for task, prompt in rest])
        save_classifier(head, centre, f"own seeds and llmrouter (MIT), {len(half)} recorded prompts")
        count = sum(len(prompts) for prompts in seeds.values())
        self.stdout.write(
            f"{len(head.topics)} topics; told on held-out prompts: "
            f"own {own:.3f} of {count}, recorded {told:.3f} of {len(rest)}"
        )


def _share(head: TopicClassifier, centre: Vectors, rows: Rows) -> float:
    chances = head.weigh(extract_topic_features([prompt for _, prompt in rows], centre))
    pairs = zip(rows, chances.argmax(axis=1), strict=True)
    return float(np.mean([topic == head.topics[int(place)] for (topic, _), place in pairs]))


def _measure_seeds(recorded: Rows, seeds: dict[str, list[str]], centre: Vectors) -> float:
    shares = []
    for fold in range(FOLDS):
        learn = {
            topic: [each for place, each in enumerate(prompts) if place % FOLDS != fold]
            for topic, prompts in seeds.items()
        }
        held = [(topic, each) for topic, prompts in seeds.items() for each in prompts[fold::FOLDS]]
        shares.append(_share(fit_topics(recorded, learn, centre), centre, held))
    return float(np.mean(shares))
