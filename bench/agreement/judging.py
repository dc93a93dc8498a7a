"""What a judge's one short call adds to the comparison: a scripted capable judge, or a local model."""

import asyncio
import json
import os
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import django

from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.agreement.agreement import Agreement
from aggregator.pipeline.agreement.compare import compare_answers
from aggregator.pipeline.chat_messages import count_message_tokens
from aggregator.pipeline.fusion.judge import JudgeUsage
from aggregator.pipeline.fusion.pair_judge import (
    PAIRS_SECONDS,
    build_pair_messages,
    is_worth_judging_pairs,
    judge_pairs,
)
from aggregator.pipeline.types import Question
from aggregator.providers import close_providers
from aggregator.training.agreement.passes import number_groups
from testing.provider.server import ProviderServer, Script, say

# How often a capable judge puts an answer into a wrong group.
SLIPS = 0.01
_LINE = re.compile(r"^(\w{4}) (\d+): ", re.M)


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """The agreement after a judge's call, how many calls there were, and the tokens of all of them.

    `is_read` is whether its reply came in time and in the form that was asked for.
    """

    agreement: Agreement
    calls: int
    tokens: int
    is_read: bool = False


def _prepare_settings() -> None:
    """Configure Django for the providers; the bench has no stores."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()


def _script_judge(model: str, prompt: str, row: dict[str, Any]) -> Script:
    """Answer as a judge that reads every answer and slips rarely."""
    marker = _LINE.search(prompt)
    draw = random.Random(row["id"])
    groups = number_groups(row)
    count = len(row["groups"])
    placed: dict[int, list[int]] = {}
    for index in range(len(row["answers"])):
        group = draw.randrange(count) if draw.random() < SLIPS else groups[index]
        placed.setdefault(group, []).append(index + 1)
    return say(json.dumps({"case": marker[1] if marker else "", "groups": list(placed.values())}))


def offer_judge(api_base: str, seconds: float = PAIRS_SECONDS, slug: str = "judge") -> LanguageModel:
    """Return a model behind an OpenAI-compatible server that is waited for so long."""
    wait_ms = round(1000 * seconds)
    return LanguageModel(
        slug, slug, "bench", "openai_compatible", f"openai/{slug}", 32_768, 512, 100, 400, ("ko", "en"), 0.9,
        can_fuse=True, api_base=api_base, first_token_ms=wait_ms, stall_ms=wait_ms,
    )  # fmt: skip


async def judge_question(
    row: dict[str, Any], model: LanguageModel, seconds: float = PAIRS_SECONDS
) -> JudgedQuestion:
    """Compare a question's answers, and have a judge decide what is unsure, as a live turn does."""
    question, texts = Question(row["prompt"], row["lang"]), row["answers"]
    agreement = compare_answers(question, texts)
    if not is_worth_judging_pairs(agreement):
        return JudgedQuestion(agreement, 0, 0)
    usage = JudgeUsage()
    judged = await judge_pairs(question, texts, model=model, judge_usage=usage, seconds=seconds)
    pairs = {
        (a, b): judged[both]
        for a, b in combinations(range(len(texts)), 2)
        if (both := frozenset((texts[a], texts[b]))) in judged
    }
    # Servers count tokens in their own way; the larger count is held to the limit.
    counted = count_message_tokens(build_pair_messages(question, texts, "0000")) + usage.output_tokens
    tokens = max(counted, usage.input_tokens + usage.output_tokens)
    return JudgedQuestion(agreement.decide(pairs), 1, tokens, bool(judged))


async def _judge_all(
    rows: Sequence[dict[str, Any]],
    provider: ProviderServer | None,
    api_base: str,
    seconds: float = PAIRS_SECONDS,
) -> list[JudgedQuestion]:
    model = offer_judge(api_base, seconds)
    found = []
    for row in rows:
        if provider:
            provider.find_script = lambda name, prompt, row=row: _script_judge(name, prompt, row)  # type: ignore[misc]
        found.append(await judge_question(row, model, seconds))
    await close_providers()
    return found


def run_scripted_judge(rows: Sequence[dict[str, Any]]) -> list[JudgedQuestion]:
    """Have a scripted judge decide what the comparison is unsure of."""
    _prepare_settings()
    with ProviderServer() as provider:
        return asyncio.run(_judge_all(rows, provider, f"{provider.url}/v1"))


def run_served_judge(rows: Sequence[dict[str, Any]], api_base: str, seconds: float) -> list[JudgedQuestion]:
    """Have the model behind a server decide what the comparison is unsure of."""
    _prepare_settings()
    return asyncio.run(_judge_all(rows, None, api_base, seconds))
