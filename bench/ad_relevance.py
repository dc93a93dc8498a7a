"""Relevance of the ads that `serve()` ranks for queries, against BM25: `python -m bench.ad_relevance`.

Each product is an ad of a campaign of its own, with its title as the only context hint; all bid the same. The
vectors of hints are computed by the job of running campaigns. Each query is the prompt of another person:
`aggregator.placements` names terms and near terms, and the order of the contenders is read from the trace of
the decision. In CrowdFlower, where
only some products were judged for a query, live overrides pause the campaigns of all others.

BM25 (Robertson & Zaragoza 2009) is that of bm25s, on the same stems, with k1 = 1.2 and b = 0.75, over titles
and descriptions. Nothing is fitted: no part of the market was learned from these queries.
"""

import csv
import gzip
import os
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import bm25s
import numpy as np

from bench.market.bootstrap import bootstrap_intervals
from bench.report import Report, bench_parser, find_ads_folder
from language.lexical_match import stem_words
from testing.stores import run_temporary_stores

TOP = 10
# What a live turn has beyond this.
LEFT_OUT = (
    "the verdict on the text by the sensitivity gate, which passes; the market's own gate is asked",
    "what ads learn from clicks: all have the rate of a new ad",
)


@dataclass(frozen=True, slots=True)
class Product:
    """The text of a product: its title, and everything else."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Task:
    """Queries, ads, and for each query the graded relevance of every judged ad, by its index."""

    name: str
    queries: list[str]
    ads: list[Product]
    gains: list[dict[int, float]]


def main() -> None:
    """Measure both tasks."""
    parser = bench_parser(__doc__, quick="a tenth of the queries: a smoke run, not a proof")
    parser.add_argument(
        "--static", action="store_true", help="hints have no vectors of the sentence model yet"
    )
    options = parser.parse_args()
    folder = find_ads_folder(options.data)
    share = 10 if options.quick else 1
    report = Report("ad_relevance")
    print("left out: " + "; ".join(LEFT_OUT))
    rerank = read_crowdflower(folder / "crowdflower" / "pairs.csv.gz", share)
    search = read_gem(folder / "gem_ca_prod", share)
    with run_temporary_stores(DATABASE_POOL="no", LOG_LEVEL="CRITICAL"):
        found = compare(search, is_rerank=False, is_static=options.static)
        check_gain("gem_ndcg10", found["ndcg"], 0.045, report)
        check_gain("gem_recall10", found["recall"], 0.045, report)
        found = compare(rerank, is_rerank=True, is_static=options.static)
        check_gain("crowdflower_ndcg10", found["ndcg"], 0.035, report)
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


def _product(row: dict[str, str]) -> Product:
    return Product(row["product_title"], row["product_description"])


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
        [Product(row["ad_title"], row["ad_description"]) for row in products.values()],
        [gains[row["query_id"]] for row in queries],
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def compare(task: Task, *, is_rerank: bool, is_static: bool) -> dict[str, tuple[list[float], list[float]]]:
    """Return NDCG@10 and recall@10 of every query, by BM25 and by the market (Järvelin & Kekäläinen 2002)."""
    from bench.market.product_ads import publish_products, rank_by_serving

    began = time.monotonic()
    campaigns = publish_products([product.title for product in task.ads], is_static=is_static)
    print(f"{task.name}: {len(task.ads):,} ads published in {time.monotonic() - began:.0f} s", flush=True)
    index = bm25s.BM25(k1=1.2, b=0.75, method="lucene", dtype="float64")
    index.index([stem_words(f"{ad.title} {ad.body}") for ad in task.ads], show_progress=False)
    found: dict[str, tuple[list[float], list[float]]] = {"ndcg": ([], []), "recall": ([], [])}
    for query, gains in zip(task.queries, task.gains, strict=True):
        if not any(gains.values()):
            continue
        judged = sorted(gains) if is_rerank else list(range(len(task.ads)))
        scores = index.get_scores(list(dict.fromkeys(stem_words(query))))[judged]
        by_bm25 = [judged[place] for place in np.argsort(-scores, kind="stable")]
        by_market = rank_by_serving(query, campaigns, judged if is_rerank else None)
        relevant = sum(gain > 0 for gain in gains.values())
        for side, order in enumerate((by_bm25, by_market)):
            top = [gains.get(ad, 0.0) for ad in order[:TOP]]
            found["ndcg"][side].append(dcg(top) / dcg(sorted(gains.values(), reverse=True)))
            found["recall"][side].append(sum(gain > 0 for gain in top) / relevant)
    print(f"{task.name}: {len(found['ndcg'][0])} queries", flush=True)
    return found


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
