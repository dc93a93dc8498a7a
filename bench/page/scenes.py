"""What a person does while a page is measured: watches eight answers grow; reads a long conversation."""

import statistics
import time
from dataclasses import dataclass

from playwright.sync_api import Playwright

from bench.page.browser import Frames, MeasuredPage, Moment, measure_blank, open_page

SEND = "지금까지 나온 답을 모두 자세히 알려 주세요"
TYPED = "그러면 다음에는 무엇을 하면 좋을까요? And what should I do after that?"
KEY_PAUSE_MS = 180
WHEEL_PX, WHEEL_PAUSE_MS = 1_000, 16
LOAD_MS = 100
# A page that takes longer to reach its first turn is left where it is.
MAX_SCROLL_SECONDS = 60.0
# Without a report an event took less than the browser's least reported time.
UNREPORTED_KEY_MS = 16.0
# Asks all models on offer, and shows the best answer as it is.
CHOOSE_ALL = """
for (const box of document.querySelectorAll("[name=strategy][value=best], [name=panel]:not(:checked)"))
  box.click();
"""
SCROLL_TOP = "document.documentElement.scrollTop"
SCROLL_LEFT_PX = (
    "(() => { const e = document.documentElement; return e.scrollHeight - e.scrollTop - e.clientHeight; })()"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was measured of one scene; `blank` is the frame rate of a blank page before and after it."""

    frames: Frames
    blank: float
    busy_share: dict[str, float]
    heap_mb: float
    process_mb: float
    nodes: int
    key_ms: tuple[float, ...] = ()
    open_ms: float = 0.0
    turns: int = 0

    def frames_of_60(self, share: float) -> float:
        """Return a page's frames a second where a blank page draws 60."""
        return 60 * self.frames.rate(share) / self.blank if self.blank else 0.0


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where and as whom a scene opens the page."""

    playwright: Playwright
    url: str
    cookie: str


def watch_streams(visitor: Visitor, size: str, *, models: int, has_open_candidates: bool) -> Seen:
    """Ask all models and watch their answers to the end, with the candidates' texts open or as lines only."""
    with open_page(visitor.playwright, visitor.url, size, visitor.cookie) as measured:
        blank = measure_blank(measured)
        page = measured.page
        page.goto("/")
        page.evaluate(CHOOSE_ALL)
        page.locator("#prompt").fill(SEND)
        page.keyboard.press("Enter")
        page.locator(".candidate-line").nth(models - 1).wait_for()
        if has_open_candidates:
            page.locator(".candidates-head .action").click()
        page.locator(".answer-text > *").first.wait_for()
        began = measured.now()
        page.locator("#prompt").focus()
        typing_from = measured.now()
        page.keyboard.type(TYPED, delay=KEY_PAUSE_MS)
        typed = measured.now()
        page.locator(".turn:not([data-status=running])").wait_for()
        ended = measured.now()
        keys = _key_times(measured, typing_from, typed)
        return _summarize(measured, began, ended, blank, key_ms=keys)


def _key_times(measured: MeasuredPage, began: Moment, ended: Moment) -> tuple[float, ...]:
    reported = [
        float(length)
        for at, length in measured.page.evaluate("__probe.keys")
        if began.at_ms <= at < ended.at_ms
    ]
    unreported = max(0, len(TYPED) - len(reported))
    return tuple(sorted([*reported, *[UNREPORTED_KEY_MS] * unreported]))


def read_long_conversation(visitor: Visitor, size: str, path: str) -> Seen:
    """Open a long conversation, scroll up to its first turn and down again."""
    with open_page(visitor.playwright, visitor.url, size, visitor.cookie) as measured:
        blank = measure_blank(measured)
        page = measured.page
        # The first visit fills the cache of scripts and styles.
        opened = []
        for _ in range(4):
            page.goto(path)
            opened.append(_wait_until_readable(measured))
        page.wait_for_timeout(1_000)
        began = measured.now()
        _scroll(measured, -WHEEL_PX)
        reached = int(page.evaluate("document.querySelectorAll('.turn').length"))
        _scroll(measured, WHEEL_PX)
        ended = measured.now()
        open_ms = statistics.median(opened[1:])
        return _summarize(measured, began, ended, blank, open_ms=open_ms, turns=reached)


def _wait_until_readable(measured: MeasuredPage) -> float:
    # Not `wait_for_function`, which evaluates in a way that the page's content security policy forbids.
    while (at := float(measured.page.evaluate("__probe.readableAt"))) <= 0:
        measured.page.wait_for_timeout(20)
    return at


def _scroll(measured: MeasuredPage, step: int) -> None:
    """Turn the wheel until the end of the page is reached, where earlier turns are awaited."""
    page = measured.page
    window = page.viewport_size or {"width": 390, "height": 844}
    # The sidebar of a wide page scrolls by itself.
    page.mouse.move(window["width"] * 0.6, 300)
    ends = time.monotonic() + MAX_SCROLL_SECONDS
    while time.monotonic() < ends:
        page.mouse.wheel(0, step)
        page.wait_for_timeout(WHEEL_PAUSE_MS)
        left = page.evaluate(SCROLL_TOP if step < 0 else SCROLL_LEFT_PX)
        if left > 1:
            continue
        link = page.locator(".earlier-turns a")
        if step > 0 or link.count() == 0:
            return
        # It loads more as it comes near, or did not get them.
        page.wait_for_timeout(LOAD_MS)


def _summarize(
    measured: MeasuredPage, began: Moment, ended: Moment, blank: float, **more: float | tuple[float, ...]
) -> Seen:
    frames = measured.frames_between(began, ended)
    seconds = (ended.at_ms - began.at_ms) / 1_000
    shares = {name: (ended.busy[name] - before) / seconds for name, before in began.busy.items()}
    nodes, heap, process = measured.count_nodes(), measured.heap_mb(), measured.process_mb()
    blank = (blank + measure_blank(measured)) / 2
    return Seen(frames, blank, shares, heap, process, nodes, **more)  # type: ignore[arg-type]
