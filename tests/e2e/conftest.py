"""A real browser on the running site; only the provider of the models is scripted."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from pytest_django import Settings

from aggregator.execution.processes.lifecycle import warm_up
from aggregator.models import Listing
from testing.site.live_site import LiveSite, live_site, site_application
from tests.aggregator.conftest import offer_model, provider, provider_session

__all__ = ["live_site", "offer_model", "provider", "provider_session", "site_application"]

# Playwright runs its event loop in the test's thread, where the tests make a few queries.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

ARTIFACTS = Path(__file__).resolve().parent.parent.parent / "test-artifacts"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT_MS = 30_000
BROWSER_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # The landing pages of ads do not exist: their host names fail without a DNS query.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)

OpenPage = Callable[..., Page]
MakeModel = Callable[..., Listing]
# The options with which `open_page` opens a page of a size.
Size = dict[str, Any]
TOUCH = {"has_touch": True, "is_mobile": True}
WIDE: Size = {"viewport": {"width": 1280, "height": 900}}
PHONE: Size = {"viewport": {"width": 390, "height": 844}, **TOUCH}
LANDSCAPE: Size = {"viewport": {"width": 844, "height": 390}, **TOUCH}
# Where the first thing that an element shows begins: its text, without padding, or else its box.
LEFT_EDGE = """
(element) => {
  const contents = document.createRange();
  contents.selectNodeContents(element);
  const shown = [...contents.getClientRects()].filter(({ width }) => width > 0);
  const boxes = shown.length ? shown : [element.getBoundingClientRect()];
  return Math.min(...boxes.map(({ left }) => left));
}
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder as end-to-end tests."""
    for item in items:
        if "tests/e2e" in str(item.path):
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Use the machine's Chromium where there is one, else Playwright's own."""
    found = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    return {"args": list(BROWSER_ARGUMENTS), **({"executable_path": found} if found else {})}


@pytest.fixture(params=[WIDE, PHONE], ids=["1280", "390"])
def size(request: pytest.FixtureRequest) -> Size:
    """Run a test on a desktop and on a phone: `open_page(**size)`."""
    return dict(request.param)


@pytest.fixture(autouse=True)
def _no_exploration(settings: Settings) -> None:
    """Ask the same models in every run."""
    settings.EXPLORE_PERCENT = 0


@pytest.fixture
def open_page(live_site: LiveSite, browser: Browser) -> Iterator[OpenPage]:
    """Open pages as new visitors; an uncaught error in a page fails the test."""
    # A worker warms up when it starts, so that the first turn finds libraries and models in memory.
    live_site.call(warm_up(), within_s=120)
    contexts: list[BrowserContext] = []
    errors: list[str] = []
    expect.set_options(timeout=TIMEOUT_MS)

    def open_as(path: str = "/", *, visitor: BrowserContext | None = None, **options: Any) -> Page:
        if visitor is None:
            options = {"locale": "ko-KR", **WIDE, **options}
            visitor = browser.new_context(base_url=live_site.url, **options)
            visitor.set_default_timeout(TIMEOUT_MS)
            contexts.append(visitor)
        page = visitor.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path)
        return page

    yield open_as
    for context in contexts:
        context.close()
    live_site.wait_for_turns()
    assert errors == []


def ask(page: Page, prompt: str) -> None:
    """Type a prompt and send it."""
    page.locator("#prompt").click()
    page.keyboard.type(prompt)
    page.keyboard.press("Enter")


@dataclass(frozen=True, slots=True)
class Box:
    """The edges of an element in pixels from the top left corner of the window."""

    left: float
    top: float
    right: float
    bottom: float


def box(locator: Locator) -> Box:
    """Return where an element is on the screen."""
    found = locator.bounding_box()
    assert found, f"{locator} is not rendered"
    left, top = found["x"], found["y"]
    return Box(left, top, left + found["width"], top + found["height"])


def lefts(*locators: Locator) -> list[float]:
    """Return where the texts of elements begin, so that a test can compare their left edges."""
    return [float(locator.evaluate(LEFT_EDGE)) for locator in locators]


def take_picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Save a screenshot of the window, or of the whole page, to test-artifacts/."""
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=whole)
