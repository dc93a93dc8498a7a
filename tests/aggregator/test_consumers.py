"""The commands of a page and the frames and refusals that it gets."""

import asyncio
import json
import uuid

import pytest

from accounts.models import User
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn, Vote
from aggregator.services import turns
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.page import Frame, Page, leave, open_page

pytestmark = pytest.mark.django_db(transaction=True)

TEXTS = {"candidate_delta", "more"}


def ask_of(prompt: str, **more: object) -> Frame:
    """Return the command for a new turn."""
    return {
        "type": "open_turn",
        "client_id": str(uuid.uuid4()),
        "conversation": None,
        "prompt": prompt,
        **more,
    }


async def test_a_visitor_without_a_cookie_is_refused() -> None:
    assert await Page(None).open() == 4401


async def test_a_prompt_streams_back_as_numbered_frames(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("서울이에요. 대한민국의 수도예요.", delay_s=0.03))
    await asyncio.to_thread(offer_model, "wise")
    page = await open_page(ada)
    command = ask_of("한국의 수도는?")
    await page.send(command)

    opened = await page.receive()
    assert (opened["type"], opened["client_id"], opened["number"]) == ("opened", command["client_id"], 1)
    seq, kinds, text = 0, [], ""
    while "placement_made" not in kinds:
        frame = await page.receive()
        assert frame["seq"] == seq + len(frame["events"])
        seq = frame["seq"]
        kinds += [event["type"] for event in frame["events"]]
        text += "".join(event["text"] for event in frame["events"] if event["type"] in TEXTS)
    assert text == "서울이에요. 대한민국의 수도예요."
    await leave(page)


async def test_sending_the_same_prompt_twice_opens_one_turn(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("서울이에요."))
    await asyncio.to_thread(offer_model, "wise")
    page = await open_page(ada)
    command = ask_of("수도는?")
    await page.send(command)
    await page.receive_turn()
    await page.send(command)
    again = await page.receive()

    assert again["type"] == "opened"
    assert await run_in_db_thread(Turn.objects.count) == 1
    await leave(page)


async def test_another_page_resumes_after_any_event(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("하나 둘 셋 넷 다섯"))
    await asyncio.to_thread(offer_model, "wise")
    page = await open_page(ada)
    await page.send(ask_of("세어 줘"))
    opened = await page.receive()
    whole = await page.receive_turn()
    other = await open_page(ada)
    for place in (0, 3, len(whole) - 1):
        await other.send({"type": "resume", "turn": opened["turn"], "after_seq": place})
        rest: list[Frame] = []
        while len(rest) < 1 or rest[-1]["type"] != "placement_made":
            rest += (await other.receive())["events"]
        if place == 0:
            assert rest == whole
        assert rest[-1] == whole[-1]
    await leave(other, page)


async def test_mallory_cannot_follow_stop_or_vote_on_ada_s_turn(
    provider: ProviderServer, offer_model: MakeModel, ada: User, mallory: User
) -> None:
    provider.add("wise", say("비밀이에요."))
    await asyncio.to_thread(offer_model, "wise")
    page = await open_page(ada)
    await page.send(ask_of("비밀"))
    opened = await page.receive()
    events = await page.receive_turn()
    candidate = next(event["candidate"] for event in events if event["type"] == "candidate_started")
    intruder = await open_page(mallory)
    for command in (
        {"type": "resume", "turn": opened["turn"], "after_seq": 0},
        {"type": "stop", "turn": opened["turn"]},
        {"type": "regenerate", "turn": opened["turn"], "client_id": str(uuid.uuid4())},
        {"type": "vote", "candidate": candidate},
        {"type": "retry", "candidate": candidate},
    ):
        await intruder.send(command)
        refused = await intruder.receive()
        assert (refused["type"], refused["code"].rsplit("_", 2)[-1]) == ("refused", "found")
    await leave(intruder, page)


