"""Relevance of ads to queries as the market weighs it, against BM25 in the same run.

python -m bench.ad_relevance [--data DIR] [--quick]

Nothing is fitted here or on these sets: the market's measure has no parameter that was learned from a query.
"""

import argparse
import csv
import gzip
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from ads.selection.building.ad_relevance import (  # noqa: E402
    AdCopy,
    combine_affinity,
    count_document_frequencies,
    expand_query_vectors,
    extract_terms,
    score_lexical_match,
)
from bench.market.bm25 import Bm25  # noqa: E402
from bench.market.report import Report  # noqa: E402
from language.embed import embed  # noqa: E402

TOP = 10
RESAMPLES = 2_000
Scores = NDArray[np.floating]
Scorer = Callable[[int, Iterable[int]], Scores]


@dataclass(frozen=True, slots=True)
class Task:
    """Queries, ads, and for each query the gain of every ad that was judged."""

    name: str
    queries: list[str]
    ads: list[AdCopy]
    gains: list[dict[int, float]]


def main() -> None:
    """Measure both tasks and print where the goals are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the queries: a smoke run, not a proof"
    )
    asked = parser.parse_args()
    folder = asked.data / "ads" if (asked.data / "ads").is_dir() else asked.data
    share = 10 if asked.quick else 1
    report = Report("ad_relevance")
    rerank = read_crowdflower(folder / "crowdflower" / "pairs.csv.gz", share)
    check_gain("crowdflower_ndcg10", compare(rerank, is_rerank=True)["ndcg"], 0.035, report)
    search = compare(read_gem(folder / "gem_ca_prod", share), is_rerank=False)
    check_gain("gem_ndcg10", search["ndcg"], 0.045, report)
    check_gain("gem_recall10", search["recall"], 0.045, report)
    report.close()


def read_crowdflower(path: Path, share: int) -> Task:
    """Read queries with the products that people graded for them from 1 to 4."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    queries = sorted({row["query"] for row in rows})[::share]
    rows = [row for row in rows if row["query"] in set(queries)]
    ads = {ad: place for place, ad in enumerate(dict.fromkeys(_product(row) for row in rows))}
    gains: dict[str, dict[int, float]] = defaultdict(dict)
    for row in rows:
        gains[row["query"]][ads[_product(row)]] = float(row["median_relevance"]) - 1
    return Task("crowdflower, rerank", queries, list(ads), [gains[query] for query in queries])


def _product(row: dict[str, str]) -> AdCopy:
    return AdCopy(row["product_title"], row["product_description"])


def read_gem(folder: Path, share: int) -> Task:
    """Read real ads, queries and which ads are right for which; queries without a right ad are left out."""
    products = {row["product_id"]: row for row in _rows(folder / "products.tsv")}
    places = {name: place for place, name in enumerate(products)}
    gains: dict[str, dict[int, float]] = defaultdict(dict)
    for row in _rows(folder / "pairs.tsv"):
        if row["product_id"] in places:
            gains[row["query_id"]][places[row["product_id"]]] = float(row["label"])
    asked = [row for row in _rows(folder / "queries.tsv") if any(gains[row["query_id"]].values())][::share]
    return Task(
        "gem, all ads",
        [unquote(row["query_text"]) for row in asked],
        [AdCopy(row["ad_title"], row["ad_description"]) for row in products.values()],
        [gains[row["query_id"]] for row in asked],
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def compare(task: Task, *, is_rerank: bool) -> dict[str, tuple[list[float], list[float]]]:
    """Return for each measure its values by query, of BM25 and of the market."""
    plain = Bm25([f"{ad.title} {ad.body}" for ad in task.ads])
    scorers: tuple[Scorer, Scorer] = (
        lambda query, ads: plain.score(task.queries[query])[list(ads)],
        market_scorer(task),
    )
    found: dict[str, tuple[list[float], list[float]]] = {"ndcg": ([], []), "recall": ([], [])}
    for side, scorer in enumerate(scorers):
        for query, gains in enumerate(task.gains):
            if not any(gains.values()):
                continue
            ads = sorted(gains) if is_rerank else range(len(task.ads))
            order = np.argsort(-scorer(query, ads), kind="stable")[:TOP]
            top = [gains.get(ads[place], 0.0) for place in order]
            right = sum(gain > 0 for gain in gains.values())
            found["ndcg"][side].append(dcg(top) / dcg(sorted(gains.values(), reverse=True)))
            found["recall"][side].append(sum(gain > 0 for gain in top) / right)
    print(f"{task.name}: {len(found['ndcg'][0])} queries, {len(task.ads):,} ads")
    return found


def market_scorer(task: Task) -> Scorer:
    """Return the measure that keywords are weighed by when an inventory is published."""
    readings = [extract_terms(ad) for ad in task.ads]
    rarity = count_document_frequencies(readings)
    began = time.monotonic()
    ads = np.concatenate([embed([ad.title], role="passage") for ad in task.ads])
    print(f"{len(ads):,} ads embedded in {time.monotonic() - began:.0f} s")
    queries = expand_query_vectors(embed(task.queries), ads)

    def score(query: int, places: Iterable[int]) -> Scores:
        chosen = list(places)
        words = task.queries[query]
        lexical = np.array(
            [score_lexical_match(words, readings[place], rarity) for place in chosen], dtype=np.float32
        )
        return combine_affinity(lexical, ads[chosen] @ queries[query])

    return score


def dcg(gains: list[float]) -> float:
    """Return the discounted cumulative gain of the first ten."""
    return float(sum(gain / np.log2(place + 2) for place, gain in enumerate(gains[:TOP])))


def check_gain(name: str, sides: tuple[list[float], list[float]], least: float, report: Report) -> None:
    """Print a measure of both sides with the interval of its gain, and hold the gain against its goal."""
    plain, ours = np.array(sides[0]), np.array(sides[1])
    random = np.random.default_rng(5)
    drawn = (ours - plain)[random.integers(0, len(plain), (RESAMPLES, len(plain)))].mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    gain = float(ours.mean() - plain.mean())
    print(f"  {name:<20} BM25 {plain.mean():.4f}  market {ours.mean():.4f}  "
          f"gain {gain:+.4f} [{low:+.4f}, {high:+.4f}]")  # fmt: skip
    report.note(f"{name}_bm25", float(plain.mean()))
    report.note(f"{name}_market", float(ours.mean()))
    report.at_least(f"{name}_gain", gain, least)


if __name__ == "__main__":
    main()
