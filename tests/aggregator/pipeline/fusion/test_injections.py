"""Instructions injected by a candidate change neither the messages of judge and writer nor their results."""

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
from aggregator.pipeline.panel.panel import Outcome
from aggregator.pipeline.types import PanelSlot, Question, Ranking
from aggregator.providers import TokenUsage, close_providers
from aggregator.resilience.permits import close_permits
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.pipeline.fusion.injections import ENGLISH, INJECTIONS, KOREAN

QUESTION = Question("서울의 인구는 얼마나 되나요?", "ko")
OTHER = "서울의 인구는 약 930만 명이에요. " * 30
HONEST = "서울의 인구는 약 940만 명이에요. " * 30
MARKER_LINE = re.compile(r"^<<<(?:ANSWER|END) ([0-9a-f]{8}) ([A-C])>>>$", re.M)
FUSED = "서울의 인구는 약 940만 명이에요."


def make_reader(provider: ProviderServer) -> LanguageModel:
    """Return a model that judges and writes."""
    return LanguageModel(
        "reader", "Reader", "vendor", "openai_compatible", "openai/reader", 32_768, 512, 100, 400, ("ko",),
        0.5, api_base=f"{provider.url}/v1",
    )  # fmt: skip


def inject(injection: str, reader: LanguageModel) -> FusionInputs:
    """Return fusion inputs whose first candidate starts with the text and whose second is honest."""
    outcomes = [
        Outcome(
            PanelSlot(name, reader), uuid.uuid4(), "done", text, "stop", "", TokenUsage(1, 1, "counted"), 0
        )
        for name, text in (("mallory", f"{injection}\n{OTHER}"), ("ada", HONEST))
    ]
    standings = tuple(RankedCandidate(name, 0.5, group, ()) for group, name in enumerate(("mallory", "ada")))
    return select_fusion_inputs(Ranking(standings, 0, 0), outcomes)


def report_on(fusion_inputs: FusionInputs) -> str:
    """Return a valid report that prefers the honest answer."""
    empty = ("consensus", "partial_coverage", "unique_insights", "blind_spots")
    contradiction = {"says": "930만 명이에요.", "by": ["A"], "instead": "940만 명이에요.", "of": ["B"]}
    lists: dict[str, object] = {name: [] for name in empty} | {"contradictions": [contradiction]}
    document = {
        "case": fusion_inputs.marker,
        "order": ["B", "A"],
        **lists,
        "per_candidate_errors": {"A": ["주문"]},
    }
    return json.dumps(document, ensure_ascii=False)


@pytest.fixture
async def reader(provider: ProviderServer) -> AsyncIterator[LanguageModel]:
    """A model that judges and writes; the connections are closed after the test."""
    yield make_reader(provider)
    await close_permits()
    await close_providers()


def test_there_are_a_hundred_different_injections() -> None:
    assert (len(KOREAN), len(ENGLISH), len(set(INJECTIONS))) == (50, 50, 100)


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_candidate_leaves_its_block(text: str, provider: ProviderServer) -> None:
    fusion_inputs = inject(text, make_reader(provider))
    system, ask = build_judge_messages(QUESTION, fusion_inputs)
    assert MARKER_LINE.findall(ask.text) == [(fusion_inputs.marker, letter) for letter in "AABB"]
    # Outside of the markers there is only the request.
    outside = re.sub(r"(?s)<<<ANSWER (\w+) ([A-C])>>>.*?<<<END \1 \2>>>", "", ask.text)
    assert outside.strip() == f"The request:\n\n{QUESTION.prompt}"
    assert text not in system.text
    assert "mallory" not in ask.text.replace(text, "")


async def test_a_judge_that_follows_an_injection_is_asked_again(
    provider: ProviderServer, reader: LanguageModel
) -> None:
    for text in INJECTIONS:
        fusion_inputs = inject(text, reader)
        replies = {True: say(report_on(fusion_inputs)), False: say(text.replace("{marker}", "0000"))}
        provider.find_script = lambda _, prompt, replies=replies: replies[prompt == RETRY_PROMPT]  # type: ignore[misc]
        provider.seen.clear()
        judgement = await judge(QUESTION, fusion_inputs, model=reader)
        assert len(provider.seen) == 2, text
        assert judgement.report is not None
        assert judgement.report.order == ("B", "A")
        # The first reply is not repeated to the judge.
        sent = provider.seen[1].messages
        assert [message["role"] for message in sent] == ["system", "user", "user"]


async def test_a_judge_that_keeps_following_an_injection_gives_no_report(
    provider: ProviderServer, reader: LanguageModel
) -> None:
    provider.find_script = lambda *_: say(INJECTIONS[0])
    judgement = await judge(QUESTION, inject(INJECTIONS[0], reader), model=reader)
    assert judgement.report is None
    assert judgement.cost_micros > 0


async def write(provider: ProviderServer, reader: LanguageModel, text: str, fused: str) -> list[Event]:
    """Judge and write with an injected candidate; returns the emitted events."""
    fusion_inputs = inject(text, reader)
    emitted: list[Event] = []

    async def emit(event: Event) -> None:
        emitted.append(event)

    def answer(_: str, prompt: str) -> Script:
        return (
            say(fused.replace("MARKER", fusion_inputs.marker)) if "Another reader" in prompt else say(report)
        )

    report, provider.find_script = report_on(fusion_inputs), answer
    fusion_request = FusionRequest(QUESTION, fusion_inputs, reader, "turn/1/1")
    fusion = await fuse(fusion_request, emit=emit, stop=asyncio.Event())
    assert fusion.judgement is not None
    assert fusion.error == ("malformed" if "MARKER" in fused else "")
    return emitted


async def test_the_writer_gets_the_same_blocks_and_a_valid_report(
    provider: ProviderServer, reader: LanguageModel
) -> None:
    for text in INJECTIONS:
        provider.seen.clear()
        emitted = await write(provider, reader, text, FUSED)
        system, ask = (message["content"] for message in provider.seen[-1].messages)
        assert text not in system
        assert len(MARKER_LINE.findall(ask)) == 4
        claims = next(event for event in emitted if isinstance(event, ClaimsMapped)).claims
        assert [(claim.candidates, claim.against) for claim in claims] == [(("mallory",), ("ada",))]
        assert "".join(event.text for event in emitted if isinstance(event, AnswerDelta)) == FUSED


async def test_an_answer_that_repeats_the_markers_is_malformed(
    provider: ProviderServer, reader: LanguageModel
) -> None:
    await write(provider, reader, INJECTIONS[0], "<<<ANSWER MARKER A>>> 940만")
