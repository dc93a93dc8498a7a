"""Relevance of ads to queries by the market's measure, against BM25: `python -m bench.ad_relevance`.

BM25 (Robertson & Zaragoza 2009) is that of bm25s, on lower-cased words, with k1 = 1.2 and b = 0.75. Nothing
is fitted: the market's measure has no parameter that was learned from a query.
"""

import csv
import gzip
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import bm25s
import numpy as np
from numpy.typing import NDArray

from ads.selection.building.ad_relevance import (
    AdCopy,
    combine_affinity,
    count_document_frequencies,
    expand_query_vectors,
    extract_terms,
    score_lexical_match,
)
from bench.market.bootstrap import bootstrap_intervals
from bench.report import Report, bench_parser, find_ads_folder
from language.embed import embed

TOP = 10
WORD = re.compile(r"\w+")
Scores = NDArray[np.floating]
Scorer = Callable[[int, Iterable[int]], Scores]


@dataclass(frozen=True, slots=True)
class Task:
    """Queries, ads, and for each query the graded relevance of every judged ad, by its index."""

    name: str
    queries: list[str]
    ads: list[AdCopy]
    gains: list[dict[int, float]]


def main() -> None:
    """Measure both tasks."""
    options = bench_parser(__doc__, quick="a tenth of the queries: a smoke run, not a proof").parse_args()
    folder = find_ads_folder(options.data)
    share = 10 if options.quick else 1
    report = Report("ad_relevance")
    rerank = read_crowdflower(folder / "crowdflower" / "pairs.csv.gz", share)
    check_gain("crowdflower_ndcg10", compare(rerank, is_rerank=True)["ndcg"], 0.035, report)
    search = compare(read_gem(folder / "gem_ca_prod", share), is_rerank=False)
    check_gain("gem_ndcg10", search["ndcg"], 0.045, report)
    check_gain("gem_recall10", search["recall"], 0.045, report)
    report.close()


def read_crowdflower(path: Path, share: int) -> Task:
    """Read queries and the products that annotators graded for them from 1 to 4."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    queries = sorted({row["query"] for row in rows})[::share]
    rows = [row for row in rows if row["query"] in set(queries)]
    ads = {ad: index for index, ad in enumerate(dict.fromkeys(_product(row) for row in rows))}
    gains: dict[str, dict[int, float]] = defaultdict(dict)
    for row in rows:
        gains[row["query"]][ads[_product(row)]] = float(row["median_relevance"]) - 1
    return Task("crowdflower, rerank", queries, list(ads), [gains[query] for query in queries])


def _product(row: dict[str, str]) -> AdCopy:
    return AdCopy(row["product_title"], row["product_description"])


def read_gem(folder: Path, share: int) -> Task:
    """Read ads, queries and relevance labels; queries without a relevant ad are left out."""
    products = {row["product_id"]: row for row in _rows(folder / "products.tsv")}
    indices = {name: index for index, name in enumerate(products)}
    gains: dict[str, dict[int, float]] = defaultdict(dict)
    for row in _rows(folder / "pairs.tsv"):
        if row["product_id"] in indices:
            gains[row["query_id"]][indices[row["product_id"]]] = float(row["label"])
    queries = [row for row in _rows(folder / "queries.tsv") if any(gains[row["query_id"]].values())][::share]
    return Task(
        "gem, all ads",
        [unquote(row["query_text"]) for row in queries],
        [AdCopy(row["ad_title"], row["ad_description"]) for row in products.values()],
        [gains[row["query_id"]] for row in queries],
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def compare(task: Task, *, is_rerank: bool) -> dict[str, tuple[list[float], list[float]]]:
    """Return NDCG@10 and recall@10 of every query, by BM25 and by the market (Järvelin & Kekäläinen 2002)."""
    scorers = bm25_scorer(task), market_scorer(task)
    found: dict[str, tuple[list[float], list[float]]] = {"ndcg": ([], []), "recall": ([], [])}
    for side, scorer in enumerate(scorers):
        for query, gains in enumerate(task.gains):
            if not any(gains.values()):
                continue
            ads = sorted(gains) if is_rerank else range(len(task.ads))
            order = np.argsort(-scorer(query, ads), kind="stable")[:TOP]
            top = [gains.get(ads[rank], 0.0) for rank in order]
            relevant = sum(gain > 0 for gain in gains.values())
            found["ndcg"][side].append(dcg(top) / dcg(sorted(gains.values(), reverse=True)))
            found["recall"][side].append(sum(gain > 0 for gain in top) / relevant)
    print(f"{task.name}: {len(found['ndcg'][0])} queries, {len(task.ads):,} ads")
    return found


def bm25_scorer(task: Task) -> Scorer:
    """Return BM25 over the ads' title and body."""
    index = bm25s.BM25(k1=1.2, b=0.75, method="lucene", dtype="float64")
    index.index([_words(f"{ad.title} {ad.body}") for ad in task.ads], show_progress=False)

    def score(query: int, ads: Iterable[int]) -> Scores:
        words = list(dict.fromkeys(_words(task.queries[query])))
        scores: Scores = index.get_scores(words)[list(ads)]
        return scores

    return score


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def market_scorer(task: Task) -> Scorer:
    """Return the measure that keywords are weighed by when the inventory is published."""
    terms = [extract_terms(ad) for ad in task.ads]
    document_frequencies = count_document_frequencies(terms)
    began = time.monotonic()
    ads = np.concatenate([embed([ad.title], role="passage") for ad in task.ads])
    print(f"{len(ads):,} ads embedded in {time.monotonic() - began:.0f} s")
    queries = expand_query_vectors(embed(task.queries), ads)

    def score(query: int, indices: Iterable[int]) -> Scores:
        chosen = list(indices)
        words = task.queries[query]
        lexical = np.array(
            [score_lexical_match(words, terms[index], document_frequencies) for index in chosen],
            dtype=np.float32,
        )
        return combine_affinity(lexical, ads[chosen] @ queries[query])

    return score


def dcg(gains: list[float]) -> float:
    """Return the discounted cumulative gain of the first ten results."""
    return float(sum(gain / np.log2(rank + 2) for rank, gain in enumerate(gains[:TOP])))


def check_gain(name: str, sides: tuple[list[float], list[float]], least: float, report: Report) -> None:
    """Print a measure of both sides with the interval of its gain, and record the gain as a goal."""
    bm25, market = np.array(sides[0]), np.array(sides[1])
    gains = market - bm25
    ((low, high),) = bootstrap_intervals(lambda rows: [float(gains[rows].mean())], len(gains), seed=5)
    gain = float(gains.mean())
    print(f"  {name:<20} BM25 {bm25.mean():.4f}  market {market.mean():.4f}  "
          f"gain {gain:+.4f} [{low:+.4f}, {high:+.4f}]")  # fmt: skip
    report.note(f"{name}_bm25", float(bm25.mean()))
    report.note(f"{name}_market", float(market.mean()))
    report.at_least(f"{name}_gain", gain, least)


if __name__ == "__main__":
    main()
