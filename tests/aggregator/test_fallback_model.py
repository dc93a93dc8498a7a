"""A failed model is replaced by another one, once, within the budget, and the page shows it."""

import asyncio
import uuid

import pytest

from accounts.models import User
from aggregator.domain.turn_state import CandidateState, TurnState, reduce_events
from aggregator.execution import runner
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn, Usage
from aggregator.selectors.turns import rebuild_events, with_related
from aggregator.services import turns
from aggregator.streaming.turn_log import decode_entries
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)

CUT = say("서울은 한강을 끼고 ", fault="cut", fault_at=2)


async def answer(ada: User, **options: object) -> tuple[TurnState, TurnState]:
    """Let Ada ask; returns the turn as its pages saw it and as it is kept."""
    request = turns.TurnRequest("한국의 수도는?", **options)  # type: ignore[arg-type]
    turn = await run_in_db_thread(turns.open_turn, owner=ada, request=request)
    await runner.run_turn(turn.public_id)
    entries = await runner.get_turn_log(str(turn.public_id)).read(str(turn.public_id))
    await runner.close_loop_resources()
    return reduce_events(decode_entries(entries)), await run_in_db_thread(_replay, turn.public_id)


def _replay(public_id: uuid.UUID) -> TurnState:
    return reduce_events(rebuild_events(with_related(Turn.objects.filter(public_id=public_id)).get()))


def members_of(state: TurnState) -> dict[str, CandidateState]:
    """Return a turn's candidates by their models."""
    return {member.model: member for member in state.candidates.values()}


async def offer_four(offer_model: MakeModel) -> None:
    """Offer four models, of which the three best are asked first; all are known too well to be tried."""
    for place, slug in enumerate(("wise", "calm", "quick", "spare")):
        await asyncio.to_thread(offer_model, slug, standing=0.9 - place / 10, shown=10**6)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (CUT, "cut_off"),
        (say("서울은 한강을 끼고 ", fault="error", fault_at=2), "server_failed"),
        (Script(status=500), "server_failed"),
    ],
)
async def test_a_failed_model_keeps_its_text_and_a_fallback_is_asked(
    provider: ProviderServer, offer_model: MakeModel, ada: User, fault: Script, error: str
) -> None:
    await offer_four(offer_model)
    # They end after the failure: two answers, and two that agree, would be enough without a third.
    for name, city in (("wise", "서울"), ("quick", "부산"), ("spare", "서울")):
        provider.add(name, say(f"{city}이에요.", first_delay_s=1.5))
    provider.add("calm", fault)
    shown, kept = await answer(ada)

    members = members_of(shown)
    assert list(members) == ["wise", "calm", "quick", "spare"]
    assert (members["calm"].status, members["calm"].error) == ("failed", error)
    assert members["calm"].text == "".join(fault.pieces[: fault.fault_at])
    assert (members["spare"].status, members["spare"].stands_in_for) == ("done", members["calm"].candidate)
    assert shown.ranking is not None
    assert {row.candidate for row in shown.ranking.standings} >= {members["spare"].candidate}
    assert members == members_of(kept)
    assert await run_in_db_thread(Usage.objects.filter(purpose="candidate").count) == 4


async def test_no_fallback_is_asked_if_the_prompt_is_at_fault(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    await offer_four(offer_model)
    for name in ("wise", "quick", "spare"):
        provider.add(name, say("서울이에요."))
    provider.add("calm", Script(status=400, error="context_length_exceeded"))
    shown, _ = await answer(ada)
    assert list(members_of(shown)) == ["wise", "calm", "quick"]


async def test_no_fallback_is_asked_in_a_requested_panel(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    await offer_four(offer_model)
    provider.add("calm", CUT)
    shown, _ = await answer(ada, panel=("calm",))
    assert list(members_of(shown)) == ["calm"]


async def test_a_failed_fallback_is_not_replaced(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    await offer_four(offer_model)
    await asyncio.to_thread(offer_model, "last", standing=0.1, shown=10**6)
    for name, city in (("wise", "서울"), ("quick", "부산"), ("last", "서울")):
        provider.add(name, say(f"{city}이에요.", first_delay_s=1.5))
    for name in ("calm", "spare"):
        provider.add(name, CUT)
    shown, kept = await answer(ada)
    assert [member.status for member in members_of(shown).values()] == ["done", "failed", "done", "failed"]
    assert members_of(shown) == members_of(kept)


async def test_an_expensive_fallback_needs_the_budget(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    for slug in ("wise", "calm", "quick"):
        await asyncio.to_thread(offer_model, slug, shown=10**6)
    await asyncio.to_thread(
        offer_model, "gold", shown=10**6, input_price_micros=10**9, output_price_micros=10**9
    )
    for name in ("wise", "quick", "gold"):
        provider.add(name, say("서울이에요.", delay_s=0.2))
    provider.add("calm", CUT)
    shown, _ = await answer(ada)
    assert "gold" not in members_of(shown)
