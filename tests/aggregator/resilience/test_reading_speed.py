"""How fast slow models read prompts is measured, and known to every process."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import pytest
from django.conf import settings

from aggregator.infra.redis_client import open_client
from aggregator.resilience.reading_speed import (
    SPEEDS_KEY,
    apply_speeds,
    find_reading_speed,
    forget_speeds,
    note_reading,
    publish_speeds,
)
from testing.provider.server import ProviderServer
from tests.aggregator.providers.completion_requests import make_model

pytestmark = pytest.mark.usefixtures("valkey")


async def test_what_one_process_measures_others_know(provider: ProviderServer) -> None:
    hosted = make_model(provider, "wise")
    slow = replace(hosted, slug="slow", reading_tokens_per_second=40.0)
    note_reading(hosted, 1_000, 1.0)
    note_reading(slow, 20, 5.0)
    assert (find_reading_speed(hosted), find_reading_speed(slow)) == (None, 40.0)
    note_reading(slow, 1_000, 50.0)
    assert find_reading_speed(slow) == pytest.approx(34.0)
    client = open_client(settings.REDIS_URL)
    await publish_speeds(client)
    forget_speeds()
    apply_speeds(cast("Mapping[bytes, bytes]", await client.hgetall(SPEEDS_KEY)))
    await client.aclose()
    assert find_reading_speed(slow) == pytest.approx(34.0)
