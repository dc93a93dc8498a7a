"""Part 3: does the learned router choose better than the best single model, and at parity cheaper?"""

import gzip
import json
from pathlib import Path

import numpy as np

from aggregator.pipeline.routing.topic_classifier import Vectors
from aggregator.training.fit_router import PARITY, Codes, Numbers, choose_models, fit_router
from aggregator.training.recordings import read_json_lines
from aggregator.training.router_features import extract_router_features
from bench.ranking.report import RankingReport, mean_sd

ANSWER_TOKENS = 250
FOLDS = 5


class Stream:
    """Rated prompts of one routing set: scores and costs of shape (prompts, models), and features."""

    def __init__(self, path: Path, most: int) -> None:
        rows = read_json_lines(path)
        rows = [rows[index] for index in np.random.default_rng(0).permutation(len(rows))[:most]]
        self.name = path.name.removesuffix(".jsonl.gz")
        self.models = tuple(sorted(rows[0]["scores"]))
        self.topics = [row["topic"] for row in rows]
        self.scores: Numbers = np.array([[row["scores"][model] for model in self.models] for row in rows])
        self.features: Vectors = extract_router_features([row["prompt"] for row in rows])
        prices_file = path.with_name(f"{self.name}_prices.json.gz")
        prices = json.loads(gzip.decompress(prices_file.read_bytes())) if prices_file.exists() else {}
        input_tokens = np.array([len(row["prompt"]) / 4 for row in rows])
        pairs = [
            (prices.get(m, {}).get("input_price", 1.0), prices.get(m, {}).get("output_price", 1.0))
            for m in self.models
        ]
        self.costs: Numbers = np.stack(
            [
                input_tokens * input_price + ANSWER_TOKENS * output_price
                for input_price, output_price in pairs
            ],
            axis=1,
        )


def _measure_fold(stream: Stream, train: Codes, test: Codes, seed: int) -> tuple[float, ...]:
    topics = [stream.topics[row] for row in train]
    router = fit_router(
        stream.features[train], topics, stream.scores[train], stream.costs[train], stream.models, seed
    )
    scores, costs = stream.scores[test], stream.costs[test]
    single = int(stream.scores[train].mean(axis=0).argmax())
    quality = router.predict(stream.features[test])
    rows = np.arange(len(test))
    best = float(scores[:, single].mean())
    routed = float(scores[rows, quality.argmax(axis=1)].mean())
    cheap = choose_models(quality, costs, router.parity_price)
    parity, spent = (
        float(scores[rows, cheap].mean()) / best,
        float(costs[rows, cheap].mean() / costs[:, single].mean()),
    )
    predicted = router.predict_topics(stream.features[test]).argmax(axis=1)
    known = np.mean(
        [router.topics[topic] == stream.topics[row] for topic, row in zip(predicted, test, strict=True)]
    )
    return best, routed, float(scores.max(axis=1).mean()), parity, spent, float(known)


def bench_router(stream: Stream, report: RankingReport, splits: int) -> None:
    """Measure by nested cross-validation: blend and price are chosen inside the training folds."""
    found = []
    for turn in range(max(1, splits // FOLDS)):
        fold = np.random.default_rng(turn).permutation(len(stream.scores)) % FOLDS
        halves = [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(FOLDS)]
        found += [_measure_fold(stream, train, test, turn) for train, test in halves]
    table = np.array(found)
    best, _, oracle, parity, spent, known = table.mean(axis=0)
    gap = (table[:, 1] - table[:, 0]) / (table[:, 2] - table[:, 0])
    report.print_row(
        "\nRouter (nested folds): best single | routed | oracle | gap closed | parity at cost | topics"
    )
    row = f"  {stream.name} {best:.3f} | {mean_sd(table[:, 1])} | {oracle:.3f} | {mean_sd(gap)}"
    report.print_row(f"{row} | {mean_sd(table[:, 3])} at {mean_sd(table[:, 4])} | {known:.3f}")
    report.note("router.topic_accuracy", known)
    report.note("router.parity_quality", parity)
    report.add_goal("router.gap_closed", gap.mean(), 0.24)
    report.add_goal("router.parity_quality", parity, PARITY)
    report.add_goal("router.parity_cost", spent, 0.20, at_most=True)


def bench_routers(streams: list[Stream], report: RankingReport, splits: int) -> None:
    """Measure the router on every routing set."""
    for stream in streams:
        bench_router(stream, report, splits)
