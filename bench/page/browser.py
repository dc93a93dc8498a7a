"""Chromium with one measured page: its frames, processor time and memory."""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import CDPSession, Page, Playwright

from testing.chromium import find_browser

PROBE = Path(__file__).with_name("probe.js").read_text(encoding="utf-8")
SIZES: dict[str, dict[str, Any]] = {
    "1280": {"viewport": {"width": 1280, "height": 900}},
    "390": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
TIMEOUT_MS = 240_000
BLANK_MS = 3_000
MEGABYTE = 1e6
METRICS = ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames that a page drew in each whole second of a time, and its long tasks in milliseconds."""

    a_second: list[int]
    long_tasks: list[float]

    def rate(self, share: float = 0.5) -> float:
        """Return the frames in the second that this share of all seconds is no better than."""
        return float(sorted(self.a_second)[int(len(self.a_second) * share)]) if self.a_second else 0.0


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in the time of a page, with the processor time that its main thread had used by then."""

    at_ms: float
    busy: dict[str, float]


class MeasuredPage:
    """One page in a browser of its own."""

    def __init__(self, page: Page, session: CDPSession, browser_pid: int) -> None:
        self.page = page
        self._session, self._browser_pid = session, browser_pid
        # Processor time instead of elapsed time, which other work on the machine stretches.
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def now(self) -> Moment:
        """Return the present moment."""
        at_ms = float(self.page.evaluate("performance.now()"))
        found = {row["name"]: row["value"] for row in self._session.send("Performance.getMetrics")["metrics"]}
        return Moment(at_ms, {name: found[name] for name in METRICS})

    def frames_between(self, began: Moment, ended: Moment) -> Frames:
        """Return the frames and long tasks between two moments."""
        probe = self.page.evaluate("({ frames: __probe.frames, tasks: __probe.longTasks })")
        seconds = [0] * max(1, int((ended.at_ms - began.at_ms) / 1_000))
        for at in probe["frames"]:
            second = int((at - began.at_ms) // 1_000)
            if 0 <= second < len(seconds):
                seconds[second] += 1
        tasks = [length for at, length in probe["tasks"] if began.at_ms <= at < ended.at_ms]
        return Frames(seconds, tasks)

    def count_nodes(self) -> int:
        """Return how many nodes the document has."""
        return int(self.page.evaluate("document.getElementsByTagName('*').length"))

    def heap_mb(self) -> float:
        """Return the memory of the page's objects, without garbage."""
        self._session.send("HeapProfiler.collectGarbage")
        return float(self._session.send("Runtime.getHeapUsage")["usedSize"]) / MEGABYTE

    def process_mb(self) -> float:
        """Return the proportional memory (PSS) of the renderer process, shared libraries included."""
        children = psutil.Process(self._browser_pid).children(recursive=True)
        renderers = [each for each in children if any("type=renderer" in word for word in each.cmdline())]
        return max(each.memory_full_info().pss for each in renderers) / MEGABYTE


@contextmanager
def open_page(playwright: Playwright, url: str, size: str, cookie: str) -> Iterator[MeasuredPage]:
    """Open a page of a signed-in person in a new browser."""
    path = find_browser()
    browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
    try:
        context = browser.new_context(base_url=url, locale="ko-KR", **SIZES[size])
        name, _, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": url}])
        context.set_default_timeout(TIMEOUT_MS)
        context.add_init_script(PROBE)
        page = context.new_page()
        yield MeasuredPage(page, context.new_cdp_session(page), _find_browser_process())
    finally:
        browser.close()


def _find_browser_process() -> int:
    """Return the process of the browser, of which there is one at a time."""
    chromiums = [
        each
        for each in psutil.Process().children(recursive=True)
        if any("remote-debugging" in word for word in each.cmdline())
    ]
    return int(chromiums[0].pid)


def measure_blank(measured: MeasuredPage) -> float:
    """Return the frames a second of a page that does nothing but count them."""
    measured.page.goto("about:blank")
    began = measured.now()
    measured.page.wait_for_timeout(BLANK_MS)
    return statistics.median(measured.frames_between(began, measured.now()).a_second)
