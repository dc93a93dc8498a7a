"""Long candidates are compared by a judge before one answer is written; what it found is shown and kept."""

import asyncio
import json
import re

import pytest

from accounts.models import User
from aggregator.domain.turn_state import reduce_events
from aggregator.execution import runner
from aggregator.execution.commands import stop_turn
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Ballot, Turn, Usage
from aggregator.selectors.turns import rebuild_events, with_related
from aggregator.services import turns
from aggregator.streaming.turn_log import decode_entries
from testing.provider.server import ProviderServer, Script, count_up, say
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)

LONG = count_up("서울의 인구는 약 940만 명이에요. 한강이 도시를 가로질러 흐르고 산이 많아요.", 12)


def answer(model: str, prompt: str) -> Script:
    """Answer as a candidate, as a judge or as a writer, by what is asked."""
    if "Another reader" in prompt:
        return say("서울에는 약 940만 명이 살아요.")
    marker = re.search(r"<<<ANSWER (\w+) A>>>", prompt)
    if marker is None:
        return say(LONG if model == "wise" else LONG.replace("940만", "930만"))
    by, of = ("A", "B") if re.search(r"A>>>\n서울의 인구는 약 940만", prompt) else ("B", "A")
    found = {"says": "940만 명이에요.", "by": [by], "instead": "930만 명이에요.", "of": [of]}
    lists = ("consensus", "partial_coverage", "unique_insights", "blind_spots")
    empty: dict[str, object] = {name: [] for name in lists}
    report = {"case": marker[1], "order": ["B", "A"], "contradictions": [found]}
    return say(json.dumps({**empty, **report, "per_candidate_errors": {}}))


def _load(turn: Turn) -> tuple[Turn, list[str], list[Ballot]]:
    kept = with_related(Turn.objects.filter(pk=turn.pk)).get()
    purposes = list(Usage.objects.filter(turn=turn).values_list("purpose", flat=True))
    return kept, sorted(purposes), list(Ballot.objects.filter(turn=turn))


async def test_a_judge_s_calls_and_ballot_are_stored(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.find_script = answer
    await asyncio.to_thread(offer_model, "wise", can_fuse=True)
    await asyncio.to_thread(offer_model, "quick")
    turn = await run_in_db_thread(
        turns.open_turn, owner=ada, request=turns.TurnRequest("서울은 어떤 도시인가요?")
    )

    await runner.run_turn(turn.public_id)
    history = decode_entries(await runner.get_turn_log(str(turn.public_id)).read(str(turn.public_id)))
    await runner.close_loop_resources()

    kept, purposes, ballots = await run_in_db_thread(_load, turn)
    assert (kept.answer_kind, kept.answer_text) == ("fused", "서울에는 약 940만 명이 살아요.")
    assert purposes == ["candidate", "candidate", "fuse", "judge"]
    assert kept.cost_micros == sum(
        await run_in_db_thread(lambda: [row.cost_micros for row in kept.usages.all()])
    )
    best_first = [row["candidate"] for row in kept.ranking["standings"]] if kept.ranking else []
    assert [ballot.order for ballot in ballots] == [best_first[::-1]]
    assert [claim["kind"] for claim in kept.claims] == ["contested"]
    assert reduce_events(history) == reduce_events(rebuild_events(kept))


async def test_the_call_of_a_stopped_judge_is_stored(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    slow = say("{" * 400, delay_s=0.1)
    provider.find_script = lambda model, prompt: slow if "<<<ANSWER" in prompt else answer(model, prompt)
    await asyncio.to_thread(offer_model, "wise", can_fuse=True)
    await asyncio.to_thread(offer_model, "quick")
    turn = await run_in_db_thread(
        turns.open_turn, owner=ada, request=turns.TurnRequest("서울은 어떤 도시인가요?")
    )
    running = asyncio.create_task(runner.run_turn(turn.public_id))
    assert await asyncio.to_thread(provider.wait_until, lambda: len(provider.requests_for("wise")) == 2, 30)
    await stop_turn(turn)
    await asyncio.wait_for(running, 10)
    await runner.close_loop_resources()

    kept, purposes, _ = await run_in_db_thread(_load, turn)
    assert (kept.status, kept.answer_kind) == ("stopped", "best")
    assert "judge" in purposes
    judged = await run_in_db_thread(lambda: Usage.objects.get(turn=turn, purpose="judge"))
    assert judged.cost_micros > 0
