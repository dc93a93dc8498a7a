"""Text or candidates that cannot be stored affect one turn only, and it ends."""

import asyncio
import contextlib
import uuid

import pytest
from django.db import IntegrityError
from pytest_django import Settings

from accounts.models import User
from aggregator.domain.events import AnswerDelta, TurnOpened
from aggregator.domain.sanitize import sanitize_text
from aggregator.execution import close, runner
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Candidate, Turn, Usage
from aggregator.selectors.turns import build_turn_state, with_related
from aggregator.services import turns
from aggregator.services.candidates import add_candidate
from aggregator.services.listings import list_offered_models
from aggregator.streaming.turn_log import TurnLog, TurnLogError
from testing.provider.server import ProviderServer, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.page import leave, open_page

pytestmark = pytest.mark.django_db(transaction=True)


def test_lone_surrogates_are_replaced_and_pairs_are_not() -> None:
    assert sanitize_text("a\ud800b\udc00\x00") == "a\ufffdb\ufffd"
    assert sanitize_text("짬뽕 😀") == "짬뽕 😀"


async def test_a_prompt_with_a_lone_surrogate_is_answered(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("네."))
    await asyncio.to_thread(offer_model, "wise")
    page = await open_page(ada)
    await page.send({"type": "open_turn", "client_id": str(uuid.uuid4()), "prompt": "\ud800 안녕?"})
    await page.receive_turn()
    await leave(page)
    turn = await run_in_db_thread(Turn.objects.get)
    assert (turn.status, turn.prompt) == (Turn.Status.DONE, "\ufffd 안녕?")


async def test_a_turn_that_cannot_be_encoded_affects_no_other(settings: Settings, valkey: object) -> None:
    log = TurnLog(settings.REDIS_URL, keep_seconds=60)
    log.start()
    bad, good = str(uuid.uuid4()), str(uuid.uuid4())
    for turn in (bad, good):
        log.open_writer(turn, 0, 0, list)
    log.append(bad, AnswerDelta("\ud800"))
    log.append(good, TurnOpened("c", good, "안녕?"))
    with pytest.raises(TurnLogError):
        await asyncio.wait_for(log.flush(bad), 5)
    assert await asyncio.wait_for(log.flush(good), 5) == 1
    log.append(good, AnswerDelta("네."))
    assert await asyncio.wait_for(log.flush(good), 5) == 2
    await log.close()


async def test_a_model_added_before_the_panel_is_stored_joins_it(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("네."))
    provider.add("quick", say("예."))
    for name in ("wise", "quick"):
        await asyncio.to_thread(offer_model, name)
    request = turns.TurnRequest("안녕?", panel=("wise",))
    turn = await run_in_db_thread(turns.open_turn, owner=ada, request=request)
    quick = next(model for model in await run_in_db_thread(list_offered_models) if model.slug == "quick")
    await run_in_db_thread(add_candidate, turn=turn, model=quick)
    await runner.run_turn(turn.public_id, turn)
    await runner.close_loop_resources()
    kept = await run_in_db_thread(with_related(Turn.objects.filter(pk=turn.pk)).get)
    assert kept.status == Turn.Status.DONE
    candidates = [(row.position, row.model, row.status) for row in kept.candidates.all()]
    assert candidates == [(0, "wise", "done"), (1, "quick", "done")]


async def test_a_turn_whose_candidates_cannot_be_stored_is_closed_as_failed(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("네."))
    await asyncio.to_thread(offer_model, "wise")
    turn = await run_in_db_thread(
        turns.open_turn, owner=ada, request=turns.TurnRequest("안녕?", panel=("wise",))
    )
    # A stored candidate at the position of the panel's first one.
    stray = Candidate(turn=turn, position=0, model="other", status=Candidate.Status.STREAMING)
    await run_in_db_thread(stray.save)
    for _ in range(close.MAX_FAULTS):
        with contextlib.suppress(ExceptionGroup, IntegrityError):
            await runner.run_turn(turn.public_id)
    await runner.close_loop_resources()
    kept = await run_in_db_thread(Turn.objects.get)
    assert (kept.status, kept.error) == (Turn.Status.FAILED, "all_failed")
    assert (await run_in_db_thread(Candidate.objects.get)).status == Candidate.Status.FAILED
    # What it asked of its model is paid for all the same.
    assert kept.cost_micros == (await run_in_db_thread(Usage.objects.get)).cost_micros > 0


def test_help_lines_show_no_model_that_was_asked_before_the_crisis_was_found(ada: User) -> None:
    turn = turns.open_turn(owner=ada, request=turns.TurnRequest("이제 그만하고 싶어"))
    Candidate.objects.create(turn=turn, position=0, model="wise", text="그러", status="streaming")
    Turn.objects.filter(pk=turn.pk).update(answer_kind="help")
    shown = build_turn_state(with_related(Turn.objects.filter(pk=turn.pk)).get())
    assert shown.candidates == {}


async def test_a_fused_answer_with_a_nul_is_stored(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    for name, number in (("wise", 940), ("quick", 900)):
        provider.add(
            name, say(f"서울\x00이에요. 대한민국의 수도는 서울이에요. 인구는 약 {number}만 명이에요.")
        )
        await asyncio.to_thread(offer_model, name, can_fuse=True)
    request = turns.TurnRequest("한국의 수도는?", strategy="council", panel=("wise", "quick"))
    turn = await run_in_db_thread(turns.open_turn, owner=ada, request=request)
    await runner.run_turn(turn.public_id)
    await runner.close_loop_resources()
    kept = await run_in_db_thread(Turn.objects.get)
    assert (kept.status, kept.answer_kind) == (Turn.Status.DONE, "fused")
    assert kept.answer_text.startswith("서울이에요.")
    assert kept.supports
