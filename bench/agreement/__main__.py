"""Do answers that say the same count as the same, and are sentences credited to those who say them?"""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from aggregator.infra.tune_gc import tune_gc
from aggregator.pipeline.agreement.agreement import Agreement, Verdict
from aggregator.pipeline.agreement.compare import compare_answers
from aggregator.pipeline.fusion.pair_judge import MOST_TOKENS, PAIRS_SECONDS
from aggregator.pipeline.types import Question
from aggregator.training.agreement.passes import list_passes, number_groups, read_pass
from bench.agreement.attribution import add_attribution
from bench.agreement.judging import JudgedQuestion, run_scripted_judge, run_served_judge
from bench.report import ROOT, Goal, Report, bench_parser

HELD_OUT = ROOT / "data" / "agreement" / "heldout"
EXACT_KINDS = ("factual_entity", "numeric_calculation", "date_time", "unit_conversion", "yes_no")
QUICK_STEP = 4
TIMED, TIMED_ANSWERS, TIMED_CHARS = 200, 4, 300


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """One pair of answers: its question's kind and language, its label, and the verdict on it."""

    kind: str
    language: str
    is_same: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class PairFigures:
    """Counts of pairs, and the shares that the goals are about."""

    pairs: int
    same: int
    precision: float
    recall: float
    split: float
    separated: float
    joined_apart: float


def measure_pairs(pairs: Sequence[JudgedPair]) -> PairFigures:
    """Return precision and recall of "same", and how many same pairs are said to differ.

    `separated` is the share of different pairs said to differ, `joined_apart` that of those called the same.
    """
    joined = [pair for pair in pairs if pair.verdict == Verdict.SAME]
    same = [pair for pair in pairs if pair.is_same]
    different = [pair for pair in pairs if not pair.is_same]
    hits = sum(pair.is_same for pair in joined)
    apart = [pair for pair in pairs if pair.verdict == Verdict.DIFFERENT]
    return PairFigures(
        pairs=len(pairs),
        same=len(same),
        precision=hits / len(joined) if joined else 1.0,
        recall=hits / len(same) if same else 0.0,
        split=sum(pair.is_same for pair in apart) / len(same) if same else 0.0,
        separated=sum(not pair.is_same for pair in apart) / len(different) if different else 0.0,
        joined_apart=sum(not pair.is_same for pair in joined) / len(different) if different else 0.0,
    )


def compare_question(row: dict[str, Any]) -> Agreement:
    """Return the agreement of a labelled question's answers, as a live turn compares them."""
    return compare_answers(Question(row["prompt"], row["lang"]), row["answers"])


def list_verdicts(rows: Sequence[dict[str, Any]], agreements: Sequence[Agreement]) -> list[JudgedPair]:
    """Return the verdict on every pair of answers of the questions."""
    judged = []
    for row, agreement in zip(rows, agreements, strict=True):
        groups = number_groups(row)
        for one, other in combinations(range(len(row["answers"])), 2):
            is_same = groups[one] == groups[other]
            judged.append(JudgedPair(row["kind"], row["lang"], is_same, agreement.judge(one, other)))
    return judged


def measure_speed(rows: Sequence[dict[str, Any]]) -> list[float]:
    """Return the processor milliseconds of comparing four answers of about 300 characters, by question."""
    # As in the processes that serve turns.
    tune_gc()
    times_ms = []
    for row in rows[:TIMED]:
        answers = row["answers"]
        texts = []
        for index in range(TIMED_ANSWERS):
            text, following = answers[index % len(answers)], index
            while len(text) < TIMED_CHARS:
                following += 1
                text = f"{text} {answers[following % len(answers)]}"
            texts.append(text[:TIMED_CHARS])
        question = Question(row["prompt"], row["lang"])
        began = time.process_time()
        compare_answers(question, texts)
        times_ms.append(1e3 * (time.process_time() - began))
    return times_ms


