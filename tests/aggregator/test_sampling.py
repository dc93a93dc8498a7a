"""The sampling parameters of a call reach its question, also in another process and after a restart."""

import json

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from aggregator.domain.sampling import DEFAULT_SAMPLING, Sampling
from aggregator.execution import runner
from aggregator.execution.setup import build_question
from aggregator.infra.async_database import close_database
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Conversation, Turn
from aggregator.services import turns
from testing.provider.server import ProviderServer, say
from tests.aggregator.conftest import MakeModel

REQUESTED = Sampling(
    max_tokens=5, temperature=0.0, seed=2**63 - 1, stop=("\n\n", "끝"), presence_penalty=-0.5
)
UNIT = st.floats(0, 2, allow_nan=False)
SAMPLINGS = st.builds(
    Sampling,
    max_tokens=st.none() | st.integers(1, 10**6),
    temperature=st.none() | UNIT,
    top_p=st.none() | UNIT,
    top_k=st.none() | st.integers(1, 10**4),
    seed=st.none() | st.integers(-(2**63), 2**63 - 1),
    stop=st.lists(st.text(min_size=1), max_size=4).map(tuple),
    frequency_penalty=st.none() | UNIT,
    presence_penalty=st.none() | UNIT,
)


@given(SAMPLINGS)
def test_every_sampling_survives_json(sampling: Sampling) -> None:
    document = json.loads(json.dumps(sampling.to_json()))
    assert Sampling.from_json(document) == sampling
    assert document.keys() == sampling.names()


def test_only_what_is_set_is_stored() -> None:
    assert DEFAULT_SAMPLING.to_json() == {}
    assert Sampling.from_json({}) == DEFAULT_SAMPLING
    assert REQUESTED.names() == {"max_tokens", "temperature", "seed", "stop", "presence_penalty"}
    assert REQUESTED.to_json()["temperature"] == 0.0


def test_a_parameter_of_a_later_release_is_ignored() -> None:
    assert Sampling.from_json({"min_p": 0.1, "seed": 7}) == Sampling(seed=7)


@pytest.mark.django_db
def test_a_stored_turn_keeps_its_sampling(ada: User) -> None:
    request = turns.TurnRequest("수도는?", origin=Conversation.Origin.API, sampling=REQUESTED)
    turn = turns.open_turn(owner=ada, request=request)
    stored = Turn.objects.select_related("conversation").get(pk=turn.pk)
    assert build_question(turn).sampling == build_question(stored).sampling == REQUESTED


@pytest.mark.django_db(transaction=True)
async def test_a_turn_that_is_stored_on_the_event_loop_keeps_its_sampling(ada: User) -> None:
    request = turns.TurnRequest("수도는?", sampling=REQUESTED)
    draft = turns.draft_turn(owner=ada, request=request)
    turn = await turns.astore_draft(owner=ada, draft=draft, on_admitted=lambda: None)
    await close_database()
    stored = await run_in_db_thread(Conversation.objects.get, pk=turn.conversation_id)
    assert Sampling.from_json(stored.sampling) == REQUESTED


@pytest.mark.django_db
def test_a_page_asks_for_the_models_own_settings(ada: User) -> None:
    turn = turns.open_turn(owner=ada, request=turns.TurnRequest("수도는?"))
    assert turn.conversation.sampling == {}
    assert build_question(turn).sampling == DEFAULT_SAMPLING


@pytest.mark.django_db
def test_a_process_of_the_last_release_may_store_a_conversation_beside_us(ada: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO aggregator_conversation (owner_id, title, public_id, system_prompt, given_history,"
            " origin, is_sensitive, created_at, updated_at) VALUES (%s, '', gen_random_uuid(), '', '[]',"
            " 'api', false, now(), now())",
            [ada.pk],
        )
    conversation = Conversation.objects.get(owner=ada)
    assert Sampling.from_json(conversation.sampling) == DEFAULT_SAMPLING


@pytest.mark.django_db(transaction=True)
async def test_a_process_that_takes_a_turn_over_asks_with_its_sampling(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("서울이에요."))
    await run_in_db_thread(offer_model, "wise")
    request = turns.TurnRequest(
        "수도는?", strategy="single", panel=("wise",), origin=Conversation.Origin.API, sampling=REQUESTED
    )
    turn = await run_in_db_thread(lambda: turns.open_turn(owner=ada, request=request))
    await runner.run_turn(turn.public_id)
    await runner.close_loop_resources()
    sent = provider.requests_for("wise")[0].body
    assert {name: sent[name] for name in REQUESTED.names()} == REQUESTED.to_json()
