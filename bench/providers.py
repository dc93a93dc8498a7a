"""Processor time of a streamed token: the fast path against litellm's own streaming, on the same server."""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import django
from django.conf import settings

from bench.report import Goal, Report, bench_parser

if TYPE_CHECKING:
    from aggregator.providers import CompletionRequest

MUST_RATIO = 0.25
MUST_REQUEST_RATIO = 0.5
PATHS = ("fast", "litellm")
WIRES = {"openai": "/v1", "anthropic": "", "gemini": "/v1beta"}


@dataclass(frozen=True, slots=True)
class Load:
    """A number of concurrent streams, each of `tokens` tokens at `rate` a second (0: no delay)."""

    name: str
    streams: int
    tokens: int
    rate: float


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor time of one run, and the median time to first token."""

    cpu_us_per_token: float
    ttft_ms: float


def prepare_settings() -> None:
    """Set Django up without stores: the bench uses no database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("JJAMPPONG_HOME", tempfile.mkdtemp(prefix="jjamppong-bench-"))
    django.setup()


@asynccontextmanager
async def serve() -> AsyncIterator[str]:
    """Run the provider server in a child process, whose processor time is not counted."""
    command = [sys.executable, "-m", "testing.provider.server", "--port", "0"]
    server = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        if server.stdout is None:
            raise RuntimeError("the provider server has no output")
        yield (await asyncio.wait_for(server.stdout.readline(), 30)).decode().strip()
    finally:
        server.terminate()
        await server.wait()


def make_request(url: str, wire: str, load: Load) -> "CompletionRequest":
    """Return a request that the server answers with the tokens of this load."""
    from aggregator.catalog.catalog import LanguageModel
    from aggregator.providers import ChatMessage, CompletionRequest

    model = LanguageModel(
        slug="bench",
        name="bench",
        vendor="bench",
        provider=wire,
        litellm_model=f"{wire}/tokens:{load.tokens}@{load.rate}",
        context_window=8_000,
        output_limit=4_000,
        input_price_micros=0,
        output_price_micros=0,
        languages=("en",),
        standing=0.5,
        api_base=f"{url}{WIRES[wire]}",
        first_token_ms=60_000,
        stall_ms=60_000,
    )
    return CompletionRequest(
        model,
        (ChatMessage("user", "What should I pack for a week in Lisbon in March?"),),
        4_000,
        0.5,
        120_000,
    )


async def measure(request: "CompletionRequest", load: Load, path: str) -> Cost:
    """Run a load on one path and return its cost."""
    settings.PROVIDER_FAST_PATH = path == "fast"
    cpu = time.process_time()
    waits = await asyncio.gather(*(_consume_stream(request) for _ in range(load.streams)))
    spent = time.process_time() - cpu
    return Cost(spent * 1e6 / (load.streams * load.tokens), statistics.median(waits))


async def _consume_stream(request: "CompletionRequest") -> float:
    from aggregator.providers import Completion, stream_completion

    async for piece in stream_completion(request):
        if isinstance(piece, Completion):
            return float(piece.ttft_ms or 0)
    return 0.0


async def run(rounds: int, loads: list[Load]) -> dict[str, dict[str, Cost]]:
    """Measure every load on both paths alternately, in `rounds` rounds, and return the medians."""
    from aggregator.providers import close_providers, warm_providers

    await warm_providers()
    medians: dict[str, dict[str, Cost]] = {}
    async with serve() as url:
        for wire in WIRES:
            for load in loads:
                request = make_request(url, wire, load)
                runs: dict[str, list[Cost]] = {path: [] for path in PATHS}
                for _ in range(rounds + 1):
                    for path in PATHS:
                        runs[path].append(await measure(request, load, path))
                # The first round only warms up.
                medians[f"{wire} {load.name}"] = {path: _median(costs[1:]) for path, costs in runs.items()}
        await close_providers()
    return medians


def _median(costs: list[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.cpu_us_per_token for cost in costs),
        statistics.median(cost.ttft_ms for cost in costs),
    )


def print_report(medians: dict[str, dict[str, Cost]]) -> None:
    """Print the table, the goals and the closing line."""
    print(f"{'load':<22}{'fast µs/token':>15}{'litellm':>10}{'ratio':>8}{'fast TTFT ms':>14}{'litellm':>10}")
    report = Report("providers")
    for name, costs in medians.items():
        fast, slow = costs["fast"], costs["litellm"]
        ratio = fast.cpu_us_per_token / slow.cpu_us_per_token
        print(
            f"{name:<22}{fast.cpu_us_per_token:>15.1f}{slow.cpu_us_per_token:>10.1f}{ratio:>8.3f}"
            f"{fast.ttft_ms:>14.1f}{slow.ttft_ms:>10.1f}"
        )
        report.figures[name] = {path: round(cost.cpu_us_per_token, 1) for path, cost in costs.items()}
        report.add(Goal(name, ratio, MUST_REQUEST_RATIO if name.endswith("one token") else MUST_RATIO))
    report.close()


def main() -> None:
    """Run the bench from the command line."""
    options = bench_parser(__doc__, quick="fewer tokens and rounds").parse_args()
    prepare_settings()
    tokens, streams, rounds = (100, 8, 3) if options.quick else (400, 16, 5)
    loads = [
        Load("burst", streams, tokens, 0),
        Load("paced", streams, tokens // 4, 50),
        Load("one token", streams, 1, 0),
    ]
    print_report(asyncio.run(run(rounds, loads)))


if __name__ == "__main__":
    main()
