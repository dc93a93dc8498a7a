"""An ad for telephones is seen on telephones only; of a browser nothing else is kept than which it is on."""

import asyncio
import uuid

import pytest
from pytest_django import Settings

from accounts.models import User
from ads.models import AdGroup, Offer
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn
from aggregator.web.user_agent import device_from_headers
from testing.ads.inventory import CHROME, make_ad, publish_all
from testing.provider.server import ProviderServer, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.page import leave, open_page

SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/26.0 Mobile/15E148 Safari/604.1"
)
SAMSUNG = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"
)
PROMPT = "도쿄 항공권을 싸게 사는 법"


@pytest.mark.parametrize(
    ("agent", "device"),
    [(SAFARI, "mobile"), (SAMSUNG, "mobile"), (CHROME, "desktop"), ("\xff\xfe", "desktop"), (" ", "")],
)
def test_the_device_follows_from_the_user_agent(agent: str, device: str) -> None:
    assert device_from_headers([(b"accept", b"*/*"), (b"user-agent", agent.encode("latin-1"))]) == device


def test_without_a_user_agent_the_device_is_unknown() -> None:
    assert device_from_headers([]) == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("agent", "device"), [(SAFARI, "mobile"), (CHROME, "desktop")])
async def test_an_ad_for_telephones_is_seen_on_telephones_only(
    provider: ProviderServer,
    offer_model: MakeModel,
    ada: User,
    settings: Settings,
    valkey: object,
    agent: str,
    device: str,
) -> None:
    settings.ADS_DEADLINE_MS = 5_000
    provider.add("wise", say("화요일 새벽에 예약하면 싸요."))
    await asyncio.to_thread(offer_model, "wise")
    await run_in_db_thread(make_ad)
    await run_in_db_thread(lambda: AdGroup.objects.update(device=AdGroup.Device.MOBILE))
    await run_in_db_thread(publish_all)
    page = await open_page(ada, agent)
    await page.send({"type": "open_turn", "client_id": str(uuid.uuid4()), "prompt": PROMPT})
    await page.receive_turn()
    await leave(page)
    assert (await run_in_db_thread(Turn.objects.get)).device == device
    devices = await run_in_db_thread(lambda: list(Offer.objects.values_list("device", flat=True)))
    assert devices == (["mobile"] if device == "mobile" else [])