async def test_a_malformed_command_is_refused_in_words_and_the_page_stays_open(ada: User) -> None:
    page = await open_page(ada)
    rubbish: list[str] = [
        "not json",
        "[]",
        "{}",
        '{"type": "open_turn"}',
        '{"type": "resume", "turn": "x"}',
        '{"type": "open_turn", "client_id": 7, "prompt": "x"}',
        "[" * 60_000,
        '{"type": "ping", "client_id": ' + "[" * 60_000 + "]" * 60_000 + "}",
        '{"type": ["ping"]}',
        json.dumps(ask_of("수도는?", panel=["x" * 81])),
    ]
    for text in rubbish:
        await page.send(text)
        refused = await page.receive()
        assert (refused["type"], refused["code"]) == ("refused", "malformed")
        assert "새로 고쳐" in refused["message"]
    await page.send(ask_of("   "))
    assert (await page.receive())["code"] == "prompt_empty"
    await page.send({"type": "ping"})
    assert await page.receive() == {"type": "pong"}
    await leave(page)


@pytest.mark.parametrize("place", ["1e999", "1e30", str(2**64), str(10**30)])
async def test_an_event_number_that_no_turn_can_have_is_refused(ada: User, place: str) -> None:
    turn = await run_in_db_thread(lambda: turns.open_turn(owner=ada, request=turns.TurnRequest("수도는?")))
    page = await open_page(ada)
    await page.send(f'{{"type": "resume", "turn": "{turn.public_id}", "after_seq": {place}}}')
    assert (await page.receive())["code"] == "malformed"
    await leave(page)


async def test_a_vote_for_another_candidate_replaces_the_earlier_one(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    for name in ("wise", "quick"):
        provider.add(name, say("서울이에요."))
        await asyncio.to_thread(offer_model, name)
    page = await open_page(ada)
    await page.send(ask_of("수도는?"))
    events = await page.receive_turn()
    panel = next(event["panel"] for event in events if event["type"] == "route_chosen")
    for member in panel:
        await page.send({"type": "vote", "candidate": member["candidate"]})
        assert (await page.receive())["type"] == "voted"

    votes = await run_in_db_thread(lambda: [str(vote.candidate.public_id) for vote in Vote.objects.all()])
    assert votes == [panel[-1]["candidate"]]
    await leave(page)


async def test_editing_a_prompt_makes_a_version_and_leaves_what_followed(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("답이에요."))
    await asyncio.to_thread(offer_model, "wise")
    page = await open_page(ada)
    await page.send(ask_of("첫 질문"))
    first = await page.receive()
    await page.receive_turn()
    await page.send(ask_of("둘째 질문", conversation=first["conversation"]))
    await page.receive()
    await page.receive_turn()
    await page.send(
        {"type": "edit", "turn": first["turn"], "client_id": str(uuid.uuid4()), "prompt": "고친 질문"}
    )
    edited = await page.receive()
    await page.receive_turn()

    assert (edited["replaces"], edited["number"]) == (first["turn"], 3)
    parents = await run_in_db_thread(
        lambda: list(Turn.objects.order_by("number").values_list("parent__number", flat=True))
    )
    assert parents == [None, 1, None]
    observed = [message["content"] for message in provider.requests_for("wise")[-1].messages]
    assert "첫 질문" not in observed
    await leave(page)


async def test_a_failed_model_can_be_retried_from_the_page(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("shaky", Script(status=401, error="invalid_api_key"))
    await asyncio.to_thread(offer_model, "shaky")
    page = await open_page(ada)
    await page.send(ask_of("되나요?"))
    events = await page.receive_turn(until="turn_closed")
    candidate = next(event["candidate"] for event in events if event["type"] == "candidate_started")
    provider.add("shaky", say("이제 돼요."))
    await page.send({"type": "retry", "candidate": candidate})
    again = await page.receive_turn()

    assert again[0]["type"] == "turn_opened"
    assert any(event["type"] == "answer_finished" for event in again)
    await leave(page)
