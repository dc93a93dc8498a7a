"""Part 4: does `rank` beat the best single model on open answers, as rated and with length held equal?

Every order is that of `rank`, with one kind of weights active at a time: `fitted` by the train half for the
pool's own models, as after a calibration, or as `installed`, which know no model by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from aggregator.pipeline.ranking.rank import rank
from aggregator.pipeline.ranking.style_features import Numbers
from aggregator.pipeline.ranking.style_weights import StyleWeights
from aggregator.pipeline.ranking.weights import activate_weights, load_default_weights
from aggregator.pipeline.types import Draft
from aggregator.training.fit_style import (
    Indices,
    RatedResponses,
    estimate_length_effect,
    fit_style_weights,
    remove_length_effect,
)
from aggregator.training.recordings import read_json_lines, read_question, read_rated_responses
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


SPLITS, OTHER_SPLITS = 5, 2
MIN_OTHER_MODELS, MIN_PROMPTS = 4, 20
MUSTS = {"raw_gap_closed": 0.15, "controlled_gap_closed": 0.03, "worst_set": -0.005}
Fit = Callable[["Split"], StyleWeights | None]
SplitLister = Callable[["OpenSet", tuple[str, ...]], list["Split"]]
Gaps = dict[str, list[tuple[float, float, float]]]


@dataclass(frozen=True)
class OpenSet:
    """A set of rated responses, with the texts that `rank` reads."""

    name: str
    rows: list[dict[str, Any]]

    @cached_property
    def responses(self) -> RatedResponses:
        """The rated responses to the prompts that every model answered."""
        return read_rated_responses(self.rows)

    @property
    def is_usable(self) -> bool:
        """Whether enough prompts were answered by the same two or more models."""
        if not self.rows:
            return False
        shape = self.responses.utilities.shape
        return len(shape) == 2 and shape[0] >= MIN_PROMPTS and shape[1] >= 2

    @property
    def language(self) -> str:
        """The language of the first prompt."""
        return read_question(self.rows[0]).language

    def name_pools(self) -> dict[str, tuple[str, ...]]:
        """Return the reference pools of a known set, or pools of its best and middle models."""
        models = self.responses.models
        known = {
            pool: names for pool, names in REFERENCE.get(self.name, {}).items() if set(names) <= set(models)
        }
        order = tuple(models[column] for column in np.argsort(-self.responses.utilities.mean(axis=0)))
        middle = len(order) // 2
        if len(order) <= MIN_OTHER_MODELS:
            return {"all": order}
        return known or {"best 6": order[:6], "middle 8": order[max(0, middle - 4) : middle + 4]}

    @cached_property
    def prompts(self) -> list[Mapping[str, Any]]:
        """The rows of `responses`, in its order."""
        models = set(self.responses.models)
        return [row for row in self.rows if models <= {answer["model"] for answer in row["candidates"]}]


def read_open_sets(folder: Path) -> list[OpenSet]:
    """Return every set of rated responses in the folder."""
    paths = sorted((folder / "open_answers").glob("*.jsonl.gz"))
    found = [OpenSet(path.name.removesuffix(".jsonl.gz"), read_json_lines(path)) for path in paths]
    return [each for each in found if each.is_usable]


@dataclass(frozen=True)
class Split:
    """One pool of a set, the responses its models' standings are of, and the prompts that are judged."""

    judged: OpenSet
    pool: tuple[str, ...]
    train: RatedResponses
    test_rows: Indices

    def choose_first(self, weights: StyleWeights | None) -> Indices:
        """Return the pool's column that `rank` puts first for each test prompt; None: weights that ship."""
        shipped = load_default_weights()
        activate_weights(replace(shipped, styles=dict.fromkeys(("ko", "en"), weights)) if weights else None)
        standings = self.train.measure_standings()
        chosen = []
        for number in self.test_rows:
            row = self.judged.prompts[number]
            texts = {answer["model"]: answer["text"] for answer in row["candidates"]}
            drafts = [Draft(model, model, model, standings[model], texts[model]) for model in self.pool]
            chosen.append(self.pool.index(rank(read_question(row), drafts).standings[0].candidate))
        activate_weights(None)
        return np.array(chosen)

    def measure_gaps(self, chosen: Indices) -> Numbers:
        """Return best single, choice and oracle, shape (3, 3), in three units of utility.

        As rated; with length held equal, against the same single model, the best as rated on the train half;
        and with length held equal against the single model that is best so. The effect of length is that
        of the train half.
        """
        train = self.train.select_models(self.pool)
        test = self.judged.responses.select_rows(self.test_rows).select_models(self.pool)
        slope, mean = estimate_length_effect(train)
        equal_train, equal = (remove_length_effect(half, slope, mean).utilities for half in (train, test))
        best = train.utilities.mean(axis=0).argmax()
        found = []
        for utilities, single in (
            (test.utilities, best),
            (equal, best),
            (equal, equal_train.mean(axis=0).argmax()),
        ):
            picked = utilities[np.arange(len(utilities)), chosen].mean()
            found.append((utilities[:, single].mean(), picked, utilities.max(axis=1).mean()))
        return np.array(found)


