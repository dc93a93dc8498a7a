"""Parts 3 and 5: route before asking, and learn to route from a stream of rewards."""

import gzip
import json
from pathlib import Path

import numpy as np

from aggregator.pipeline.routing.thompson_sampling import Bandit
from aggregator.pipeline.routing.topic_classifier import (
    Vectors,
    extract_prompt_features,
    fit_topic_classifier,
)
from aggregator.training.fit_router import PARITY, Codes, Numbers, choose_models, fit_router
from aggregator.training.recordings import read_json_lines
from aggregator.training.router_features import extract_router_features
from bench.ranking.report import Report, spread

ANSWER_TOKENS = 250
FOLDS = 5
EDGE = 1_500


class Stream:
    """Judged prompts of one routing set, with costs and features."""

    def __init__(self, path: Path, most: int) -> None:
        rows = read_json_lines(path)
        rows = [rows[place] for place in np.random.default_rng(0).permutation(len(rows))[:most]]
        self.name = path.name.removesuffix(".jsonl.gz")
        self.models = tuple(sorted(rows[0]["scores"]))
        self.topics = [row["topic"] for row in rows]
        self.scores: Numbers = np.array([[row["scores"][model] for model in self.models] for row in rows])
        self.features: Vectors = extract_prompt_features([row["prompt"] for row in rows])
        self.wide: Vectors = extract_router_features([row["prompt"] for row in rows])
        prices_file = path.with_name(f"{self.name}_prices.json.gz")
        prices = json.loads(gzip.decompress(prices_file.read_bytes())) if prices_file.exists() else {}
        asked = np.array([len(row["prompt"]) / 4 for row in rows])
        pairs = [
            (prices.get(m, {}).get("input_price", 1.0), prices.get(m, {}).get("output_price", 1.0))
            for m in self.models
        ]
        self.costs: Numbers = np.stack([asked * come + ANSWER_TOKENS * go for come, go in pairs], axis=1)


def _measure_fold(stream: Stream, train: Codes, test: Codes, seed: int) -> tuple[float, ...]:
    topics = [stream.topics[row] for row in train]
    head = fit_router(
        stream.wide[train], topics, stream.scores[train], stream.costs[train], stream.models, seed
    )
    scores, costs = stream.scores[test], stream.costs[test]
    single = int(stream.scores[train].mean(axis=0).argmax())
    quality = head.predict(stream.wide[test])
    rows = np.arange(len(test))
    best = float(scores[:, single].mean())
    routed = float(scores[rows, quality.argmax(axis=1)].mean())
    cheap = choose_models(quality, costs, head.parity_price)
    parity, spent = (
        float(scores[rows, cheap].mean()) / best,
        float(costs[rows, cheap].mean() / costs[:, single].mean()),
    )
    guessed = head.predict_topics(stream.wide[test]).argmax(axis=1)
    known = np.mean([head.topics[g] == stream.topics[row] for g, row in zip(guessed, test, strict=True)])
    return best, routed, float(scores.max(axis=1).mean()), parity, spent, float(known)


def bench_router(stream: Stream, report: Report, splits: int) -> None:
    """Nested cross-validation: everything is chosen by folds inside the other folds."""
    found = []
    for turn in range(max(1, splits // FOLDS)):
        fold = np.random.default_rng(turn).permutation(len(stream.scores)) % FOLDS
        halves = [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(FOLDS)]
        found += [_measure_fold(stream, train, test, turn) for train, test in halves]
    table = np.array(found)
    best, _, oracle, parity, spent, known = table.mean(axis=0)
    gap = (table[:, 1] - table[:, 0]) / (table[:, 2] - table[:, 0])
    report.say(
        "\nRouter (nested folds): best single | routed | oracle | gap closed | parity at cost | topics told"
    )
    row = f"  {stream.name} {best:.3f} | {spread(table[:, 1])} | {oracle:.3f} | {spread(gap)}"
    report.say(f"{row} | {spread(table[:, 3])} at {spread(table[:, 4])} | {known:.3f}")
    report.keep("router.topic_accuracy", known)
    report.keep("router.parity_quality", parity)
    report.goal("router.gap_closed", gap.mean(), 0.24)
    report.goal("router.parity_quality", parity, PARITY)
    report.goal("router.parity_cost", spent, 0.20, at_most=True)


def _predict_topics(stream: Stream) -> Numbers:
    """Return topic shares told by a classifier that never saw the prompt's own half, nor any reward."""
    shares = np.zeros((len(stream.scores), len(set(stream.topics))))
    half = np.random.default_rng(1).permutation(len(stream.scores)) % 2
    for number in (0, 1):
        learn, check = np.flatnonzero(half != number), np.flatnonzero(half == number)
        head = fit_topic_classifier(stream.features[learn], [stream.topics[row] for row in learn])
        columns = [sorted(set(stream.topics)).index(topic) for topic in head.topics]
        shares[np.ix_(check, np.array(columns))] = head.weigh(stream.features[check])
    return shares


def bench_bandit(stream: Stream, report: Report, seeds: int) -> None:
    """Stream the prompts; only the chosen model's reward is seen; priors are public accuracies ± 5 points."""
    shares = _predict_topics(stream)
    firsts, lasts = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(100 + seed)
        public = stream.scores.mean(axis=0) + rng.normal(0, 0.05, len(stream.models))
        bandit = Bandit(dict(zip(stream.models, (float(p) for p in public), strict=True)), shares.shape[1])
        rewards = []
        for row in rng.permutation(len(stream.scores)):
            place = bandit.draw(shares[row], rng)
            reward = float(stream.scores[row, place])
            bandit.learn(place, shares[row], reward)
            rewards.append(reward)
        firsts.append(float(np.mean(rewards[:EDGE])))
        lasts.append(float(np.mean(rewards[-EDGE:])))
    report.say(
        f"\nBandit (stream of {len(stream.scores)}, topics told by a classifier): first {EDGE} | last {EDGE}"
    )
    single = stream.scores.mean(axis=0).max()
    report.say(f"  {stream.name} {spread(firsts)} | {spread(lasts)} | best single {single:.3f}")
    report.goal("bandit.first", float(np.mean(firsts)), 0.59)
    report.goal("bandit.last", float(np.mean(lasts)), 0.62)


def bench_routers(streams: list[Stream], report: Report, splits: int) -> None:
    """Measure the router on every routing set."""
    for stream in streams:
        bench_router(stream, report, splits)


def bench_bandits(streams: list[Stream], report: Report, seeds: int) -> None:
    """Measure learning on every routing set long enough to have a beginning and an end."""
    for stream in streams:
        if len(stream.scores) >= 2 * EDGE:
            bench_bandit(stream, report, seeds)
