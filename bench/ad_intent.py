"""How well the intent of prompts is read: AUC, recall and false alarms at the shipped threshold, and costs.

`python -m bench.ad_intent --data DIR` reads DIR/intent/*.jsonl with `id`, `lang`, `prompt`, `commercial` and
`kind`; without such a folder, the held-out passes of the project. Judged is the reading that a live turn
makes of a prompt, at the thresholds of the settings. Costs are those of the intent alone, after the gate.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import numpy as np
from django.conf import settings

from ads.contract import to_percent
from ads.selection.core.intent import find_limits
from bench.report import Goal, Report, bench_parser
from language.embed import count_cached, forget_vectors
from language.reading import forget_readings, read_prompt
from language.training.fit_intent import measure_auc
from language.training.intent_passes import HELDOUT_FOLDER, IntentPrompt, read_passes

QUICK_STEP = 4
AUC_MUST, AUC_REACH = 0.97, 0.99
RECALL_MUST, RECALL_REACH = 0.90, 0.95
FALSE_MUST = 0.05
HARD_RECALL_MUST, HARD_FALSE_MUST = 0.82, 0.10
MS_MUST = 0.2


@dataclass(frozen=True, slots=True)
class Judged:
    """What was read of one prompt: its probability, whether an ad may stand beside it, and what it cost."""

    prompt: IntentPrompt
    commercial: float
    is_taken: bool
    embeddings: int
    milliseconds: float


def find_passes(data: Path) -> list[IntentPrompt]:
    """Return the prompts of a data folder, or the held-out ones of the project if it has none."""
    return read_passes(data / "intent") or read_passes(HELDOUT_FOLDER)


def judge(prompt: IntentPrompt) -> Judged:
    """Read one new prompt as a turn does, the gate first."""
    forget_vectors()
    reading = read_prompt(prompt.text)
    _ = reading.sensitivity
    before, begun = count_cached(), time.thread_time()
    intent = reading.intent
    milliseconds = 1e3 * (time.thread_time() - begun)
    limits = find_limits(settings.ADS_NONCOMMERCIAL_PERCENT, settings.ADS_MISSED_PERCENT)
    is_taken = limits.allow(to_percent(intent.commercial), to_percent(intent.work))
    return Judged(prompt, intent.commercial, is_taken, count_cached() - before, milliseconds)


def check_goals(report: Report, judged: Sequence[Judged]) -> None:
    """Record the goals on what was judged."""
    scores = np.array([each.commercial for each in judged], dtype=np.float32)
    is_commercial = np.array([each.prompt.is_commercial for each in judged])
    report.add(Goal("auc", measure_auc(scores, is_commercial), AUC_MUST, AUC_REACH, is_floor=True))
    for language in ("ko", "en"):
        rows = np.array([each.prompt.language == language for each in judged])
        if rows.any():
            report.note(f"auc.{language}", measure_auc(scores[rows], is_commercial[rows]))
    report.add(Goal("recall", taken_share(judged, "_commercial"), RECALL_MUST, RECALL_REACH, is_floor=True))
    report.at_most("false_share", taken_share(judged, "_noncommercial"), FALSE_MUST)
    report.at_least("recall.hard", taken_share(judged, "hard_commercial"), HARD_RECALL_MUST)
    report.at_most("false_share.hard", taken_share(judged, "hard_noncommercial"), HARD_FALSE_MUST)
    for kind in ("plain_commercial", "plain_noncommercial"):
        report.note(f"taken.{kind}", taken_share(judged, kind))
    report.at_most("extra_embeddings", sum(each.embeddings for each in judged), 0)
    times = [each.milliseconds for each in judged]
    report.at_most("ms_median", float(np.median(times)), MS_MUST)
    report.note("ms_p95", float(np.quantile(times, 0.95)))


def taken_share(judged: Sequence[Judged], ending: str) -> float:
    """Return the share of prompts, whose kind ends like this, beside which an ad may stand."""
    taken = [each.is_taken for each in judged if each.prompt.kind.endswith(ending)]
    return float(np.mean(taken)) if taken else 0.0


def main() -> None:
    """Judge every prompt and print the figures."""
    options = bench_parser(__doc__, quick="every fourth prompt").parse_args()
    prompts = find_passes(options.data)[:: QUICK_STEP if options.quick else 1]
    forget_readings()
    judge(prompts[0])
    forget_readings()
    report = Report("ad_intent")
    report.note("prompts", len(prompts))
    check_goals(report, [judge(prompt) for prompt in prompts])
    report.close()


if __name__ == "__main__":
    main()
