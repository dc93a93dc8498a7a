"""Part 2: does a live cascade keep the strong model's accuracy at a share of its cost?

Calibration measures panels on the train half. A turn is then planned by `plan_route`, ranked by `rank`,
escalated by `choose_escalation` and ranked again, while `update_pacing` keeps what turns cost within that
share.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from aggregator.budgeting.pacing import PacingState, solve_price, start_pacing, update_pacing
from aggregator.budgeting.turn_budget import DailyFunds, TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.ranking.weights import activate_weights, get_active_weights
from aggregator.pipeline.routing.answer_forecast import Paces, expect_tokens, expect_topic_tokens
from aggregator.pipeline.routing.escalation import choose_escalation
from aggregator.pipeline.routing.expected_quality import expect_quality
from aggregator.pipeline.routing.plan_options import count_prompt_tokens, list_plan_options, quote_model
from aggregator.pipeline.routing.prompt_topics import OTHER, TopicPrediction
from aggregator.pipeline.routing.route import RoutePreferences, RoutingContext, plan_route
from aggregator.pipeline.types import RouteLimits, Strategy
from aggregator.training.fit_weights import fit_weights
from aggregator.training.recordings import RecordedSet
from aggregator.training.response_matrix import Numbers
from bench.ranking.live_turns import LiveSet, Ranker
from bench.ranking.pools import list_pools
from bench.ranking.report import RankingReport, mean_sd
from bench.ranking.splits import Split, list_splits

# The share of the strong model's cost allowed, and the share of its accuracy that must be kept.
CASCADE_GOALS = {"gsm8k": (0.20, 0.997), "math_l5": (0.35, 1.03), "crux": (0.50, 0.97)}
DEFAULT_GOAL = (0.35, 0.97)
LIMITS = RouteLimits(quorum=3, grace_ms=0, deadline_ms=60_000, slots=3)
TOPIC = TopicPrediction(OTHER, 0.0)
WARM_UP_TURNS = 300
# Ten halves of 400 questions leave the accuracy kept uncertain by .6 of a point.
_SMALL_SET, _TIMES_AS_MANY_SPLITS = 1_000, 3
# Income is a little less than the share, as questions of another half may cost more.
_INCOME_SHARE = 0.985
_AMPLE = 10**15
_WON = 1_000_000
_VOTABLE = frozenset({Strategy.SINGLE, Strategy.VOTE, Strategy.CASCADE})


def make_budget(price: float) -> TurnBudget:
    """Return a budget of ample funds at a price of quality."""
    return TurnBudget(DailyFunds(_AMPLE, 0, 0), PacingState(price, 1e9, 1e9))


@dataclass
class CascadeRunner:
    """Turns of one set by the active weights, at a price of quality that follows what they cost."""

    offer: list[LanguageModel]
    pacing: PacingState
    paces: Paces

    def run_all(self, live: LiveSet, rows: Sequence[int]) -> Numbers:
        """Return whether each turn's answer is right, and its cost in won, shape (turns, 2)."""
        ranker, income = Ranker(), self.pacing.usual_income
        found = []
        for row in rows:
            right, cost = self._run(live, row, ranker)
            self.pacing = update_pacing(self.pacing, cost, income)
            found.append((right, cost))
        return np.array(found)

    def _run(self, live: LiveSet, row: int, ranker: Ranker) -> tuple[float, float]:
        question, weights = live.questions[row], get_active_weights().routing
        standings = {model.slug: model.standing for model in self.offer}
        # The price alone limits turns: the reserve of an installation is not simulated.
        budget = TurnBudget(DailyFunds(_AMPLE, 0, 0), replace(self.pacing, balance=_AMPLE))
        context = RoutingContext(budget, TOPIC, None, weights, self.paces)
        route = plan_route(
            question, self.offer, preferences=RoutePreferences(), context=context, limits=LIMITS
        )
        panel = [slot.model.slug for slot in route.slots]
        drafts = live.build_drafts(row, panel, standings)
        if drafts:
            ranking = ranker.rank(question, drafts)
            strong = choose_escalation(question, self.offer, route, ranking, budget=budget, weights=weights)
            if strong and len(drafts) > 1:
                panel.append(strong.slug)
                drafts = live.build_drafts(row, panel, standings)
                ranking = ranker.rank(question, drafts)
        columns = [live.pool.index(slug) for slug in panel]
        right = live.right[row, live.pool.index(ranking.standings[0].candidate)] if drafts else 0.0
        return float(right), float(live.costs[row, columns].sum()) / _WON


