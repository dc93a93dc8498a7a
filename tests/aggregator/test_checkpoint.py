"""A turn's state and calls are stored once, whichever process stores them, and no late command is lost."""

import asyncio
import uuid
from collections.abc import Awaitable
from typing import TypeVar

import pytest

from accounts.models import User
from aggregator.domain.turn_state import CandidateState, TurnState
from aggregator.infra.async_database import close_database
from aggregator.models import Candidate, Turn, Usage
from aggregator.services import turns
from aggregator.storage import checkpoint
from aggregator.storage.provider_call import ProviderCall

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")


@pytest.fixture
def turn(ada: User) -> Turn:
    """A running turn of Ada's."""
    return turns.open_turn(owner=ada, request=turns.TurnRequest("수도는?"))


def done(work: Awaitable[T]) -> T:
    """Run a coroutine on an event loop of its own."""

    async def alone() -> T:
        try:
            return await work
        finally:
            await close_database()

    return asyncio.run(alone())


def ended(candidate: str, *, text: str = "서울이에요.", model: str = "wise") -> TurnState:
    """Return a turn with one answer that has ended."""
    name = model.title()
    state = CandidateState(candidate, model, name, "vendor", "done", text=text, cost_micros=700)
    return TurnState(
        strategy="best",
        candidates={candidate: state},
        answer_kind="best",
        answer_candidate=candidate,
        status="done",
        cost_micros=700,
    )


def call(candidate: str) -> ProviderCall:
    """Return the record of a candidate's call, whose id follows from the candidate."""
    call_id = uuid.uuid5(uuid.NAMESPACE_OID, f"{candidate}/1")
    return ProviderCall(call_id, "candidate", "wise", "openai", 10, 20, "provider", 700, candidate)


def test_a_call_is_stored_once_however_often_its_turn_is_saved(turn: Turn) -> None:
    candidate = str(uuid.uuid4())
    state = ended(candidate)
    done(checkpoint.save_checkpoint(turn=turn, state=state, seq=5, calls=(call(candidate),)))
    for seq in (9, 9):
        done(checkpoint.close_turn(turn=turn, state=state, seq=seq, calls=(call(candidate),)))
    assert Usage.objects.get().cost_micros == 700
    assert Candidate.objects.get().text == "서울이에요."
    turn.refresh_from_db()
    assert (turn.status, turn.last_seq, turn.cost_micros) == ("done", 9, 700)


def test_a_command_that_comes_while_a_turn_is_closed_reopens_it(turn: Turn) -> None:
    state = ended(str(uuid.uuid4()))
    Candidate.objects.create(turn=turn, position=1, model="late", model_name="Late", vendor="vendor")
    done(checkpoint.close_turn(turn=turn, state=state, seq=9, calls=()))
    turn.refresh_from_db()
    assert (turn.status, turn.attempt) == ("running", 2)


def test_a_turn_that_was_stopped_stays_stopped(turn: Turn) -> None:
    state = ended(str(uuid.uuid4()))
    state.status = "stopped"
    Candidate.objects.create(turn=turn, position=1, model="late", model_name="Late", vendor="vendor")
    done(checkpoint.close_turn(turn=turn, state=state, seq=9, calls=()))
    turn.refresh_from_db()
    assert turn.status == "stopped"


def test_a_candidate_that_was_retried_is_not_set_back(turn: Turn) -> None:
    candidate = str(uuid.uuid4())
    done(checkpoint.save_checkpoint(turn=turn, state=ended(candidate), seq=5))
    Candidate.objects.update(attempt=2, status=Candidate.Status.WAITING)
    pending = done(checkpoint.save_checkpoint(turn=turn, state=ended(candidate, text="older"), seq=6))
    assert Candidate.objects.get().status == "waiting"
    assert [str(row.public_id) for row in pending.candidates] == [candidate]


def test_a_fallback_is_stored_with_the_candidate_that_it_replaces(turn: Turn) -> None:
    broken, spare = str(uuid.uuid4()), str(uuid.uuid4())
    state = ended(broken)
    state.candidates[broken].status = "failed"
    state.candidates[spare] = CandidateState(spare, "spare", "Spare", "vendor", "done", stands_in_for=broken)
    done(checkpoint.save_checkpoint(turn=turn, state=state, seq=5))
    kept = {row.model: row.stands_in_for for row in Candidate.objects.all()}
    assert kept == {"wise": None, "spare": uuid.UUID(broken)}