def _list_splits(
    judged: OpenSet, pool: tuple[str, ...], splits: int, folder: Sequence[OpenSet]
) -> list[Split]:
    """Return halves; or the train folder's responses and all prompts, if it has the set and the pool."""
    prompts, found = len(judged.responses.utilities), []
    for other in folder:
        if other.name == judged.name and set(pool) <= set(other.responses.models):
            return [Split(judged, pool, other.responses, np.arange(prompts))]
    for seed in range(splits):
        order = np.random.default_rng(seed).permutation(prompts)
        train = judged.responses.select_rows(order[: prompts // 2])
        found.append(Split(judged, pool, train, order[prompts // 2 :]))
    return found


def _fit_on_half(split: Split) -> StyleWeights:
    return fit_style_weights([split.train], split.pool)


def _fit_without_pool(split: Split) -> StyleWeights | None:
    others = [model for model in split.train.models if model not in split.pool]
    return fit_style_weights([split.train.select_models(others)]) if len(others) >= MIN_OTHER_MODELS else None


def _fit_on_folder(train: Sequence[OpenSet]) -> Fit:
    """Return the fit on another folder: with skills where it has the set and all models of the pool."""

    def fit(split: Split) -> StyleWeights | None:
        if any(split.train is other.responses for other in train):
            return _fit_on_half(split)
        language = split.judged.language
        sets = [other.responses for other in train if other.language == language]
        return fit_style_weights(sets) if sets else None

    return fit


def _fit_on_other_sets(sets: Sequence[OpenSet]) -> Fit:
    def fit(split: Split) -> StyleWeights | None:
        others = [other.responses for other in sets if other.name != split.judged.name]
        return fit_style_weights(others) if others else None

    return fit


def _close_gap(found: Numbers) -> float:
    best, picked, oracle = found.mean(axis=0)
    return float((picked - best) / max(oracle - best, 1e-9))


def _judge(sets: Sequence[OpenSet], report: RankingReport, splits: SplitLister, name: str, fit: Fit) -> Gaps:
    """Print and note every pool's share of the gap by one kind of weights; returns them by set."""
    gaps: Gaps = {}
    for judged in sets:
        for title, pool in judged.name_pools().items():
            found = []
            for split in splits(judged, pool):
                weights = fit(split)
                if weights is not None or name == "installed":
                    found.append(split.measure_gaps(split.choose_first(weights)))
            if not found:
                continue
            table = np.array(found)
            raw, controlled, strict = (_close_gap(table[:, unit]) for unit in range(3))
            report.print_row(
                f"  {name:12s} {judged.name:12s} {title:10s} {mean_sd(table[:, 0, 0])}"
                f" | {mean_sd(table[:, 0, 1])} | {table[:, 0, 2].mean():.3f}"
                f" | {raw:+.1%} | {controlled:+.1%} | {strict:+.1%}"
            )
            report.note(f"rank.{name}.{judged.name}.{title}.raw_gap_closed", raw)
            report.note(f"rank.{name}.{judged.name}.{title}.controlled_gap_closed", controlled)
            gaps.setdefault(judged.name, []).append((raw, controlled, strict))
    return gaps


def _summarise(gaps: Gaps) -> dict[str, float]:
    pools = np.array([row for rows in gaps.values() for row in rows])
    by_set = np.array([np.mean(rows, axis=0) for rows in gaps.values()])
    return {
        "raw_gap_closed": float(pools[:, 0].mean()),
        "controlled_gap_closed": float(pools[:, 1].mean()),
        "worst_set": float(by_set[:, :2].min()),
        "controlled_gap_to_its_best": float(pools[:, 2].mean()),
    }


def bench_rankers(folder: Path, report: RankingReport, splits: int, train_folder: Path | None = None) -> None:
    """Judge every kind of weights; the goals are for those fitted on train halves, or on the train folder."""
    report.print_row(
        "\nRanker: best single | ranker | oracle | gap closed raw | with equal length"
        " | of the single model best with equal length"
    )
    sets = read_open_sets(folder)
    if not sets:
        for figure, must in MUSTS.items():
            report.miss_goal(f"rank.{figure}", must, "no set of rated open answers by the same models")
        return
    known = read_open_sets(train_folder) if train_folder else []
    train = _fit_on_folder(known) if known else _fit_on_half

    def lister(count: int) -> SplitLister:
        return lambda judged, pool: _list_splits(judged, pool, min(count, splits), known)

    summary = _summarise(_judge(sets, report, lister(SPLITS), "fitted", train))
    for figure, must in MUSTS.items():
        report.add_goal(f"rank.{figure}", summary[figure], must)
    report.note("rank.controlled_gap_to_its_best", summary["controlled_gap_to_its_best"])
    others: dict[str, Fit] = {
        "installed": lambda _: None,
        "new models": _fit_without_pool,
        "other sets": _fit_on_other_sets(sets),
    }
    for name, fit in others.items():
        if gaps := _judge(sets, report, lister(OTHER_SPLITS), name, fit):
            for figure, value in _summarise(gaps).items():
                report.note(f"rank.{name}.{figure}", value)
