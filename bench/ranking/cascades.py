"""Part 2: does a cascade keep the strong model's accuracy at a share of its cost?"""

import numpy as np

from aggregator.training.fit_cascade import choose_cascade, run_cascade
from aggregator.training.recordings import RecordedSet
from bench.ranking.pools import list_pools
from bench.ranking.report import RankingReport, mean_sd

# The share of the strong model's cost allowed, and the share of its accuracy that must be kept.
GOALS = {"gsm8k": (0.20, 0.997), "math_l5": (0.35, 1.03), "crux": (0.50, 0.97)}
DEFAULT_GOAL = (0.35, 0.97)


def _measure_split(
    recorded: RecordedSet, pool: tuple[str, ...], share: float, seed: int
) -> tuple[float, float, float]:
    responses, costs = recorded.responses(pool), recorded.costs(pool)
    order = np.random.default_rng(seed).permutation(len(responses.gold))
    train, test = order[: len(order) // 2], order[len(order) // 2 :]
    costly = np.argsort(costs[train].mean(axis=0))[-max(2, len(pool) // 3) :]
    strong = pool[max(costly, key=lambda column: responses.select_rows(train).score_models()[column])]
    cascade = choose_cascade(responses.select_rows(train), costs[train], strong, share, seed)
    panel = [pool.index(model) for model in cascade.panel]
    spent, right = [], []
    for row in test:
        given = {
            m: responses.name_answer(int(c)) if c >= 0 else ""
            for m, c in zip(pool, responses.answers[row], strict=True)
        }
        answer, _, is_escalated = run_cascade(cascade, given, responses.topics[row])
        spent.append(costs[row, panel].sum() + is_escalated * costs[row, pool.index(strong)])
        right.append(responses.gold[row] >= 0 and answer == responses.name_answer(int(responses.gold[row])))
    alone = float(responses.select_rows(test).score_models()[pool.index(strong)])
    return (
        float(np.mean(right)) / alone,
        float(np.mean(spent) / costs[test, pool.index(strong)].mean()),
        alone,
    )


def bench_cascades(sets: list[RecordedSet], report: RankingReport, splits: int) -> None:
    """Choose the panel, threshold and strong model on the train half, and measure them on the test half."""
    report.print_row(
        "\nCascade (test halves): accuracy / strong model's | cost / strong model's | strong alone"
    )
    for recorded in sets:
        pools = [
            pool for pool in list_pools(recorded).values() if set(pool) <= set(recorded.list_priced_models())
        ]
        if not pools:
            continue
        share, must = GOALS.get(recorded.name, DEFAULT_GOAL)
        found = np.array([_measure_split(recorded, pools[0], share, seed) for seed in range(splits)])
        kept, cost, alone = found.mean(axis=0)
        report.print_row(
            f"  {recorded.name:10s} {mean_sd(found[:, 0])} | {mean_sd(found[:, 1])} | {alone:.3f}"
        )
        report.note(f"cascade.{recorded.name}.accuracy_ratio", kept)
        report.note(f"cascade.{recorded.name}.cost_ratio", cost)
        if recorded.name in GOALS:
            report.add_goal(f"cascade.{recorded.name}.accuracy_ratio", kept, must)
            report.add_goal(f"cascade.{recorded.name}.cost_ratio", cost, share, at_most=True)
