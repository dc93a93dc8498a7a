"""Part 2: does a live cascade keep the strong model's accuracy at a share of its cost?

Calibration measures panels on the train half; a turn is then planned by `plan_route` at the price of quality
at which plans cost that share, ranked by `rank`, escalated by `choose_escalation` and ranked again.
"""

from dataclasses import dataclass

import numpy as np

from aggregator.budgeting.pacing import PacingState, solve_price
from aggregator.budgeting.turn_budget import DailyFunds, TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.ranking.weights import activate_weights, get_active_weights
from aggregator.pipeline.routing.escalation import choose_escalation
from aggregator.pipeline.routing.expected_quality import expect_quality
from aggregator.pipeline.routing.plan_options import count_prompt_tokens, list_plan_options, quote_model
from aggregator.pipeline.routing.prompt_topics import OTHER, TopicPrediction
from aggregator.pipeline.routing.route import RoutePreferences, RoutingContext, plan_route
from aggregator.pipeline.types import RouteLimits, Strategy
from aggregator.training.fit_weights import fit_weights
from aggregator.training.recordings import RecordedSet
from bench.ranking.live_turns import LiveSet, Ranker
from bench.ranking.pools import list_pools
from bench.ranking.report import RankingReport, mean_sd
from bench.ranking.splits import Split, list_splits

# The share of the strong model's cost allowed, and the share of its accuracy that must be kept.
CASCADE_GOALS = {"gsm8k": (0.20, 0.997), "math_l5": (0.35, 1.03), "crux": (0.50, 0.97)}
DEFAULT_GOAL = (0.35, 0.97)
LIMITS = RouteLimits(quorum=3, grace_ms=0, deadline_ms=60_000, slots=3)
TOPIC = TopicPrediction(OTHER, 0.0)
_AMPLE = 10**15
_WON = 1_000_000
_VOTABLE = frozenset({Strategy.SINGLE, Strategy.VOTE, Strategy.CASCADE})


def make_budget(price: float) -> TurnBudget:
    """Return a budget of ample funds at a price of quality."""
    return TurnBudget(DailyFunds(_AMPLE, 0, 0), PacingState(price, 1e9, 1e9))


@dataclass(frozen=True)
class CascadeRunner:
    """Turns of one set at one price of quality, by the active weights."""

    live: LiveSet
    offer: list[LanguageModel]
    price: float

    def run(self, row: int, ranker: Ranker) -> tuple[float, float]:
        """Return whether a turn's answer is right, and what its answers cost in micros of won."""
        question, weights = self.live.questions[row], get_active_weights().routing
        standings = {model.slug: model.standing for model in self.offer}
        budget = make_budget(self.price)
        context = RoutingContext(budget, TOPIC, None, weights)
        route = plan_route(
            question, self.offer, preferences=RoutePreferences(), context=context, limits=LIMITS
        )
        panel = [slot.model.slug for slot in route.slots]
        drafts = self.live.build_drafts(row, panel, standings)
        if drafts:
            ranking = ranker.rank(question, drafts)
            if len(drafts) > 1 and (
                strong := choose_escalation(
                    question, self.offer, route, ranking, budget=budget, weights=weights
                )
            ):
                panel.append(strong.slug)
                drafts = self.live.build_drafts(row, panel, standings)
                ranking = ranker.rank(question, drafts)
        columns = [self.live.pool.index(slug) for slug in panel]
        right = self.live.right[row, self.live.pool.index(ranking.standings[0].candidate)] if drafts else 0.0
        return float(right), float(self.live.costs[row, columns].sum())


def _find_price(split: Split, offer: list[LanguageModel], strong: LanguageModel, share: float) -> float:
    """Return the price of quality at which plans for the train half cost this share of the strong model."""
    tokens = int(np.mean([count_prompt_tokens(split.train.questions[row]) for row in split.train_rows[:50]]))
    cascades = get_active_weights().routing.cascades
    quotes = tuple(quote_model(model, tokens) for model in offer)
    options = list_plan_options(quotes, _VOTABLE, LIMITS.slots, cascades)
    allowed = share * quote_model(strong, tokens).cost
    return solve_price([([o.quality for o in options], [o.cost for o in options])], allowed)


def _measure_split(split: Split, share: float) -> tuple[float, float, float]:
    standings = split.train.measure_standings(split.train_rows)
    costs = split.train.costs[split.train_rows].mean(axis=0)
    costly = np.argsort(costs)[-max(2, len(costs) // 3) :]
    strong = split.train.pool[max(costly, key=lambda column: standings[split.train.pool[column]])]
    activate_weights(
        fit_weights(split.train.build_records(split.train_rows, is_labelled=True), standings=standings)
    )
    offer = expect_quality(split.train.list_offer(standings), get_active_weights().routing, TOPIC)
    by_slug = {model.slug: model for model in offer}
    runner = CascadeRunner(split.test, offer, _find_price(split, offer, by_slug[strong], share))
    ranker = Ranker()
    found = np.array([runner.run(row, ranker) for row in split.test_rows])
    activate_weights(None)
    column = split.test.pool.index(strong)
    alone = float(split.test.right[split.test_rows, column].mean())
    spent = float(found[:, 1].mean() / split.test.costs[split.test_rows, column].mean())
    return float(found[:, 0].mean()) / alone, spent, alone


def bench_cascades(
    sets: list[RecordedSet], train: list[RecordedSet], report: RankingReport, splits: int, limit: int
) -> None:
    """Measure the cascades that calibration on the train half leads live turns to, on the test half."""
    report.print_row("\nCascade: accuracy / strong model's | cost / strong model's | strong alone")
    for recorded in sets:
        priced = set(recorded.list_priced_models())
        pools = [pool for pool in list_pools(recorded).values() if set(pool) <= priced]
        if not pools:
            continue
        share, must = CASCADE_GOALS.get(recorded.name, DEFAULT_GOAL)
        found = np.array(
            [_measure_split(split, share) for split in list_splits(recorded, train, pools[0], splits, limit)]
        )
        kept, cost, alone = found.mean(axis=0)
        report.print_row(
            f"  {recorded.name:10s} {mean_sd(found[:, 0])} | {mean_sd(found[:, 1])} | {alone:.3f}"
        )
        report.note(f"cascade.{recorded.name}.accuracy_ratio", kept)
        report.note(f"cascade.{recorded.name}.cost_ratio", cost)
        if recorded.name in CASCADE_GOALS:
            report.add_goal(f"cascade.{recorded.name}.accuracy_ratio", kept, must)
            report.add_goal(f"cascade.{recorded.name}.cost_ratio", cost, share, at_most=True)
