"""An answer is the same, byte by byte, with an ad or without: the requests, events, ranking and rows."""

import asyncio
import json
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from ads.models import Offer
from aggregator.domain.events import Event, encode
from aggregator.execution import runner
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn
from aggregator.selectors.turns import answer_text_of, with_related
from aggregator.services import turns
from aggregator.streaming.turn_log import decode_entries
from testing.ads.inventory import make_ad, publish_all
from testing.provider.server import ProviderServer, say
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)

PROMPT = "도쿄 항공권을 싸게 사는 법"
TEXTS = {
    "wise": "화요일 새벽에 예약하면 싸요. 경유편도 살펴보세요.",
    "quick": "일찍 예약하세요.",
    "third": "화요일 새벽에 예약하면 싸요.",
}
# What a clock, a key or the day's budget says differs from turn to turn, with ads or without.
PASSING = {"conversation", "turn", "ttft_ms", "duration_ms", "quality", "expected_micros"}
# Who leads for a moment, who waits and how text is cut into pieces are matters of time.
FLEETING = {"candidate_delta", "more", "answer_delta", "candidate_queued", "turn_queued", "leader_changed"}


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything of a turn that an ad must not touch."""

    answer: bytes
    candidates: dict[str, bytes]
    events: list[str]
    requests: dict[str, list[str]]


async def ask(ada: User, provider: ProviderServer) -> tuple[Observed, Turn]:
    provider.seen.clear()
    turn = await run_in_db_thread(turns.open_turn, owner=ada, request=turns.TurnRequest(PROMPT))
    await runner.run_turn(turn.public_id)
    history = decode_entries(await runner.get_turn_log(str(turn.public_id)).read(str(turn.public_id)))
    await runner.close_loop_resources()
    turn = await run_in_db_thread(load, turn.public_id)
    return await run_in_db_thread(observe, turn, history, provider), turn


def load(public_id: uuid.UUID) -> Turn:
    return with_related(Turn.objects.filter(public_id=public_id)).get()


def observe(turn: Turn, history: list[Event], provider: ProviderServer) -> Observed:
    rows = list(turn.candidates.all())
    names = {str(row.public_id): row.model for row in rows}
    requests = {
        model: sorted(json.dumps(request.body, sort_keys=True) for request in provider.requests_for(model))
        for model in TEXTS
    }
    lines = [
        json.dumps(name_candidates(encode(event), names), ensure_ascii=False, sort_keys=True)
        for event in history
        if event.type not in FLEETING and event.type != "placement_made"
    ]
    return Observed(
        answer=(answer_text_of(turn) or "").encode(),
        candidates={row.model: row.text.encode() for row in rows},
        # Models answer side by side: whose news comes first is a matter of time too.
        events=sorted(lines),
        requests=requests,
    )


def name_candidates(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: name_candidates(each, names) for key, each in value.items() if key not in PASSING}
    if isinstance(value, list | tuple):
        return [name_candidates(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


async def test_answers_are_the_same_with_ads_on_and_off(
    provider: ProviderServer, offer_model: MakeModel, ada: User, settings: Settings, valkey: object
) -> None:
    settings.EXPLORE_PERCENT = 0
    settings.ADS_DEADLINE_MS = 5_000
    for place, (name, text) in enumerate(TEXTS.items()):
        provider.add(name, say(text))
        # Of models that are equally good, the one that ends first leads.
        await asyncio.to_thread(offer_model, name, standing=0.9 - place / 10)
    await run_in_db_thread(publish_all)
    without, turn_without = await ask(ada, provider)
    assert turn_without.placement is not None and turn_without.placement["ad"] is None

    await run_in_db_thread(make_ad, bid_won=100_000, daily_won=10_000_000)
    await run_in_db_thread(publish_all)
    with_ad, turn_with = await ask(ada, provider)
    assert turn_with.placement is not None and turn_with.placement["ad"] is not None
    assert await run_in_db_thread(Offer.objects.count) == 1

    assert with_ad == without
    assert with_ad.answer and all(with_ad.requests.values())
