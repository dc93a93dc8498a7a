import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from pytest_django.fixtures import Settings

from aggregator.providers import close_providers, warm_providers
from testing.provider.server import ProviderServer

SECRET = "sk-ada-keeps-this-to-herself"


@pytest.fixture(scope="session")
def provider_server() -> Iterator[ProviderServer]:
    """A provider server on loopback, to which tests add their own scripts."""
    with ProviderServer() as server:
        yield server


@pytest.fixture(params=["fast", "litellm"])
async def path(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[str]:
    """Select each of the two paths in turn; leave no task and no connection behind."""
    settings.PROVIDER_FAST_PATH = request.param == "fast"
    settings.READ_PROVIDER_SECRET = {"TEST_PROVIDER_KEY": SECRET}.get
    await warm_providers()
    yield request.param
    await close_providers()
    # litellm closes its connections in tasks that end within a few iterations of the loop.
    for _ in range(20):
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if not left:
            break
        await asyncio.sleep(0.05)
    assert not left, f"tasks left behind: {left}"
