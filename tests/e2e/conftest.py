"""A real browser on the real site: only the models' provider is scripted."""

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

# Playwright's own loop runs in the test's thread; the tests' few queries there block nobody.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

ARTIFACTS = Path(__file__).resolve().parent.parent.parent / "test-artifacts"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 30_000
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Where an ad leads to is nowhere: nobody waits for a name server to say so.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)

OpenPage = Callable[..., Page]
MakeModel = Callable[..., Listing]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is an e2e test."""
    for item in items:
        if "tests/e2e" in str(item.path):
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Use the machine's Chromium where there is one, else Playwright's own."""
    found = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    return {"args": list(QUIET), **({"executable_path": found} if found else {})}


@pytest.fixture(autouse=True)
def _nobody_is_tried(settings: Settings) -> None:
    """Which models are asked is no matter of luck here."""
    settings.EXPLORE_PERCENT = 0


@pytest.fixture
def open_page(live_site: LiveSite, browser: Browser) -> Iterator[OpenPage]:
    """Open a page as a new visitor; what the page's console complains about fails the test."""
    # As a worker does when it starts: a person's first turn finds libraries and models in memory.
    live_site.call(warm_up(), within_s=120)
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    expect.set_options(timeout=PATIENCE_MS)

    def open_as(path: str = "/", *, visitor: BrowserContext | None = None, **options: Any) -> Page:
        if visitor is None:
            options = {"locale": "ko-KR", "viewport": {"width": 1280, "height": 900}, **options}
            visitor = browser.new_context(base_url=live_site.url, **options)
            visitor.set_default_timeout(PATIENCE_MS)
            contexts.append(visitor)
        page = visitor.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_as
    for context in contexts:
        context.close()
    live_site.wait_for_turns()
    assert complaints == []


def ask(page: Page, prompt: str) -> None:
    """Type a prompt and send it, as a person does."""
    page.locator("#prompt").click()
    page.keyboard.type(prompt)
    page.keyboard.press("Enter")


def take_picture(page: Page, name: str) -> None:
    """Keep a screenshot for whoever wants to see what the test saw."""
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png")
