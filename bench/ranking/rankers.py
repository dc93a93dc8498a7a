"""Part 4: does style ranking beat the best single model on open answers, with and without length?"""

from pathlib import Path

import numpy as np

from aggregator.pipeline.ranking.style_features import Numbers
from aggregator.pipeline.ranking.style_weights import StyleWeights
from aggregator.training.fit_style import (
    RatedResponses,
    estimate_length_effect,
    fit_style_weights,
    remove_length_effect,
)
from aggregator.training.recordings import read_json_lines, read_rated_responses
from bench.ranking.report import RankingReport, mean_sd

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


def score_first_choices(weights: StyleWeights, responses: RatedResponses) -> Numbers:
    """Return the utility of the first choice by skill and style, shape (prompts,)."""
    skills = np.array([weights.skills[model] for model in responses.models])
    scores = np.array([skills + weights.score(forms) for forms in responses.forms])
    picked: Numbers = responses.utilities[np.arange(len(scores)), scores.argmax(axis=1)]
    return picked


def _measure_gap(
    train: RatedResponses, test: RatedResponses, pool: tuple[str, ...], seed: int
) -> tuple[float, float, float]:
    weights = fit_style_weights(train, pool, seed)
    own = test.select_models(pool)
    best = own.utilities[:, train.select_models(pool).utilities.mean(axis=0).argmax()].mean()
    return (
        float(best),
        float(score_first_choices(weights, own).mean()),
        float(own.utilities.max(axis=1).mean()),
    )


def _measure_pool(responses: RatedResponses, pool: tuple[str, ...], splits: int) -> tuple[Numbers, Numbers]:
    raw, controlled = [], []
    for seed in range(splits):
        order = np.random.default_rng(seed).permutation(len(responses.utilities))
        train, test = (
            responses.select_rows(order[: len(order) // 2]),
            responses.select_rows(order[len(order) // 2 :]),
        )
        raw.append(_measure_gap(train, test, pool, seed))
        slope, mean = estimate_length_effect(train.select_models(pool))
        controlled.append(
            _measure_gap(
                remove_length_effect(train, slope, mean), remove_length_effect(test, slope, mean), pool, seed
            )
        )
    return np.array(raw), np.array(controlled)


def _close_gap(found: Numbers) -> float:
    best, picked, oracle = found.mean(axis=0)
    return float((picked - best) / max(oracle - best, 1e-9))


def bench_rankers(folder: Path, report: RankingReport, splits: int) -> None:
    """Fit on the train half and choose on the test half, by rated utility and by utility without length."""
    report.print_row("\nRanker: best single | ranker | oracle | gap closed raw | length-controlled")
    raw_gaps, worst = [], []
    by_set: dict[str, list[float]] = {}
    for path in sorted((folder / "open_answers").glob("*.jsonl.gz")):
        name = path.name.removesuffix(".jsonl.gz")
        responses = read_rated_responses(read_json_lines(path))
        for title, pool in list_open_pools(name, responses).items():
            raw, controlled = _measure_pool(responses, pool, splits)
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
        report.add_goal("rank.raw_gap_closed", float(np.mean(raw_gaps)), 0.20)
        report.add_goal("rank.worst_gain_over_best_single", min(worst), 0.0)
        means = {name: float(np.mean(gaps)) for name, gaps in by_set.items()}
        for name, gap in means.items():
            report.add_goal(f"rank.{name}.controlled_gap_closed", gap, 0.0)
        report.add_goal(
            "rank.controlled_gap_closed", float(np.mean([g for gaps in by_set.values() for g in gaps])), 0.04
        )
