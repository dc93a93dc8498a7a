"""A real browser on the running site; only the provider of the models is scripted."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import Settings

from aggregator.execution.lifecycle import warm_up
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
            options = {"locale": "ko-KR", "viewport": {"width": 1280, "height": 900}, **options}
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


def take_picture(page: Page, name: str) -> None:
    """Save a screenshot to test-artifacts/."""
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png")
