"""What a turn's calls cost is in the books, however its models and its processes behave."""

import asyncio

import pytest

from accounts.models import User
from aggregator import runner, services
from aggregator.models import Turn, Usage
from aggregator.off_loop import off_loop
from tests.aggregator.conftest import MakeModel
from tests.provider_server import ProviderServer, say

pytestmark = pytest.mark.django_db(transaction=True)


async def finish(turn: Turn) -> Turn:
    """Run a stored turn to its end and return it as it is kept."""
    await runner.run_turn(turn.public_id)
    await runner.close_loop()
    return await off_loop(Turn.objects.get, pk=turn.pk)


async def booked(turn: Turn) -> list[Usage]:
    """Return what is booked for a turn."""
    return await off_loop(lambda: list(Usage.objects.filter(turn=turn).order_by("pk")))


@pytest.mark.parametrize("told", [(-5, -7), (50, 3 * 10**9), (True, 5), (None, None)])
async def test_a_model_that_miscounts_its_tokens_is_paid_as_we_count(
    provider: ProviderServer, offer_model: MakeModel, ada: User, told: tuple[object, object]
) -> None:
    provider.add("wise", say("서울이에요.", usage=told))
    await asyncio.to_thread(offer_model, "wise")
    turn = await finish(await off_loop(services.open_turn, owner=ada, ask=services.Ask("한국의 수도는?")))
    (call,) = await booked(turn)
    assert turn.status == Turn.Status.DONE
    assert call.source == "counted"
    assert turn.cost_micros == call.cost_micros > 0
