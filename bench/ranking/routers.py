"""Part 3: does the router, as a live turn calls it, choose better than the best single model, and cheaper?

Calibration fits its head on four folds; on the fifth, `expect_quality` and `plan_route` choose one model a
prompt.
"""

import gzip
import hashlib
import json
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.routing.expected_quality import expect_quality
from aggregator.pipeline.routing.prompt_topics import (
    OTHER,
    TopicPrediction,
    extract_topic_features,
    load_topic_classifier,
)
from aggregator.pipeline.routing.route import RoutePreferences, RoutingContext, plan_route
from aggregator.pipeline.routing_weights import RoutingWeights, Vectors
from aggregator.pipeline.types import Question, Strategy
from aggregator.training.answered_questions import AnsweredQuestion, GivenAnswer
from aggregator.training.fit_weights import fit_weights
from aggregator.training.recordings import detect_language, read_json_lines
from aggregator.training.response_matrix import Numbers
from bench.ranking.cascades import LIMITS, make_budget
from bench.ranking.live_turns import offer_model
from bench.ranking.report import RankingReport, mean_sd

ANSWER_TOKENS = 250
FOLDS = 5
# The share of the best single model's quality that counts as equal to it.
PARITY = 0.995
CACHE = Path.home() / ".cache" / "jjamppong" / "bench"
_PRICES_TRIED = 40
Codes = NDArray[np.int64]


class RatedPrompts:
    """Rated prompts of one routing set: scores and costs of shape (prompts, models), and topic features."""

    def __init__(self, path: Path, most: int) -> None:
        rows = read_json_lines(path)
        rows = [rows[index] for index in np.random.default_rng(0).permutation(len(rows))[:most]]
        self.name = path.name.removesuffix(".jsonl.gz")
        self.models = tuple(sorted(rows[0]["scores"]))
        self.prompts = [str(row["prompt"]) for row in rows]
        self.tasks = [str(row["topic"]) for row in rows]
        self.scores: Numbers = np.array([[row["scores"][model] for model in self.models] for row in rows])
        prices_file = path.with_name(f"{self.name}_prices.json.gz")
        prices = json.loads(gzip.decompress(prices_file.read_bytes())) if prices_file.exists() else {}
        self.prices = {
            model: {
                "input": float(prices.get(model, {}).get("input_price", 1.0)),
                "output": float(prices.get(model, {}).get("output_price", 1.0)),
            }
            for model in self.models
        }
        input_tokens = np.array([len(prompt) / 4 for prompt in self.prompts])
        self.costs: Numbers = np.stack(
            [
                input_tokens * price["input"] + ANSWER_TOKENS * price["output"]
                for price in self.prices.values()
            ],
            axis=1,
        )

    @cached_property
    def features(self) -> Vectors:
        """The topic features of every prompt; kept on disk, as embedding takes a tenth of a second each."""
        digest = hashlib.sha256("\0".join(self.prompts).encode()).hexdigest()[:16]
        path = CACHE / f"topic_features_{digest}.npy"
        if path.exists():
            kept: Vectors = np.load(path)
            return kept
        _, centre = load_topic_classifier()
        found = extract_topic_features(self.prompts, centre)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, found)
        return found

    def build_records(self, rows: Codes) -> list[AnsweredQuestion]:
        """Return the records that calibration would have of these prompts, rated by the set."""
        return [
            AnsweredQuestion(
                question=self.prompts[row],
                topic="",
                gold=None,
                answers={
                    model: GivenAnswer("", score=float(score))
                    for model, score in zip(self.models, self.scores[row], strict=True)
                },
                task=self.tasks[row],
            )
            for row in rows
        ]

    def choose_models(
        self, rows: Codes, weights: RoutingWeights, standings: dict[str, float], price: float
    ) -> Codes:
        """Return the column of the model that a live turn asks for each prompt, at a price of quality."""
        offer = [offer_model(model, standings[model], self.prices[model]) for model in self.models]
        preferences, chosen = RoutePreferences(strategy=Strategy.SINGLE), []
        for row in rows:
            topic = TopicPrediction(OTHER, 0.0, self.features[row])
            question = Question(self.prompts[row], detect_language(self.prompts[row]))
            context = RoutingContext(make_budget(price), topic, None, weights)
            models = expect_quality(offer, weights, topic)
            route = plan_route(question, models, preferences=preferences, context=context, limits=LIMITS)
            chosen.append(self.models.index(route.slots[0].model.slug))
        return np.array(chosen, dtype=np.int64)


def _measure_fold(train: RatedPrompts, learn: Codes, test: RatedPrompts, check: Codes) -> tuple[float, ...]:
    standings = dict(zip(train.models, map(float, train.scores[learn].mean(axis=0)), strict=True))
    weights = fit_weights(
        train.build_records(learn), standings=standings, features=train.features[learn]
    ).routing
    single = test.models.index(max(standings, key=lambda model: standings[model]))
    scores, costs, rows = test.scores[check], test.costs[check], np.arange(len(check))
    chosen = test.choose_models(check, weights, standings, 0.0)
    return (
        float(scores[:, single].mean()),
        float(scores[rows, chosen].mean()),
        float(scores.max(axis=1).mean()),
        float(weights.router is not None),
        float(costs[rows, chosen].mean() / costs[:, single].mean()),
    )


def bench_router(test: RatedPrompts, train: RatedPrompts | None, report: RankingReport, splits: int) -> None:
    """Measure by folds, or on the whole set by a head of the train folder's set of that name and models."""
    if train is not None and train.models == test.models:
        everything = np.arange(len(train.scores)), np.arange(len(test.scores))
        found = [_measure_fold(train, everything[0], test, everything[1])]
    else:
        found = []
        for turn in range(max(1, splits // FOLDS)):
            fold = np.random.default_rng(turn).permutation(len(test.scores)) % FOLDS
            for number in range(FOLDS):
                parts = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
                found.append(_measure_fold(test, parts[0], test, parts[1]))
    table = np.array(found)
    best, routed, oracle, used, cost = table.mean(axis=0)
    gap = float(np.mean((table[:, 1] - table[:, 0]) / np.maximum(table[:, 2] - table[:, 0], 1e-9)))
    report.print_row(
        f"  {test.name} {best:.3f} | {mean_sd(table[:, 1])} | {oracle:.3f} | {gap:+.1%}"
        f" | {(routed - best) * 100:+.2f} pt | at cost {cost:.2f} | head used in {used:.0%}"
    )
    report.note(f"router.{test.name}.gap_closed", gap)
    report.note(f"router.{test.name}.cost", cost)
    report.add_goal(f"router.{test.name}.gain_pt", (routed - best) * 100, -1.0)
    if test.name == "llmrouter":
        report.add_goal("router.gap_closed", gap, 0.24)


def bench_routers(
    sets: list[RatedPrompts], train: list[RatedPrompts], report: RankingReport, splits: int
) -> None:
    """Measure the router on every routing set."""
    report.print_row(
        "\nRouter through plan_route(): best single | routed | oracle | gap closed | gain | cost"
    )
    for test in sets:
        known = next((other for other in train if other.name == test.name), None)
        bench_router(test, known, report, splits)
