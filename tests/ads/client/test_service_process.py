"""A turn and the ad service as two processes: an ad while it answers, none while it hangs or is down."""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as current
from django.db import connection
from pytest_django import Settings

from ads.client import vocabulary_cache_of
from ads.models import Offer
from aggregator import placements
from aggregator.domain.events import PlacementMade
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Conversation, Turn
from language.sensitivity import Sensitivity
from testing.ads.inventory import make_ad, publish_all
from testing.ads.service_process import ServiceProcess, url_of
from tests.ads.conftest import ROLE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

PASSED = Sensitivity(verdict="pass", classes=(), needs_help=False)


@pytest.fixture
def service(role: dict[str, object], settings: Settings, tmp_path: Path) -> Iterator[ServiceProcess]:
    """A running ad service, which turns reach by ADS_SERVICE_URL."""
    make_ad()
    publish_all()
    with ServiceProcess(tmp_path, url_of(role)) as running:
        settings.ADS_SERVICE_URL = running.url
        vocabulary_cache_of.cache_clear()
        yield running
    vocabulary_cache_of.cache_clear()


async def place() -> tuple[PlacementMade, Turn, float]:
    """Request the ad of one turn; return the answer and the time it took."""
    conversation = Conversation(owner_id=uuid.uuid4().int % 10**9)
    prompt = "도쿄 항공권 싸게 사는 법"
    turn = Turn(public_id=uuid.uuid4(), prompt=prompt, language="ko", conversation=conversation)
    began = time.monotonic()
    made = await placements.request_placement(turn, PASSED)
    return made, turn, time.monotonic() - began


async def place_soon() -> Turn:
    """Request until there is an ad: the first requests of a new process are slow."""
    for _ in range(50):
        made, turn, _seconds = await place()
        if made.ad:
            return turn
    raise AssertionError(made.reason)


def list_roles() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = current_database()")
        return {str(name) for (name,) in cursor}


async def test_a_turn_gets_its_ad_from_another_process_that_has_the_market_s_role_alone(
    service: ServiceProcess,
) -> None:
    turn = await place_soon()
    offer = await run_in_db_thread(Offer.objects.get, request_id=placements.request_key(turn))
    assert offer.keyword_text == "도쿄 항공권"
    roles = await run_in_db_thread(list_roles)
    assert roles == {ROLE, str(current.DATABASES["default"]["USER"])}


async def test_a_service_that_hangs_or_is_killed_costs_a_turn_its_ad_and_no_time(
    service: ServiceProcess,
) -> None:
    await place_soon()
    service.suspend()
    made, _, seconds = await place()
    # 80 ms of deadline; the rest is scheduling on a busy machine.
    assert (made.ad, made.reason) == (None, "timeout")
    assert 0.08 <= seconds < 5
    service.resume()
    await place_soon()
    service.kill()
    made, _, seconds = await place()
    assert (made.ad, made.reason) == (None, "error")
    assert seconds < 5
    service.start()
    await place_soon()


def test_a_service_whose_role_could_read_conversations_does_not_start(
    role: dict[str, object], tmp_path: Path
) -> None:
    owner = dict(current.DATABASES["default"]) | {"NAME": role["NAME"]}
    service = ServiceProcess(tmp_path, url_of(owner))
    assert service.start().wait(30) == 1
    assert "this role can read" in service.log.read_text(encoding="utf-8")
