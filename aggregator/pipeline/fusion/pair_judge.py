"""Asks a model, once a turn, which answers say the same where the comparison is unsure."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import Mapping, Sequence
from itertools import combinations

from aggregator.catalog.catalog import LanguageModel
from aggregator.infra.telemetry import traced
from aggregator.pipeline.agreement.agreement import Agreement, Verdict
from aggregator.pipeline.agreement.segments import cut_segments
from aggregator.pipeline.chat_messages import count_message_tokens
from aggregator.pipeline.fusion.judge import JudgeUsage, call_judge, read_prompt
from aggregator.pipeline.types import JudgedTexts, Question
from aggregator.providers import ChatMessage

PAIRS_PROMPT = "judge_pairs.md"
PAIRS_SECONDS = 6.0
# The whole call is to stay within this, the reply with it.
MOST_TOKENS, REPLY_TOKENS = 400, 60
MAX_ANSWERS = 8
# How many characters of the question and of each answer are tried, the most first.
_EXTRACTS = ((240, 240), (240, 160), (180, 110), (140, 80), (110, 50), (80, 30))


def is_worth_judging_pairs(agreement: Agreement) -> bool:
    """Return whether some answers were not compared, and there are not too many for one call.

    A judge that is asked then also decides the other pairs of which the comparison is not sure.
    """
    return Verdict.UNKNOWN in agreement.verdicts.values() and len(agreement.labels) <= MAX_ANSWERS


def extract_conclusion(text: str, most: int) -> str:
    """Return what an answer states, on one line: all of a short one, else its weightiest sentences."""
    whole = " ".join(text.split())
    if len(whole) <= most:
        return whole
    segments = cut_segments(text).segments
    order = sorted(range(len(segments)), key=lambda index: (-segments[index].weight, index))
    kept: list[int] = []
    room = most
    for index in order:
        length = len(segments[index].text) + 1
        if length <= room:
            kept.append(index)
            room -= length
    parts = [segments[index].text for index in sorted(kept)]
    if not parts and order:
        parts = [segments[order[0]].text[:most]]
    return " ".join(" ".join(parts).split())


def _write_messages(prompt: str, lines: Sequence[str], marker: str) -> tuple[ChatMessage, ...]:
    rows = [f"{marker} {number}: {line.replace(marker, '')}" for number, line in enumerate(lines, 1)]
    text = "\n".join([f"Question: {prompt.replace(marker, '')}", *rows])
    # The marker itself: small models copy a description of it.
    instructions = read_prompt(PAIRS_PROMPT).strip().replace("CASE", marker)
    return ChatMessage("system", instructions), ChatMessage("user", text)


def build_pair_messages(question: Question, texts: Sequence[str], marker: str) -> tuple[ChatMessage, ...]:
    """Return the request, with as much of each answer as leaves it within MOST_TOKENS with its reply."""
    messages: tuple[ChatMessage, ...] = ()
    prompt = " ".join(question.prompt.split())
    for chars, most in _EXTRACTS:
        short = prompt if len(prompt) <= chars else f"{prompt[: chars // 2]} … {prompt[-chars // 2 :]}"
        messages = _write_messages(short, [extract_conclusion(text, most) for text in texts], marker)
        if count_message_tokens(messages) + REPLY_TOKENS <= MOST_TOKENS:
            break
    return messages


def parse_pair_groups(reply: str, count: int, *, case: str) -> Mapping[tuple[int, int], bool]:
    """Return for pairs of answers whether the reply groups them; nothing for a reply in any other form.

    `case` is the secret marker, so that a reply injected by an answer's text is rejected.
    """
    start, end = reply.find("{"), reply.rfind("}")
    try:
        document = json.loads(reply[start : end + 1]) if start >= 0 else None
    except (ValueError, RecursionError):
        return {}
    groups = document.get("groups") if isinstance(document, dict) and document.get("case") == case else None
    if not isinstance(groups, list) or not all(isinstance(group, list) for group in groups):
        return {}
    placed = [(number, place) for place, group in enumerate(groups) for number in group]
    numbers = [number for number, _ in placed]
    if any(type(number) is not int or not 1 <= number <= count for number in numbers):
        return {}
    if len(set(numbers)) < len(numbers):
        return {}
    ordered = sorted(placed)
    return {(a - 1, b - 1): one == other for (a, one), (b, other) in combinations(ordered, 2)}


@traced("judge_pairs")
async def judge_pairs(
    question: Question,
    texts: Sequence[str],
    *,
    model: LanguageModel,
    judge_usage: JudgeUsage,
    seconds: float = PAIRS_SECONDS,
) -> JudgedTexts:
    """Ask a model once which texts give the same answer; provider errors are not raised."""
    marker = secrets.token_hex(2)
    messages = build_pair_messages(question, texts, marker)
    reply = ""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            reply = await call_judge(
                model,
                messages,
                judge_usage,
                most_tokens=REPLY_TOKENS,
                seconds=seconds,
                person=question.person,
            )
    pairs = parse_pair_groups(reply, len(texts), case=marker)
    return {frozenset((texts[a], texts[b])): is_same for (a, b), is_same in pairs.items()}
