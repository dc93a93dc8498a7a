"""Part 5: does the price of quality keep spending within income, also when income or prices change?"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from aggregator.budgeting.pacing import choose_action, solve_price, start_pacing, update_pacing
from aggregator.training.recordings import RecordedSet
from aggregator.training.response_matrix import Codes, Numbers
from bench.ranking.report import RankingReport, mean_sd

TURNS = 4_000
FILL, SPREAD, AD_SHARE = 0.7, 0.8, 0.8
BUDGETS = (0.1, 0.25, 0.5)
LEAST_MODELS = 4
SCENARIOS = ("calm", "income -50%", "price x2", "provider down")


@dataclass(frozen=True)
class QualityTable:
    """Quality and cost, shape (topics, models): estimated on the train half, and true on the test half."""

    estimated: Numbers
    true: Numbers
    expected_costs: Numbers
    costs: Numbers


def find_priced(sets: list[RecordedSet]) -> list[RecordedSet]:
    """Return the sets that share at least four models with a price."""
    kept: list[RecordedSet] = []
    for recorded in sets:
        shared = set(recorded.list_priced_models()).intersection(
            *(set(other.list_priced_models()) for other in kept)
        )
        if len(shared) >= LEAST_MODELS:
            kept.append(recorded)
    return kept


def _measure_quality_table(sets: list[RecordedSet], seed: int) -> QualityTable:
    priced_sets = find_priced(sets)
    shared = sorted(set.intersection(*(set(recorded.list_priced_models()) for recorded in priced_sets)))
    halves: list[list[Numbers]] = [[], [], [], []]
    for recorded in priced_sets:
        responses, costs = recorded.responses(tuple(shared)), recorded.costs(tuple(shared))
        order = np.random.default_rng(seed).permutation(len(costs))
        for half, rows in enumerate((order[: len(order) // 2], order[len(order) // 2 :])):
            halves[half].append(responses.select_rows(rows).score_models())
            halves[half + 2].append(costs[rows].mean(axis=0))
    estimated, true, expected, real = (np.array(half) for half in halves)
    return QualityTable(estimated, true, expected, real)


def _apply_scenario(table: QualityTable, scenario: str) -> tuple[float, float, Numbers]:
    """Return the factors of income and prices, and the available models, of the second half of the day."""
    open_models = np.ones(table.true.shape[1])
    if scenario == "provider down":
        value = (table.estimated - 0.2 * table.expected_costs / table.expected_costs.mean()).mean(axis=0)
        open_models[value.argmax()] = 0.0
    return (0.5 if scenario == "income -50%" else 1.0), (2.0 if scenario == "price x2" else 1.0), open_models


def _solve_mixture(
    table: QualityTable, topics: Codes, income: float, price: float, open_models: Numbers
) -> Numbers:
    """Return the utility of the optimal mixtures of models within a phase's income, by linear programming.

    By topic with the estimated qualities, by topic in hindsight, and one mixture for all topics in hindsight.
    """
    counts = np.bincount(topics.astype(int), minlength=len(table.true))[:, None]
    rows = np.kron(np.eye(len(table.true)), np.ones(table.true.shape[1]))
    bounds = [(0, 1 if open_models[index % len(open_models)] else 0) for index in range(table.true.size)]
    worth = []
    for quality, costs in ((table.estimated, table.expected_costs), (table.true, table.costs)):
        solved = linprog(
            -(counts * quality).ravel(), A_ub=(counts * costs * price).ravel()[None], b_ub=[income],
            A_eq=rows, b_eq=np.ones(len(table.true)), bounds=bounds,
        )  # fmt: skip
        worth.append(float(solved.x @ (counts * table.true).ravel()))
    single = linprog(
        -(counts * table.true).sum(axis=0),
        A_ub=(counts * table.costs * price).sum(axis=0)[None], b_ub=[income],
        A_eq=np.ones((1, len(open_models))), b_eq=[1.0], bounds=[(0, share) for share in open_models],
    )  # fmt: skip
    return np.array([*worth, -float(single.fun)])


def _simulate_day(
    table: QualityTable, budget: float, scenario: str, seed: int
) -> tuple[float, float, float, float, float]:
    rng = np.random.default_rng(seed)
    topics = rng.integers(len(table.true), size=TURNS)
    drawn = rng.lognormal(-(SPREAD**2) / 2, SPREAD, TURNS) * (rng.random(TURNS) < FILL) / FILL
    income = budget * (AD_SHARE * drawn + (1 - AD_SHARE))
    income_factor, price_factor, open_models = _apply_scenario(table, scenario)
    income[TURNS // 2 :] *= income_factor
    plan_options = [
        (q.tolist(), c.tolist()) for q, c in zip(table.estimated, table.expected_costs, strict=True)
    ]
    pace, utility, spent, debt = start_pacing(budget, solve_price(plan_options, budget)), 0.0, 0.0, 0.0
    for turn, topic in enumerate(topics):
        late = turn >= TURNS // 2
        usable = np.flatnonzero(open_models) if late else np.arange(len(open_models))
        price = price_factor if late else 1.0
        qualities, expected = table.estimated[topic, usable], table.expected_costs[topic, usable] * price
        model = usable[choose_action(pace, qualities.tolist(), expected.tolist())]
        cost = float(table.costs[topic, model] * price)
        utility, spent = utility + float(table.true[topic, model]), spent + cost
        pace = update_pacing(pace, cost, float(income[turn]))
        debt = max(debt, -pace.balance / pace.usual_income)
    half = TURNS // 2
    best = _solve_mixture(table, topics[:half], float(income[:half].sum()), 1.0, np.ones(len(open_models)))
    best += _solve_mixture(table, topics[half:], float(income[half:].sum()), price_factor, open_models)
    return utility / best[0], spent / float(income.sum()), debt, utility / best[1], utility / best[2]


def bench_pacing(sets: list[RecordedSet], report: RankingReport, seeds: int) -> None:
    """Simulate days over the recorded models, and compare each half with its own optimal mixtures."""
    if not find_priced(sets):
        report.miss_goal("pacing.utility_of_lp", 0.99, "no set with prices and lengths of four models")
        return
    report.print_row(
        "\nPacing: utility / LP by topic, equal beliefs | spend / income | worst debt"
        " | / LP by topic in hindsight | / one mixture for all in hindsight"
    )
    shares, mixtures, spends, debts = [], [], [], []
    for scenario in SCENARIOS:
        outcomes = []
        for seed in range(seeds):
            qualities = _measure_quality_table(sets, seed)
            high_cost = float(np.sort(qualities.expected_costs.mean(axis=0))[-3])
            outcomes += [_simulate_day(qualities, share * high_cost, scenario, seed) for share in BUDGETS]
        table = np.array(outcomes)
        row = (
            f"  {scenario:14s} {mean_sd(table[:, 0])} | {mean_sd(table[:, 1])} (max {table[:, 1].max():.3f})"
        )
        report.print_row(f"{row} | {table[:, 2].max():.1f} | {mean_sd(table[:, 3])} | {mean_sd(table[:, 4])}")
        for name, value in (
            ("utility", table[:, 0].mean()),
            ("utility_in_hindsight", table[:, 3].mean()),
            ("utility_of_one_mixture", table[:, 4].mean()),
            ("spend", table[:, 1].mean()),
            ("debt", table[:, 2].max()),
        ):
            report.note(f"pacing.{scenario}.{name}", value)
        shares.append(table[:, 0].mean())
        mixtures.append(table[:, 4].mean())
        spends.append(table[:, 1].max())
        debts.append(table[:, 2].max())
    report.add_goal("pacing.utility_of_lp", min(shares), 0.99)
    report.add_goal("pacing.utility_of_mixture_in_hindsight", min(mixtures), 0.99)
    report.add_goal("pacing.worst_spend", max(spends), 1.0, at_most=True, is_steady=True)
    report.add_goal("pacing.worst_debt_turns", max(debts), 25.0, at_most=True, is_steady=True)
