"""Part 3: does the router, as a live turn calls it, choose better than the best single model, and cheaper?

Calibration fits its head on four folds; on the fifth, `expect_quality` and `plan_route` choose one model a
prompt.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.routing.expected_quality import expect_quality
from aggregator.pipeline.routing.prompt_topics import (
    OTHER,
    TopicPrediction,
    extract_static_features,
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
REFERENCE_SET, _GAP_MUST = "llmrouter", 0.24
CACHE = Path.home() / ".cache" / "jjamppong" / "bench"
Codes = NDArray[np.int64]


class RatedPrompts:
    """Rated prompts of one routing set: scores and costs of shape (prompts, models), and topic features."""

    def __init__(self, path: Path, most: int) -> None:
        rows = read_json_lines(path)
        models = set(rows[0]["scores"]).intersection(*(row["scores"] for row in rows))
        rows = [rows[index] for index in np.random.default_rng(0).permutation(len(rows))[:most]]
        self.name = path.name.removesuffix(".jsonl.gz")
        self.models = tuple(sorted(models))
        self.prompts = [str(row["prompt"]) for row in rows]
        self.tasks = [str(row.get("topic", "")) for row in rows]
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
            static = extract_static_features([self.prompts[row]])[0]
            topic = TopicPrediction(OTHER, 0.0, self.features[row], static)
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


def _list_folds(prompts: RatedPrompts, splits: int) -> Iterator[tuple[Codes, Codes]]:
    for turn in range(max(1, splits // FOLDS)):
        fold = np.random.default_rng(turn).permutation(len(prompts.scores)) % FOLDS
        for number in range(FOLDS):
            yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


def _list_task_folds(prompts: RatedPrompts) -> Iterator[tuple[Codes, Codes]]:
    """Yield the prompts of some tasks to fit on, and those of the other tasks to judge on."""
    tasks = sorted(set(prompts.tasks))
    fold = np.random.default_rng(0).permutation(len(tasks)) % FOLDS
    numbers = np.array([fold[tasks.index(task)] for task in prompts.tasks])
    for number in range(min(FOLDS, len(tasks))):
        yield np.flatnonzero(numbers != number), np.flatnonzero(numbers == number)


def bench_router(test: RatedPrompts, train: RatedPrompts | None, report: RankingReport, splits: int) -> None:
    """Measure by folds, or on the whole set by a head of a set of the train folder with the same models."""
    if train is not None:
        everything = np.arange(len(train.scores)), np.arange(len(test.scores))
        found = [_measure_fold(train, everything[0], test, everything[1])]
    else:
        found = [_measure_fold(test, learn, test, check) for learn, check in _list_folds(test, splits)]
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
    if test.name == REFERENCE_SET:
        report.add_goal("router.gap_closed", gap, _GAP_MUST)
    if train is None and len(set(test.tasks)) > 1:
        _bench_other_tasks(test, report)


def _bench_other_tasks(test: RatedPrompts, report: RankingReport) -> None:
    """Judge heads on tasks that they were not fitted on, against the single model best on the others."""
    table = np.array([_measure_fold(test, learn, test, check) for learn, check in _list_task_folds(test)])
    gains = (table[:, 1] - table[:, 0]) * 100
    report.print_row(
        f"  {test.name}, tasks unknown to the head: {gains.mean():+.2f} pt, worst {gains.min():+.2f} pt"
        f" | head used in {table[:, 3].mean():.0%}"
    )
    report.note(f"router.{test.name}.other_tasks_worst_gain_pt", float(gains.min()))
    report.add_goal(f"router.{test.name}.other_tasks_gain_pt", float(gains.mean()), -1.0)


def bench_routers(
    sets: list[RatedPrompts], train: list[RatedPrompts], report: RankingReport, splits: int
) -> None:
    """Measure the router on every routing set."""
    report.print_row(
        "\nRouter through plan_route(): best single | routed | oracle | gap closed | gain | cost"
    )
    for test in sets:
        if len(test.models) < 2:
            report.print_row(
                f"  {test.name}: not measured, as fewer than two models were rated on every prompt"
            )
            continue
        same = [other for other in train if other.models == test.models]
        known = next((other for other in same if other.name == test.name), same[0] if same else None)
        if train:
            report.print_row(f"  {test.name} is fitted on {known.name if known else 'its own folds'}:")
        bench_router(test, known, report, splits)
    if all(test.name != REFERENCE_SET for test in sets):
        report.miss_goal("router.gap_closed", _GAP_MUST, f"no set {REFERENCE_SET}")
