"""Ad requests at scale, through `serve()`: 100,000 ads and 500,000 keywords, one core, swaps while serving.

There are two inventories. In one, keywords are phrases of shops' and shoppers' texts, with as many competing
ads a phrase as real keywords have, and requests name what `aggregator.placements` finds in distinct prompts.
In the other, a dense one, most keywords consist of the same hundred words, hundreds of ads compete for each,
and requests are composed. A child process serves each (bench/market/selection_process.py) from its own Valkey
and PostgreSQL. Each request is a person's first, the dearest kind: nobody is refused for the ad load.

A swap is the product's own: it is noticed, fetched from Valkey and built beside the requests, and lasts from
publication until the memory of the old snapshot is freed. Each of twelve swaps is compared with the two
seconds before it, and the median counts, so that other load on the machine does not.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from bench.market.shop_texts import ShopTexts, is_korean, read_prompts, read_shop_texts
from bench.report import ROOT, Report, bench_parser
from testing.stores import run_temporary_stores

if TYPE_CHECKING:
    from ads.selection.core.index import Snapshot

# What a live turn adds to the time of `serve()`.
LEFT_OUT = (
    "the conversation side: reading the prompt, the gate's verdict, matching it with the vocabulary",
    "the topics of a prompt, and its device",
    "HTTP, where the market is a service of its own",
    "the time in which PostgreSQL and Valkey work: the processor time is that of the serving thread",
    "refusals by ad load and repeats of an offer, which cost less",
)


@dataclass(frozen=True, slots=True)
class Setup:
    """Where the bench keeps its files, the texts and prompts, and how many requests it makes."""

    folder: Path
    texts: ShopTexts
    prompts: list[str]
    scale: int
    count: int
    swaps: int
    is_profiled: bool


def main() -> None:
    """Measure both inventories."""
    parser = bench_parser(__doc__, quick="a tenth of the size: a smoke run, not a proof")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--swaps", type=int, default=12)
    parser.add_argument("--skip-larger", action="store_true", help="only 500,000 keywords")
    parser.add_argument("--profile", action="store_true", help="also print where the time goes")
    options = parser.parse_args()
    scale = 10 if options.quick else 1
    count = options.count // scale
    report = Report("ad_selection")
    print("left out: " + "; ".join(LEFT_OUT))
    from bench.market.synthetic_inventory import WORDS

    with run_temporary_stores(DATABASE_POOL="no", LOG_LEVEL="CRITICAL") as stores:
        texts = read_shop_texts(options.data, most_words=WORDS)
        setup = Setup(
            stores.folder,
            texts,
            read_prompts(options.data, count),
            scale,
            count,
            options.swaps,
            options.profile,
        )
        for is_dense in (False, True):
            check_goals(report, setup, is_dense=is_dense, with_larger=not options.skip_larger)
    report.close()


def check_goals(report: Report, setup: Setup, *, is_dense: bool, with_larger: bool) -> None:
    """Measure both sizes of one inventory and record the goals."""
    kind = "dense_" if is_dense else ""
    small = measure(setup, 100_000, 500_000, is_dense=is_dense)
    report.at_most(f"{kind}cpu_p99_ms_500k_keywords", small["cpu_p99"], 3)
    report.at_least(f"{kind}requests_a_second_a_core", small["rate"], 1_500)
    report.at_most(f"{kind}rss_mb", small["rss_mb"], 400)
    report.at_most(f"{kind}p99_in_a_swap_over_steady", small["swap_ratio"], 1.2)
    for name in ("filled", "filled_cpu_p50", "filled_cpu_p99", "swap_ratio_worst", "swap_rss_mb"):
        report.note(f"{kind}{name}", small[name])
    if with_larger:
        large = measure(setup, 200_000, 1_000_000, is_dense=is_dense)
        report.at_most(f"{kind}cpu_p99_ms_1m_keywords", large["cpu_p99"], 8)
        report.note(f"{kind}p99_in_a_swap_over_steady_1m_keywords", large["swap_ratio"])


def measure(setup: Setup, ads: int, keywords: int, *, is_dense: bool) -> dict[str, float]:
    """Build a snapshot of this size and serve it in a child process, whose memory it alone takes."""
    from ads.selection.building.snapshot_builder import build_from_rows
    from bench.market.inventory_rows import store_rows
    from bench.market.synthetic_inventory import VERSIONS, generate_inventory

    ads, keywords = ads // setup.scale, keywords // setup.scale
    began = time.monotonic()
    inventory = generate_inventory(ads, keywords, is_dense=is_dense, texts=setup.texts)
    store_rows(inventory)
    snapshot = build_from_rows(inventory, version=VERSIONS[0])
    del inventory
    for version in VERSIONS:
        (setup.folder / version).write_bytes(replace(snapshot, version=version).dump())
    requests = list(compose_requests(setup, snapshot) if is_dense else match_requests(setup, snapshot))
    (setup.folder / "requests.json").write_text(json.dumps(requests), encoding="utf-8")
    del snapshot
    built = time.monotonic() - began
    figures = serve(setup)
    kind = "dense" if is_dense else "usual"
    print(f"{ads:>9,} ads {keywords:>10,} keywords, {kind}: prepared in {built:.0f} s, "
          + ", ".join(f"{name} {value:.2f}" for name, value in figures.items()), flush=True)  # fmt: skip
    return figures


def match_requests(setup: Setup, snapshot: "Snapshot") -> Iterable[dict[str, object]]:
    """Yield the request of each prompt, as the conversation side makes it."""
    from ads.contract import AdRequest, encode_request
    from ads.selection.serving.vocabulary import read_vocabulary
    from aggregator.placements import PLACEMENT, find_terms

    vocabulary = read_vocabulary(snapshot)
    for prompt in setup.prompts:
        terms = find_terms(prompt, vocabulary) or ()
        language = "ko" if is_korean(prompt) else "en"
        yield encode_request(
            AdRequest("", PLACEMENT, vocabulary.version, terms, (), language, "desktop", "pass")
        )


def compose_requests(setup: Setup, snapshot: "Snapshot") -> Iterable[dict[str, object]]:
    """Yield requests that name a phrase of the inventory, its words and some others."""
    from ads.contract import encode_request
    from bench.market.synthetic_inventory import generate_requests, list_phrases

    return map(encode_request, generate_requests(list_phrases(snapshot), setup.count, is_dense=True))


def serve(setup: Setup) -> dict[str, float]:
    """Serve the snapshots of the folder in a child process; return its figures."""
    words = [sys.executable, "-m", "bench.market.selection_process", str(setup.folder)]
    words += [str(setup.swaps), *(["profile"] if setup.is_profiled else [])]
    served = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    *lines, last = served.stdout.splitlines()
    print("\n".join(lines))
    figures: dict[str, float] = json.loads(last)
    return figures


if __name__ == "__main__":
    main()
