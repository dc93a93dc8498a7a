from collections.abc import Iterator

import httpx
import pytest
from openai import OpenAI

from accounts.models import User
from aggregator.services import api_keys
from testing.provider.server import ProviderServer, say
from testing.site.live_site import LiveSite, live_site, site_application
from tests.aggregator.conftest import MakeModel

__all__ = ["live_site", "site_application"]


@pytest.fixture
def ada_key(ada: User) -> str:
    """A key of Ada's."""
    return api_keys.issue_api_key(owner=ada, name="노트북")


@pytest.fixture
def ada_client(live_site: LiveSite, ada_key: str) -> Iterator[OpenAI]:
    """The official client with Ada's key."""
    with OpenAI(base_url=f"{live_site.url}/v1", api_key=ada_key, max_retries=0, timeout=60) as client:
        yield client


@pytest.fixture
def curl(live_site: LiveSite, ada_key: str) -> Iterator[httpx.Client]:
    """An HTTP client with Ada's key."""
    headers = {"Authorization": f"Bearer {ada_key}"}
    with httpx.Client(base_url=f"{live_site.url}/v1", headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
def panel(provider: ProviderServer, offer_model: MakeModel) -> None:
    """Two models that agree; neither can fuse."""
    provider.add("wise", say("서울이에요. 대한민국의 수도예요.", delay_s=0.1))
    provider.add("quick", say("서울"))
    offer_model("wise", standing=0.8)
    offer_model("quick", standing=0.3)
