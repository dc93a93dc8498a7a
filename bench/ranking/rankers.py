"""Part 4: does the live ranking of open answers beat the best single model, with and without length?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aggregator.catalog.vendors import detect_vendor
from aggregator.pipeline.ranking.rank import rank
from aggregator.pipeline.ranking.weights import activate_weights, load_default_weights
from aggregator.pipeline.types import Draft, Question
from aggregator.training.fit_style import (
    RatedResponses,
    estimate_length_effect,
    fit_style_weights,
    remove_length_effect,
)
from aggregator.training.recordings import detect_language, read_json_lines, read_rated_responses
from aggregator.training.response_matrix import Numbers
from bench.ranking.report import RankingReport, mean_sd

Halves = tuple[NDArray[np.int64], NDArray[np.int64]]

REFERENCE: dict[str, dict[str, tuple[str, ...]]] = {
    "ko_arena": {
        "mid 8": (
            "gpt-4o-mini", "claude-3.5-sonnet", "claude-3.5-haiku", "qwen-plus", "deepseek-v3", "command-a",
            "llama-4-maverick", "gemma-3-27b-it",
        ),
        "frontier 6": (
            "gemini-2.5-pro-exp-03-25", "gemini-2.5-flash-preview(thinking)", "grok-3-beta",
            "gemini-2.0-pro-exp-02-05", "deepseek-chat-v3-0324", "claude-3.7-sonnet(thinking)",
        ),
    },
    "alpaca_eval": {
        "mid 8": (
            "claude", "claude-2", "claude-2.1", "claude-instant-1.2", "Mixtral-8x7B-Instruct-v0.1_concise",
            "gpt-3.5-turbo-1106_verbose", "OpenHermes-2.5-Mistral-7B", "humpback-llama2-70b",
        ),
        "fuse 4": (
            "FuseChat-Gemma-2-9B-Instruct", "FuseChat-Qwen-2.5-7B-Instruct", "FuseChat-Llama-3.1-8B-Instruct",
            "FuseChat-Llama-3.2-3B-Instruct",
        ),
    },
    "wildbench": {
        "8": (
            "Qwen1.5-72B-Chat", "reka-core-20240501", "reka-flash-20240226", "gpt-3.5-turbo-0125",
            "Phi-3-mini-128k-instruct", "reka-edge", "gemma-7b-it", "gemma-2b-it",
        ),
    },
}  # fmt: skip


def list_open_pools(name: str, responses: RatedResponses) -> dict[str, tuple[str, ...]]:
    """Return the reference pools of a set, or pools of its best and middle models."""
    known = {
        pool: models
        for pool, models in REFERENCE.get(name, {}).items()
        if set(models) <= set(responses.models)
    }
    order = tuple(responses.models[column] for column in np.argsort(-responses.utilities.mean(axis=0)))
    middle = len(order) // 2
    return known or {"best 6": order[:6], "middle 8": order[max(0, middle - 4) : middle + 4]}


def _choose_first(
    rows: Sequence[dict[str, Any]], pool: Sequence[str], standings: Mapping[str, float]
) -> NDArray[np.int64]:
    """Return the column of the answer that `rank` puts first for each prompt, by the active weights."""
    chosen = []
    for row in rows:
        texts = {answer["model"]: answer["text"] for answer in row["candidates"]}
        question = Question(row["prompt"], detect_language(row["prompt"] or texts[pool[0]][:200]))
        drafts = [Draft(m, m, detect_vendor(m), standings[m], texts[m]) for m in pool]
        chosen.append(pool.index(rank(question, drafts).standings[0].candidate))
    return np.array(chosen)


def _measure_split(
    responses: RatedResponses, rows: Sequence[dict[str, Any]], pool: tuple[str, ...], halves: Halves
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return best single, ranker and oracle, by rated utility and by utility without the effect of length."""
    train, test = (responses.select_rows(half) for half in halves)
    slope, mean = estimate_length_effect(train.select_models(pool))
    # The same fit as `manage.py fit_weights` makes, on the train half.
    weights = fit_style_weights(remove_length_effect(train, slope, mean), pool)
    own_train = train.select_models(pool).utilities.mean(axis=0)
    standings = dict(zip(pool, map(float, own_train), strict=True))
    activate_weights(replace(load_default_weights(), styles=dict.fromkeys(("ko", "en"), weights)))
    chosen = _choose_first([rows[row] for row in halves[1]], pool, standings)
    activate_weights(None)
    found = []
    for half in (test, remove_length_effect(test, slope, mean)):
        utilities = half.select_models(pool).utilities
        single = float(utilities[:, own_train.argmax()].mean())
        picked = float(utilities[np.arange(len(chosen)), chosen].mean())
        found.append((single, picked, float(utilities.max(axis=1).mean())))
    return found[0], found[1]


def _measure_pool(
    responses: RatedResponses, rows: Sequence[dict[str, Any]], pool: tuple[str, ...], splits: int
) -> tuple[Numbers, Numbers]:
    found = []
    for seed in range(splits):
        order = np.random.default_rng(seed).permutation(len(responses.utilities))
        halves = order[: len(order) // 2], order[len(order) // 2 :]
        found.append(_measure_split(responses, rows, pool, halves))
    return np.array([row[0] for row in found]), np.array([row[1] for row in found])


def _close_gap(found: Numbers) -> float:
    best, picked, oracle = found.mean(axis=0)
    return float((picked - best) / max(oracle - best, 1e-9))


def bench_rankers(folder: Path, report: RankingReport, splits: int) -> None:
    """Fit style on the train half, and let `rank` choose on the test half."""
    report.print_row("\nRanker: best single | ranker | oracle | gap closed raw | length-controlled")
    raw_gaps, worst = [], []
    by_set: dict[str, list[float]] = {}
    for path in sorted((folder / "open_answers").glob("*.jsonl.gz")):
        name = path.name.removesuffix(".jsonl.gz")
        found = read_json_lines(path)
        responses = read_rated_responses(found)
        rows = [row for row in found if set(responses.models) <= {a["model"] for a in row["candidates"]}]
        for title, pool in list_open_pools(name, responses).items():
            raw, controlled = _measure_pool(responses, rows, pool, splits)
            gaps = (_close_gap(raw), _close_gap(controlled))
            gain = raw[:, 1].mean() - raw[:, 0].mean()
            report.print_row(
                f"  {name:12s} {title:10s} {mean_sd(raw[:, 0])} | {mean_sd(raw[:, 1])}"
                f" | {raw[:, 2].mean():.3f} | {gaps[0]:+.1%} | {gaps[1]:+.1%}"
            )
            report.note(f"rank.{name}.{title}.raw_gap_closed", gaps[0])
            report.note(f"rank.{name}.{title}.controlled_gap_closed", gaps[1])
            raw_gaps.append(gaps[0])
            worst.append(gain)
            by_set.setdefault(name, []).append(gaps[1])
    if raw_gaps:
        report.add_goal("rank.raw_gap_closed", float(np.mean(raw_gaps)), 0.15)
        report.add_goal("rank.worst_gain_over_best_single", min(worst), 0.0)
        means = {name: float(np.mean(gaps)) for name, gaps in by_set.items()}
        for name, gap in means.items():
            report.add_goal(f"rank.{name}.controlled_gap_closed", gap, -0.005)
        report.add_goal(
            "rank.controlled_gap_closed", float(np.mean([g for gaps in by_set.values() for g in gaps])), 0.03
        )