def _find_price(split: Split, offer: list[LanguageModel], paces: Paces, strong: str, share: float) -> float:
    """Return the price of quality at which plans for the train half cost this share of the strong model."""
    tokens = int(np.mean([count_prompt_tokens(split.train.questions[row]) for row in split.train_rows[:50]]))
    cascades = get_active_weights().routing.cascades
    usual = expect_topic_tokens(OTHER, is_votable=True)
    quotes = tuple(
        quote_model(model, tokens, expect_tokens(model, usual, paces[model.slug])) for model in offer
    )
    options = list_plan_options(quotes, _VOTABLE, LIMITS.slots, cascades)
    allowed = share * next(quote.cost for quote in quotes if quote.slug == strong)
    return solve_price([([o.quality for o in options], [o.cost for o in options])], allowed)


def _measure_split(split: Split, share: float) -> tuple[float, float, float]:
    standings = split.train.measure_standings(split.train_rows)
    costs = split.train.costs[split.train_rows].mean(axis=0)
    costly = np.argsort(costs)[-max(2, len(costs) // 3) :]
    column = max(costly, key=lambda place: standings[split.train.pool[place]])
    strong = split.train.pool[column]
    activate_weights(
        fit_weights(
            split.train.build_records(split.train_rows, is_labelled=True),
            standings=standings,
            has_router=False,
        )
    )
    offer = expect_quality(split.train.list_offer(standings), get_active_weights().routing, TOPIC)
    paces = split.train.measure_paces(split.train_rows)
    price = _find_price(split, offer, paces, strong, share)
    runner = CascadeRunner(
        offer, start_pacing(_INCOME_SHARE * share * float(costs[column]) / _WON, price), paces
    )
    # The turns of the train half only let the price settle, as it has in an installation that runs.
    runner.run_all(split.train, split.train_rows[:WARM_UP_TURNS])
    found = runner.run_all(split.test, split.test_rows)
    activate_weights(None)
    column = split.test.pool.index(strong)
    alone = float(split.test.right[split.test_rows, column].mean())
    spent = float(found[:, 1].mean() / split.test.costs[split.test_rows, column].mean() * _WON)
    return float(found[:, 0].mean()) / alone, spent, alone


def bench_cascades(
    sets: list[RecordedSet], train: list[RecordedSet], report: RankingReport, splits: int, limit: int
) -> None:
    """Measure the cascades that calibration on the train half leads live turns to, on the test half."""
    report.print_row("\nCascade: accuracy / strong model's | cost / strong model's | strong alone")
    missing = set(CASCADE_GOALS)
    for recorded in sets:
        priced = set(recorded.list_priced_models())
        pools = [pool for pool in list_pools(recorded).values() if set(pool) <= priced]
        if not pools:
            continue
        share, must = CASCADE_GOALS.get(recorded.name, DEFAULT_GOAL)
        count = splits * (_TIMES_AS_MANY_SPLITS if len(recorded.rows) < _SMALL_SET else 1)
        halves = list_splits(recorded, train, pools[0], count, limit)
        found = np.array([_measure_split(split, share) for split in halves])
        kept, cost, alone = found.mean(axis=0)
        report.print_row(
            f"  {recorded.name:10s} {mean_sd(found[:, 0])} | {mean_sd(found[:, 1])} | {alone:.3f}"
        )
        report.note(f"cascade.{recorded.name}.accuracy_ratio", kept)
        report.note(f"cascade.{recorded.name}.cost_ratio", cost)
        if recorded.name in CASCADE_GOALS:
            report.add_goal(f"cascade.{recorded.name}.accuracy_ratio", kept, must)
            report.add_goal(f"cascade.{recorded.name}.cost_ratio", cost, share, at_most=True)
            missing.discard(recorded.name)
    for name in sorted(missing):
        report.miss_goal(
            f"cascade.{name}.accuracy_ratio", CASCADE_GOALS[name][1], f"no set {name} with prices and lengths"
        )
