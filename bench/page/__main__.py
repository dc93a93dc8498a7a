"""The page in a real Chromium: eight long answers at once, and a conversation of a thousand turns.

Recorded answers with code, tables, formulas and lists are streamed by the scripted provider through the
whole site. What a page can draw on this machine at that time is measured by a blank page before and after
each scene.
"""

import os
import statistics
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import sync_playwright

from bench.page.answers import RecordedPrompt, join_long_answers, list_markup, read_recorded_prompts
from bench.page.browser import SIZES
from bench.page.scenes import Seen, Visitor, read_long_conversation, watch_streams
from bench.report import ROOT, Report, bench_parser
from testing.chromium import find_browser
from testing.provider.server import ProviderServer, Script
from testing.site.processes import Site
from testing.site.seed import create_listings, create_users

CANDIDATES = 8
STORED_ANSWERS = 4
PIECES_A_SECOND = 50
SETTINGS = {
    "LOG_LEVEL": "WARNING",
    "TURN_GRACE_MS": "60000",
    "ADS_SPARE_NEWCOMERS": "no",
}
MIN_FRAMES, MAX_MB, MAX_OPEN_MS, MAX_KEY_MS = 50, 300, 1_000, 200
# A second with fewer frames than one in twenty seconds has.
SLOW_SECOND = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of a run."""

    tokens: int
    turns: int


FULL = Plan(tokens=4_000, turns=1_000)
QUICK = Plan(tokens=600, turns=150)


def main() -> None:
    """Run the bench from the command line."""
    parser = bench_parser(__doc__, quick="shorter answers and conversations")
    parser.add_argument("--size", choices=SIZES, help="one size of the window only")
    parser.add_argument("--only", choices=("lines", "columns", "conversation"), help="one scene only")
    options = parser.parse_args()
    if find_browser() is None:
        sys.exit("Chromium is missing: python -m testing.chromium")
    plan = QUICK if options.quick else FULL
    prompts = read_recorded_prompts(options.data, answers=STORED_ANSWERS)
    _collect_static_files()
    report = Report("page")
    with Site(runner="here", **SETTINGS) as site, ProviderServer(keeps_seen=False) as provider:
        reader = _prepare(site, provider, prompts, plan)
        with sync_playwright() as playwright:
            for name, seen in _measure(Visitor(playwright, site.url, reader.cookie), reader, options):
                _print(name, seen)
                _report(report, name, seen)
    report.note("load_average", os.getloadavg()[1])
    report.close()


@dataclass(frozen=True, slots=True)
class Reader:
    """The session of the person and the path of the long conversation."""

    cookie: str
    path: str


def _collect_static_files() -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run(command, check=True, cwd=ROOT)


def _prepare(site: Site, provider: ProviderServer, prompts: list[RecordedPrompt], plan: Plan) -> Reader:
    import django

    django.setup()
    from accounts.models import User
    from bench.page.conversation import store_conversation

    (cookie,) = create_users(1)
    names = [f"long-{number}" for number in range(CANDIDATES)]
    answers = join_long_answers(prompts, count=CANDIDATES, tokens=plan.tokens)
    for name, pieces in zip(names, answers, strict=True):
        provider.add(name, Script(pieces=tuple(pieces), delay_s=1 / PIECES_A_SECOND))
    create_listings(names, provider.url, can_fuse=False, output_limit=2 * plan.tokens)
    kinds = [len(list_markup("".join(pieces))) for pieces in answers]
    characters = statistics.median(len("".join(pieces)) for pieces in answers)
    size = f"{plan.tokens} tokens, {characters:.0f} characters"
    print(f"{CANDIDATES} answers of {size}, {kinds} kinds of markup", flush=True)
    with_prompts = [prompt for prompt in prompts if prompt.prompt]
    conversation = store_conversation(User.objects.get(), with_prompts, plan.turns)
    return Reader(cookie, f"/c/{conversation}/")


def _measure(visitor: Visitor, reader: Reader, options: Namespace) -> Iterator[tuple[str, Seen]]:
    """Measure the wanted scenes in the wanted sizes of the window, the cheapest first."""
    for size in [options.size] if options.size else SIZES:
        if options.only in (None, "conversation"):
            yield f"conversation_{size}", read_long_conversation(visitor, size, reader.path)
        for layout in ("lines", "columns"):
            if options.only in (None, layout):
                is_open = layout == "columns"
                seen = watch_streams(visitor, size, models=CANDIDATES, has_open_candidates=is_open)
                yield f"streams_{layout}_{size}", seen


def _print(name: str, seen: Seen) -> None:
    rates = seen.frames.a_second
    quarter = max(1, len(rates) // 4)
    course = [round(statistics.mean(rates[at : at + quarter])) for at in range(0, len(rates), quarter)][:4]
    tasks = sorted(seen.frames.long_tasks)
    print(
        f"\n{name}: frames/s p50 {seen.frames.rate():.0f}, slow second {seen.frames.rate(SLOW_SECOND):.0f}, "
        f"worst {min(rates)}, by quarter {course}; blank page {seen.blank:.0f}; load {os.getloadavg()[0]:.1f}"
    )
    print(
        f"  long tasks {len(tasks)}, longest {tasks[-1] if tasks else 0:.0f} ms; main thread busy "
        + ", ".join(f"{kind.removesuffix('Duration')} {share:.0%}" for kind, share in seen.busy_share.items())
    )
    print(f"  heap {seen.heap_mb:.0f} MB, process {seen.process_mb:.0f} MB, {seen.nodes} elements", end="")
    print(f"; key to paint p50 {statistics.median(seen.key_ms):.0f} ms" if seen.key_ms else "")
    if seen.open_ms:
        print(
            f"  newest turn readable after {seen.open_ms:.0f} ms; {seen.turns} turns in the page at the top"
        )


def _report(report: Report, name: str, seen: Seen) -> None:
    report.at_least(f"{name}_frames", seen.frames_of_60(0.5), MIN_FRAMES)
    report.at_least(f"{name}_slow_second_frames", seen.frames_of_60(SLOW_SECOND), MIN_FRAMES)
    report.at_most(f"{name}_mb", seen.process_mb, MAX_MB)
    report.note(f"{name}_worst_second_frames", min(seen.frames.a_second))
    report.note(f"{name}_longest_task_ms", max(seen.frames.long_tasks, default=0))
    report.note(f"{name}_busy", seen.busy_share["TaskDuration"])
    report.note(f"{name}_heap_mb", seen.heap_mb)
    report.note(f"{name}_elements", seen.nodes)
    report.note(f"{name}_blank_frames", seen.blank)
    if seen.key_ms:
        # The browsers' measure of it: the worst of fewer than fifty.
        report.at_most(f"{name}_key_ms", seen.key_ms[-1], MAX_KEY_MS)
    if seen.open_ms:
        report.at_most(f"{name}_open_ms", seen.open_ms, MAX_OPEN_MS)


if __name__ == "__main__":
    main()
