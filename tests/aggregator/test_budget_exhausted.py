"""A page that names models on a day whose money is spent: requested, added, retried."""

import asyncio
import uuid

import pytest
from pytest_django import Settings

from accounts.models import User
from aggregator.execution.setup import forget_snapshot
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.page import Frame, Page, leave, open_page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def offer(provider: ProviderServer, offer_model: MakeModel) -> None:
    """One model costs nothing, one much."""
    provider.add("home", say("서울이에요."))
    provider.add("opus", say("Seoul."))
    offer_model("home", input_price_micros=0, output_price_micros=0)
    offer_model("opus", input_price_micros=28_000, output_price_micros=28_000)


async def ask(page: Page, *panel: str) -> list[Frame]:
    """Ask these models and return the events of the turn."""
    command = {"type": "open_turn", "client_id": str(uuid.uuid4()), "conversation": None, "prompt": "수도는?"}
    await page.send({**command, "panel": list(panel), "strategy": "best"})
    return [await page.receive(), *await page.receive_turn()]


def route_of(events: list[Frame]) -> tuple[list[str], list[str]]:
    """Return which models were asked and why."""
    route = next(event for event in events if event["type"] == "route_chosen")
    return [member["model"] for member in route["panel"]], route["reasons"]


@pytest.mark.usefixtures("offer")
async def test_an_expensive_requested_model_is_left_out_with_a_reason(
    provider: ProviderServer, ada: User, settings: Settings
) -> None:
    settings.DAILY_SUBSIDY_WON = 0
    page = await open_page(ada)
    both = await ask(page, "opus", "home")
    alone = await ask(page, "opus")
    await leave(page)

    assert route_of(both) == (["home"], ["asked_panel", "panel_cut"])
    panel, reasons = route_of(alone)
    assert (panel, "asked_too_dear" in reasons) == (["home"], True)
    assert provider.requests_for("opus") == []


@pytest.mark.usefixtures("offer")
async def test_an_expensive_model_is_neither_added_nor_retried(
    provider: ProviderServer, ada: User, settings: Settings
) -> None:
    provider.add("opus", Script(status=401, error="invalid_api_key"))
    page = await open_page(ada)
    events = await ask(page, "home", "opus")
    failed = next(
        event["candidate"]
        for event in events
        if event["type"] == "candidate_finished" and event["status"] == "failed"
    )
    alone = await ask(page, "home")
    settings.DAILY_SUBSIDY_WON = 0
    await asyncio.to_thread(forget_snapshot)
    received = []
    for command in (
        {"type": "retry", "candidate": failed},
        {"type": "add", "turn": alone[0]["turn"], "model": "opus"},
    ):
        await page.send(command)
        received.append(await page.receive())
    await leave(page)

    assert [each["code"] for each in received] == ["model_too_dear"] * 2
    assert "사용 한도" in received[0]["message"]
    assert len(provider.requests_for("opus")) == 1
