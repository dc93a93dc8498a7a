from collections.abc import Callable, Iterator

import pytest
import redis
from django.conf import settings as site_settings
from pytest_django import Settings

from aggregator.models import Listing
from aggregator.resilience import throttle
from testing.factories import ListingFactory
from testing.provider.server import ProviderServer

MakeModel = Callable[..., Listing]


@pytest.fixture(autouse=True)
def _without_exploration(settings: Settings) -> None:
    """Switch off exploration, so that the panel does not depend on chance."""
    settings.EXPLORE_PERCENT = 0


@pytest.fixture(scope="session")
def provider_session() -> Iterator[ProviderServer]:
    """One provider on loopback for all tests of this process."""
    with ProviderServer() as server:
        yield server


@pytest.fixture
def provider(provider_session: ProviderServer) -> ProviderServer:
    """The provider, without scripts and recorded requests."""
    provider_session.scripts.clear()
    provider_session.seen.clear()
    provider_session.find_script = lambda _model, _prompt: None
    provider_session.listed.clear()
    with redis.Redis.from_url(site_settings.REDIS_URL) as client:
        client.delete(throttle.PAUSES_KEY)
    return provider_session


@pytest.fixture
def offer_model(provider: ProviderServer, db: None) -> MakeModel:
    """Return a function that lists a model which the provider serves under the same name."""

    def offer(slug: str, *, wire: str = "openai", **fields: object) -> Listing:
        listing: Listing = ListingFactory.create(
            **{
                "slug": slug,
                "litellm_model": f"{wire}/{slug}",
                "api_base": f"http://127.0.0.1:{provider.port}/v1",
                **fields,
            }
        )
        return listing

    return offer
