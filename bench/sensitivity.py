"""How many sensitive prompts the gate lets through, and how many commercial ones it holds back."""

import argparse
import csv
import json
import multiprocessing
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from language.deobfuscation import deobfuscate
from language.embed import warm
from language.lexicon import find_classes, remove_idioms
from language.sensitivity import judge_sensitivity
from language.sensitivity_head import STRICT_CLASSES
from language.training.fit_sensitivity import choose_thresholds, predict_held_out_writers
from language.training.probe_features import extract_features
from language.training.probes import TRAIN_FOLDER, Probe, read_folder, read_probes

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
QUICK_STEP = 8
COMMERCE = ("commerce", "commercial", "shopping")


def read_commerce(data: Path) -> list[str]:
    """Return shoppers' queries that nobody wrote with this gate in mind; empty when they are not at hand."""
    queries: list[str] = []
    wands = data / "ads" / "wands_queries" / "query.csv"
    if wands.exists():
        with wands.open(encoding="utf-8") as rows:
            queries += [row["query"] for row in csv.DictReader(rows, delimiter="\t")]
    algolia = data / "ads" / "algolia_bestbuy_queries" / "instant_search_demo_query_suggestions.json"
    if algolia.exists():
        queries += [entry["query"] for entry in json.loads(algolia.read_text(encoding="utf-8"))]
    return queries


def judge_cross_fitted(probes: Sequence[Probe]) -> tuple[list[Probe], list[bool]]:
    """Return what strangers wrote, and each judged by a head that has seen nothing of its writer."""
    rows, judged = predict_held_out_writers(probes, extract_features(probes))
    strangers = [probes[int(row)] for row in rows]
    return strangers, [bool(verdict) for verdict in judged.blocked(choose_thresholds(strangers, judged))]


def judge_shipped(probes: Sequence[Probe]) -> list[bool]:
    """Judge probes by the gate as it ships, a process a core."""
    with multiprocessing.Pool() as pool:
        return pool.map(_is_blocked, [probe.text for probe in probes], chunksize=32)


def measure_latency() -> dict[str, float]:
    """Return milliseconds of the lexicon, of the whole gate and of the gate when the vector is at hand.

    A turn asks for the vector anyway, to know its topics; the prompts here are short and never seen before.
    """
    prompts = [f"{number}박 일정으로 다녀올 만한 조용한 바닷가 숙소 추천해줘" for number in range(100)]
    warm()
    judge_sensitivity("warm")
    lexicon, whole, verdict = [], [], []
    for prompt in prompts:
        begun = time.perf_counter()
        find_classes(remove_idioms(deobfuscate(prompt)))
        named = time.perf_counter()
        judge_sensitivity(prompt)
        judged = time.perf_counter()
        judge_sensitivity(prompt)
        lexicon.append(1e3 * (named - begun))
        whole.append(1e3 * (judged - named))
        verdict.append(1e3 * (time.perf_counter() - judged))
    return {
        "lexicon_p50_ms": round(float(np.median(lexicon)), 3),
        "lexicon_p99_ms": round(float(np.quantile(lexicon, 0.99)), 3),
        "gate_p50_ms": round(float(np.median(whole)), 1),
        "gate_p99_ms": round(float(np.quantile(whole, 0.99)), 1),
        "verdict_p50_ms": round(float(np.median(verdict)), 2),
    }


def tabulate(probes: Sequence[Probe], blocked: Sequence[bool]) -> dict[str, float]:
    """Print one row a class and return recall, false positives and the recall of the strict classes."""
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


def goals_of(figures: dict[str, float]) -> dict[str, dict[str, object]]:
    """Hold the figures against what was promised."""
    goals: dict[str, dict[str, object]] = {}
    floors = {"recall": 0.995, "recall_self_harm": 1.0, "recall_minors": 1.0}
    for key, floor in floors.items():
        if key in figures:
            goals[key] = {"value": figures[key], "must": f">= {floor}", "ok": figures[key] >= floor}
    # What only resembles a sensitive prompt may lose its ad; what wants to buy something may not.
    told = "false_positives_commerce" if "false_positives_commerce" in figures else "false_positives"
    for key in (told, "false_positives_shoppers"):
        if key in figures:
            goals[key] = {"value": figures[key], "must": "<= 0.05", "ok": figures[key] <= 0.05}
    return goals


def main() -> None:
    """Judge the probes, print a table and one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--probes", type=Path, help="a .jsonl.gz file of other probes, judged by the gate as shipped"
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--quick", action="store_true", help="every eighth probe")
    parser.add_argument(
        "--cross-fit", action="store_true", help="probes of strangers, by heads that have not seen the writer"
    )
    options = parser.parse_args()
    own = read_folder(TRAIN_FOLDER)
    probes = read_probes(options.probes) if options.probes else own[::QUICK_STEP] if options.quick else own
    is_unseen = options.cross_fit and not options.probes
    probes, blocked = judge_cross_fitted(probes) if is_unseen else (probes, judge_shipped(probes))
    print("heads that have not seen the writer" if is_unseen else "the gate as shipped")
    figures = tabulate(probes, blocked)
    commerce = [Probe(text, "safe", "shoppers") for text in read_commerce(options.data)]
    commerce = commerce[::QUICK_STEP] if options.quick else commerce
    if commerce:
        figures["false_positives_shoppers"] = _share(judge_shipped(commerce))
        print(f"{'shoppers':<22}{'safe':<11}{len(commerce):>7}{figures['false_positives_shoppers']:>9.4f}")
    figures |= measure_latency()
    print(json.dumps({"bench": "sensitivity", "figures": figures, "goals": goals_of(figures)}))


def _is_blocked(text: str) -> bool:
    return judge_sensitivity(text).verdict == "block"


def _share(verdicts: Sequence[bool]) -> float:
    return round(float(np.mean(verdicts)), 4) if verdicts else 0.0


if __name__ == "__main__":
    main()
