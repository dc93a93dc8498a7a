from collections.abc import Callable, Iterator

import pytest
import redis
from django.conf import settings as site_settings
from pytest_django import Settings

from aggregator.execution.turn_context import forget_snapshot
from aggregator.models import Listing
from aggregator.resilience import throttle
from testing.factories import ListingFactory
from testing.provider.server import ProviderServer

MakeModel = Callable[..., Listing]


@pytest.fixture(autouse=True)
def _empty_pantry() -> None:
    """What an earlier test had on offer is of no use to the next one."""
    forget_snapshot()


@pytest.fixture(autouse=True)
def _nobody_is_tried(settings: Settings) -> None:
    """Which models are asked is no matter of luck here."""
    settings.EXPLORE_PERCENT = 0


@pytest.fixture(autouse=True)
def forget_pauses() -> None:
    """No test waits for what another one's provider said."""
    throttle.clear_pauses()


@pytest.fixture(scope="session")
def provider_session() -> Iterator[ProviderServer]:
    """One provider on loopback for all tests of this process."""
    with ProviderServer() as server:
        yield server


@pytest.fixture
def provider(provider_session: ProviderServer) -> ProviderServer:
    """The provider, with nothing scripted and nothing seen."""
    provider_session.scripts.clear()
    provider_session.seen.clear()
    provider_session.find_script = lambda _model, _prompt: None
    provider_session.listed.clear()
    with redis.Redis.from_url(site_settings.REDIS_URL) as client:
        client.delete(throttle.PAUSES_KEY)
    return provider_session


@pytest.fixture
def offer_model(provider: ProviderServer, db: None) -> MakeModel:
    """Put a model on offer that the provider serves under the same name."""

    def offer(slug: str, *, wire: str = "openai", **fields: object) -> Listing:
        return ListingFactory.create(
            **{
                "slug": slug,
                "litellm_model": f"{wire}/{slug}",
                "api_base": f"http://127.0.0.1:{provider.port}/v1",
                **fields,
            }
        )

    return offer
