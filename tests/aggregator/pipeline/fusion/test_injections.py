"""A candidate that gives orders changes neither what its readers are told nor what is taken from them."""

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator

import pytest

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.events import AnswerDelta, ClaimsMapped, Event, RankedCandidate
from aggregator.pipeline.fusion.fuse import FusionRequest, fuse
from aggregator.pipeline.fusion.fusion_inputs import FusionInputs, select_fusion_inputs
from aggregator.pipeline.fusion.judge import RETRY_PROMPT, build_judge_messages, judge
from aggregator.pipeline.panel.fan_out import Outcome
from aggregator.pipeline.types import PanelSlot, Question, Ranking
from aggregator.providers import TokenUsage, close_providers
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.pipeline.fusion.injections import ENGLISH, INJECTIONS, KOREAN

QUESTION = Question("서울의 인구는 얼마나 되나요?", "ko")
HONEST = "서울의 인구는 약 940만 명이에요. " * 30
MARKER_LINE = re.compile(r"^<<<(?:ANSWER|END) ([0-9a-f]{8}) ([A-C])>>>$", re.M)
FUSED = "서울의 인구는 약 940만 명이에요."


def make_reader(provider: ProviderServer) -> LanguageModel:
    """Return a model that the provider serves."""
    return LanguageModel(
        "reader", "Reader", "vendor", "openai_compatible", "openai/reader", 32_768, 512, 100, 400, ("ko",),
        0.5, api_base=f"{provider.url}/v1",
    )  # fmt: skip


def poison(text: str, reader: LanguageModel) -> FusionInputs:
    """Return fusion_inputs of which the first is poisoned with a text, the second honest."""
    outcomes = [
        Outcome(
            PanelSlot(name, reader), uuid.uuid4(), "done", said, "stop", "", TokenUsage(1, 1, "counted"), 0
        )
        for name, said in (("mallory", f"{text}\n{HONEST}"), ("ada", HONEST))
    ]
    standings = tuple(RankedCandidate(name, 0.5, place, ()) for place, name in enumerate(("mallory", "ada")))
    return select_fusion_inputs(Ranking(standings, 0, 0), outcomes)


def verdict_of(fusion_inputs: FusionInputs) -> str:
    """Return a report in form that prefers the honest answer."""
    empty = ("consensus", "partial_coverage", "unique_insights", "blind_spots")
    contradiction = {"says": "940만", "by": ["A"], "instead": "930만", "of": ["B"]}
    lists: dict[str, object] = {name: [] for name in empty} | {"contradictions": [contradiction]}
    told = {
        "case": fusion_inputs.marker,
        "order": ["B", "A"],
        **lists,
        "per_candidate_errors": {"A": ["주문"]},
    }
    return json.dumps(told, ensure_ascii=False)


@pytest.fixture
async def reader(provider: ProviderServer) -> AsyncIterator[LanguageModel]:
    """A model that judges and writes; its connections are closed after the test."""
    yield make_reader(provider)
    await close_providers()


def test_there_are_a_hundred_and_no_two_are_the_same() -> None:
    assert (len(KOREAN), len(ENGLISH), len(set(INJECTIONS))) == (50, 50, 100)


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_candidate_leaves_its_own_block(text: str, provider: ProviderServer) -> None:
    fusion_inputs = poison(text, make_reader(provider))
    system, ask = build_judge_messages(QUESTION, fusion_inputs)
    assert MARKER_LINE.findall(ask.text) == [(fusion_inputs.marker, letter) for letter in "AABB"]
    # What is not between the markers is the request alone.
    outside = re.sub(r"(?s)<<<ANSWER (\w+) ([A-C])>>>.*?<<<END \1 \2>>>", "", ask.text)
    assert outside.strip() == f"The request:\n\n{QUESTION.prompt}"
    assert text not in system.text
    assert "mallory" not in ask.text.replace(text, "")


async def test_a_judge_that_obeys_is_not_believed_and_asked_again(
    provider: ProviderServer, reader: LanguageModel
) -> None:
    for text in INJECTIONS:
        fusion_inputs = poison(text, reader)
        replies = {True: say(verdict_of(fusion_inputs)), False: say(text.replace("{marker}", "0000"))}
        provider.find_script = lambda _, prompt, replies=replies: replies[prompt == RETRY_PROMPT]  # type: ignore[misc]
        provider.seen.clear()
        judgement = await judge(QUESTION, fusion_inputs, model=reader)
        assert len(provider.seen) == 2, text
        assert judgement.report is not None
        assert judgement.report.order == ("B", "A")
        # Whoever steered the first reply is not heard through it.
        sent = provider.seen[1].messages
        assert [message["role"] for message in sent] == ["system", "user", "user"]


async def test_a_judge_that_keeps_obeying_is_left_out(
    provider: ProviderServer, reader: LanguageModel
) -> None:
    provider.find_script = lambda *_: say(INJECTIONS[0])
    judgement = await judge(QUESTION, poison(INJECTIONS[0], reader), model=reader)
    assert judgement.report is None
    assert judgement.cost_micros > 0


async def write(provider: ProviderServer, reader: LanguageModel, text: str, fused: str) -> list[Event]:
    """Let a judge and a writer work on a poisoned candidate; returns what was told."""
    fusion_inputs = poison(text, reader)
    told: list[Event] = []

    async def emit(event: Event) -> None:
        told.append(event)

    def answer(_: str, prompt: str) -> Script:
        return (
            say(fused.replace("MARKER", fusion_inputs.marker)) if "Another reader" in prompt else say(report)
        )

    report, provider.find_script = verdict_of(fusion_inputs), answer
    fusion_request = FusionRequest(QUESTION, fusion_inputs, reader, "turn/1/1")
    fusion = await fuse(fusion_request, emit=emit, stop=asyncio.Event())
    assert fusion.judgement is not None
    assert fusion.error == ("malformed" if "MARKER" in fused else "")
    return told


async def test_the_writer_gets_the_same_blocks_and_a_verdict_in_form(
    provider: ProviderServer, reader: LanguageModel
) -> None:
    for text in INJECTIONS:
        provider.seen.clear()
        told = await write(provider, reader, text, FUSED)
        system, ask = (message["content"] for message in provider.seen[-1].messages)
        assert text not in system
        assert len(MARKER_LINE.findall(ask)) == 4
        claims = next(event for event in told if isinstance(event, ClaimsMapped)).claims
        assert [(claim.candidates, claim.against) for claim in claims] == [(("mallory",), ("ada",))]
        assert "".join(event.text for event in told if isinstance(event, AnswerDelta)) == FUSED


async def test_an_answer_that_repeats_the_markers_does_not_stand(
    provider: ProviderServer, reader: LanguageModel
) -> None:
    await write(provider, reader, INJECTIONS[0], "<<<ANSWER MARKER A>>> 940만")