def tabulate(pairs: Sequence[JudgedPair]) -> None:
    """Print a row for every kind and language."""
    groups: dict[str, list[JudgedPair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.kind].append(pair)
        groups[f"[{pair.language}]"].append(pair)
    heads = ("pairs", "same", "precision", "recall", "said apart", "separated")
    print(f"{'kind':<24}" + "".join(f"{head:>12}" for head in heads))
    for name, members in sorted(groups.items()):
        found = measure_pairs(members)
        print(
            f"{name:<24}{found.pairs:>12}{found.same:>12}{found.precision:>12.3f}{found.recall:>12.3f}"
            f"{found.split:>12.3f}{found.separated:>12.3f}"
        )


def add_goals(report: Report, pairs: Sequence[JudgedPair]) -> None:
    """Record the figures of all pairs and of the kinds with an exact answer, and their goals."""
    exact = [pair for pair in pairs if pair.kind in EXACT_KINDS]
    for prefix, members, floors in (
        ("", pairs, (0.90, 0.35, 0.95, 0.60)),
        ("exact_kinds.", exact, (0.92, 0.60, None, None)),
    ):
        found = measure_pairs(members)
        report.note(f"{prefix}pairs", found.pairs)
        report.note(f"{prefix}precision", found.precision)
        report.note(f"{prefix}recall", found.recall)
        report.note(f"{prefix}same_said_apart", found.split)
        report.note(f"{prefix}separated", found.separated)
        report.add(Goal(f"{prefix}precision", found.precision, floors[0], floors[2], is_floor=True))
        report.add(Goal(f"{prefix}recall", found.recall, floors[1], floors[3], is_floor=True))
    report.add(Goal("same_said_apart", measure_pairs(pairs).split, 0.08, 0.03))


def add_judge_goals(report: Report, rows: Sequence[dict[str, Any]], judged: Sequence[JudgedQuestion]) -> None:
    """Record what a capable judge's one call a question makes of the agreement, and its goals."""
    found = measure_pairs(list_verdicts(rows, [each.agreement for each in judged]))
    called = [each for each in judged if each.calls]
    report.note("capable_judge.asked_share", len(called) / max(1, len(judged)))
    report.note("capable_judge.mean_tokens", float(np.mean([each.tokens for each in called] or [0])))
    report.at_least("capable_judge.precision", found.precision, 0.97)
    report.at_least("capable_judge.recall", found.recall, 0.95)
    report.at_most("capable_judge.most_calls", max((each.calls for each in judged), default=0), 1)
    report.at_most("capable_judge.most_tokens", max((each.tokens for each in judged), default=0), MOST_TOKENS)


def add_served_judge(
    report: Report, rows: Sequence[dict[str, Any]], api_base: str, seconds: float = PAIRS_SECONDS
) -> None:
    """Record the figures of a real judge, and those of the same questions without it."""
    alone = measure_pairs(list_verdicts(rows, [compare_question(row) for row in rows]))
    judged = run_served_judge(rows, api_base, seconds)
    replied = [each.is_read for each in judged if each.calls]
    report.note("served_judge.asked", len(replied))
    report.note("served_judge.read", sum(replied))
    found = measure_pairs(list_verdicts(rows, [each.agreement for each in judged]))
    report.note("served_judge.questions", len(rows))
    for name, figures in (("served_judge", found), ("without_it", alone)):
        report.note(f"{name}.precision", figures.precision)
        report.note(f"{name}.recall", figures.recall)
        report.note(f"{name}.same_said_apart", figures.split)


def read_questions(data: Path) -> list[dict[str, Any]]:
    """Return the questions of DIR/agreement, or the project's held-out passes where there are none."""
    folder = data / "agreement"
    paths = list_passes(folder) if folder.is_dir() else list_passes(HELD_OUT)
    return [question for path in paths for question in read_pass(path)]


def main() -> None:
    """Compare the answers of all questions and print the figures."""
    parser = bench_parser(__doc__, quick="every fourth question")
    parser.add_argument("--judge", metavar="URL", help="also ask the model of this OpenAI-compatible server")
    parser.add_argument("--judge-step", type=int, default=4, help="every how many questions it is asked")
    parser.add_argument("--judge-seconds", type=float, default=PAIRS_SECONDS, help="and how long waited for")
    options = parser.parse_args()
    rows = read_questions(options.data)
    rows = rows[::QUICK_STEP] if options.quick else rows
    pairs = list_verdicts(rows, [compare_question(row) for row in rows])
    report = Report("agreement")
    report.note("questions", len(rows))
    tabulate(pairs)
    add_goals(report, pairs)
    report.at_most("cpu_p95_ms", float(np.percentile(measure_speed(rows), 95)), 10.0)
    for language in sorted({pair.language for pair in pairs}):
        found = measure_pairs([pair for pair in pairs if pair.language == language])
        report.note(f"{language}.precision", found.precision)
        report.note(f"{language}.recall", found.recall)
        report.note(f"{language}.same_said_apart", found.split)
    for kind in sorted({pair.kind for pair in pairs}):
        found = measure_pairs([pair for pair in pairs if pair.kind == kind])
        report.note(f"{kind}.precision", found.precision)
        report.note(f"{kind}.recall", found.recall)
    add_attribution(report, rows)
    add_judge_goals(report, rows, run_scripted_judge(rows))
    if options.judge:
        add_served_judge(report, rows[:: options.judge_step], options.judge, options.judge_seconds)
    report.close()


if __name__ == "__main__":
    main()
