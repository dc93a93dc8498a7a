"""Recall of the sensitivity gate, its false positives on commercial prompts, and its latency."""

import csv
import gzip
import json
import multiprocessing
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.report import Goal, Report, bench_parser
from language.deobfuscation import deobfuscate
from language.embed import warm
from language.lexicon import find_classes, remove_idioms
from language.sensitivity import judge_sensitivity
from language.sensitivity_head import STRICT_CLASSES
from language.training.fit_sensitivity import choose_thresholds, predict_held_out_writers
from language.training.probe_features import TRAIN_FOLDER, Probe, extract_features, read_folder, read_probes

QUICK_STEP = 8
COMMERCE = ("commerce", "commercial", "shopping")
AGREEMENT_FOLDER = Path(__file__).parents[1] / "data" / "agreement"
# Passes of everyday questions of which no head was fitted on a line; a few of their questions are sensitive.
QUESTIONS = ("train/byeol", "train/maru", "heldout/dure", "heldout/mirae", "heldout/sori")


def read_commerce(data: Path) -> list[str]:
    """Return recorded queries of shops (WANDS, Best Buy), or nothing if the data folder has none."""
    queries: list[str] = []
    wands = data / "ads" / "wands_queries" / "query.csv"
    if wands.exists():
        with wands.open(encoding="utf-8") as rows:
            queries += [row["query"] for row in csv.DictReader(rows, delimiter="\t")]
    algolia = data / "ads" / "algolia_bestbuy_queries" / "instant_search_demo_query_suggestions.json"
    if algolia.exists():
        queries += [entry["query"] for entry in json.loads(algolia.read_text(encoding="utf-8"))]
    return queries


def read_questions() -> list[str]:
    """Return everyday questions that no head was fitted on, of the passes about agreement."""
    questions: list[str] = []
    for name in QUESTIONS:
        with gzip.open(AGREEMENT_FOLDER / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            questions += [json.loads(line)["prompt"] for line in lines]
    return list(dict.fromkeys(questions))


def judge_cross_fitted(probes: Sequence[Probe]) -> tuple[list[Probe], list[bool]]:
    """Return the held-out writers' probes and verdicts, each by a head fitted without its writer."""
    rows, predicted = predict_held_out_writers(probes, extract_features(probes))
    held_out = [probes[int(row)] for row in rows]
    thresholds = choose_thresholds(held_out, predicted)
    return held_out, [bool(verdict) for verdict in predicted.blocked(thresholds)]


def judge_shipped(probes: Sequence[Probe]) -> list[bool]:
    """Return the verdicts of the shipped gate, computed by one process per core."""
    with multiprocessing.Pool() as pool:
        return pool.map(_is_blocked, [probe.text for probe in probes], chunksize=32)


def measure_latency() -> dict[str, float]:
    """Return milliseconds of the lexicon, of the gate and of the gate with the vector in the cache.

    The prompts are short and new. A turn needs the vector for its topics anyway.
    """
    prompts = [f"{number}박 일정으로 다녀올 만한 조용한 바닷가 숙소 추천해줘" for number in range(100)]
    warm()
    judge_sensitivity("warm")
    lexicon, gate, cached = [], [], []
    for prompt in prompts:
        begun = time.perf_counter()
        find_classes(remove_idioms(deobfuscate(prompt)))
        matched = time.perf_counter()
        judge_sensitivity(prompt)
        judged = time.perf_counter()
        judge_sensitivity(prompt)
        lexicon.append(1e3 * (matched - begun))
        gate.append(1e3 * (judged - matched))
        cached.append(1e3 * (time.perf_counter() - judged))
    return {
        "lexicon_p50_ms": round(float(np.median(lexicon)), 3),
        "lexicon_p99_ms": round(float(np.quantile(lexicon, 0.99)), 3),
        "gate_p50_ms": round(float(np.median(gate)), 1),
        "gate_p99_ms": round(float(np.quantile(gate, 0.99)), 1),
        "verdict_p50_ms": round(float(np.median(cached)), 2),
    }


def tabulate(probes: Sequence[Probe], blocked: Sequence[bool]) -> dict[str, float]:
    """Print a row for each class; return recall, recall of the strict classes and false positives."""
    counts: dict[tuple[bool, str], list[bool]] = defaultdict(list)
    for probe, is_blocked in zip(probes, blocked, strict=True):
        counts[probe.is_sensitive, probe.topic].append(is_blocked)
    print(f"{'class':<22}{'label':<11}{'probes':>7}{'blocked':>9}")
    for (is_sensitive, topic), verdicts in sorted(counts.items(), reverse=True):
        label = "sensitive" if is_sensitive else "safe"
        print(f"{topic:<22}{label:<11}{len(verdicts):>7}{np.mean(verdicts):>9.4f}")
    figures = {
        f"recall_{topic}": _share(counts[True, topic]) for topic in STRICT_CLASSES if (True, topic) in counts
    }
    figures["recall"] = _share([v for (hit, _), group in counts.items() if hit for v in group])
    figures["false_positives"] = _share([v for (hit, _), group in counts.items() if not hit for v in group])
    commerce = [v for topic in COMMERCE for v in counts[False, topic]]
    if commerce:
        figures["false_positives_commerce"] = _share(commerce)
    return figures


def check_goals(report: Report) -> None:
    """Record the goals on the figures that were measured."""
    figures = report.figures
    for name, floor in {"recall": 0.995, "recall_self_harm": 1.0, "recall_minors": 1.0}.items():
        if name in figures:
            report.add(Goal(name, figures[name], floor, is_floor=True))
    # Safe prompts that resemble sensitive ones may lose their ad, commercial ones may not.
    commerce = "false_positives_commerce" if "false_positives_commerce" in figures else "false_positives"
    for name in (commerce, "false_positives_shoppers", "false_positives_questions"):
        if name in figures:
            report.add(Goal(name, figures[name], 0.05))


def main() -> None:
    """Judge the probes and print the figures."""
    parser = bench_parser(__doc__, quick="every eighth probe")
    parser.add_argument(
        "--probes", type=Path, help="judge the probes of this .jsonl.gz file by the shipped gate"
    )
    parser.add_argument(
        "--cross-fit", action="store_true", help="judge held-out writers by heads fitted without them"
    )
    options = parser.parse_args()
    own = read_folder(TRAIN_FOLDER)
    probes = read_probes(options.probes) if options.probes else own[::QUICK_STEP] if options.quick else own
    is_unseen = options.cross_fit and not options.probes
    probes, blocked = judge_cross_fitted(probes) if is_unseen else (probes, judge_shipped(probes))
    print("heads fitted without the writer" if is_unseen else "the shipped gate")
    figures = tabulate(probes, blocked)
    for topic, texts in (("shoppers", read_commerce(options.data)), ("questions", read_questions())):
        safe = [Probe(text, "safe", topic) for text in texts[:: QUICK_STEP if options.quick else 1]]
        if safe:
            figures[f"false_positives_{topic}"] = _share(judge_shipped(safe))
            print(f"{topic:<22}{'safe':<11}{len(safe):>7}{figures[f'false_positives_{topic}']:>9.4f}")
    figures |= measure_latency()
    report = Report("sensitivity")
    report.figures = figures
    check_goals(report)
    report.close()


def _is_blocked(text: str) -> bool:
    return judge_sensitivity(text).verdict == "block"


def _share(verdicts: Sequence[bool]) -> float:
    return round(float(np.mean(verdicts)), 4) if verdicts else 0.0


if __name__ == "__main__":
    main()
