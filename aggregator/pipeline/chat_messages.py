"""Builds the messages of a call: system prompt, as much history as the context window holds, the prompt."""

from collections.abc import Iterable, Sequence

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.exchange import Exchange
from aggregator.pipeline.types import Question
from aggregator.providers import CallSettings, ChatMessage, TokenUsage, overestimate_tokens
from aggregator.resilience.reading_speed import find_reading_speed

LANGUAGE_INSTRUCTIONS = {
    "ko": "한국어로 답하세요.",
    "en": "Answer in English.",
}
# What every answer needs of the window, and no longer prompt is sent.
MIN_ANSWER_TOKENS = 256
# A history is cut to what a model reads in this time, as nobody gets a word before it has read all.
READING_SECONDS = 20.0


def count_message_tokens(messages: Sequence[ChatMessage]) -> int:
    """Return the estimated tokens of all messages of a call."""
    return sum(overestimate_tokens(message.text) for message in messages)


def count_usage(messages: Sequence[ChatMessage], text: str) -> TokenUsage:
    """Return the estimated usage of a call that its provider did not report.

    A call without any text has no usage: its provider may never have been reached.
    """
    if not text:
        return TokenUsage(0, 0, "counted")
    return TokenUsage(count_message_tokens(messages), overestimate_tokens(text), "counted")


def max_prompt_tokens(model: LanguageModel, system_prompt: str = "") -> int:
    """Return the longest prompt that a model can read and answer, in any language of the site.

    The composer counts with the same number before a prompt is sent, so it does not depend on the prompt.
    """
    return _room_without_answer(model, system_prompt) - min(model.output_limit, MIN_ANSWER_TOKENS)


def max_whole_tokens(model: LanguageModel, system_prompt: str = "") -> int:
    """Return the longest prompt and history that a model reads without leaving out the oldest exchanges."""
    room = _room_without_answer(model, system_prompt)
    fixed = model.context_window - room
    return min(room - model.output_limit, count_readable_tokens(model, READING_SECONDS) - fixed)


def count_readable_tokens(model: LanguageModel, seconds: float) -> int:
    """Return how many tokens a model can read in a time, no more than its window."""
    speed = find_reading_speed(model)
    return model.context_window if speed is None else min(model.context_window, round(speed * seconds))


def can_read(model: LanguageModel, question: Question) -> bool:
    """Return whether a prompt fits a model's window and is read before its limit for the first token."""
    fixed = overestimate_tokens(build_system_prompt(model, question)) + overestimate_tokens(question.prompt)
    readable = count_readable_tokens(model, model.first_token_ms / 1000)
    return max_output_tokens(model, question) > 0 and fixed <= readable


def _room_without_answer(model: LanguageModel, system_prompt: str) -> int:
    longest = max(LANGUAGE_INSTRUCTIONS.values(), key=lambda text: len(text.encode()))
    parts = (model.system_prompt, system_prompt, longest)
    return model.context_window - overestimate_tokens("\n".join(part for part in parts if part))


def max_output_tokens(model: LanguageModel, question: Question) -> int:
    """Return the output limit that the context window leaves; 0 when the prompt does not fit."""
    prompt_tokens = overestimate_tokens(question.prompt)
    if prompt_tokens > max_prompt_tokens(model, question.system_prompt):
        return 0
    fixed = overestimate_tokens(build_system_prompt(model, question)) + prompt_tokens
    return max(0, min(model.output_limit, model.context_window - fixed))


def choose_settings(model: LanguageModel, question: Question) -> CallSettings:
    """Return what a call asks of a model: what the program set, within the model's limits, else its own."""
    sampling, limit = question.sampling, max_output_tokens(model, question)
    return CallSettings(
        max_tokens=limit if sampling.max_tokens is None else min(limit, sampling.max_tokens),
        temperature=model.temperature if sampling.temperature is None else sampling.temperature,
        sampling=sampling,
    )


def build_system_prompt(model: LanguageModel, question: Question) -> str:
    """Return the model's system prompt, the conversation's, and the instruction for the language."""
    parts = (model.system_prompt, question.system_prompt, LANGUAGE_INSTRUCTIONS.get(question.language, ""))
    return "\n".join(part for part in parts if part)


def build_messages(model: LanguageModel, question: Question) -> tuple[ChatMessage, ...]:
    """Return the messages for one model; the oldest exchanges are dropped when the window is small."""
    system = build_system_prompt(model, question)
    history = fit_history(question.history, _history_room(model, question))
    instructions = [ChatMessage("system", system)] if system else []
    return (*instructions, *merge_prompts([*history, ChatMessage("user", question.prompt)]))


def count_dropped_exchanges(model: LanguageModel, question: Question) -> int:
    """Return how many of the oldest exchanges a model is asked without, because its window is small."""
    return len(question.history) - len(fit_history(question.history, _history_room(model, question))) // 2


def _history_room(model: LanguageModel, question: Question) -> int:
    fixed = overestimate_tokens(build_system_prompt(model, question)) + overestimate_tokens(question.prompt)
    newest = _count_exchange(question.history[-1]) if question.history else 0
    # What is asked now is about the exchange before, so that one stays where it can be read at all.
    least = min(fixed + newest, count_readable_tokens(model, model.first_token_ms / 1000))
    readable = max(least, count_readable_tokens(model, READING_SECONDS))
    return min(model.context_window - max_output_tokens(model, question), readable) - fixed


def _count_exchange(exchange: Exchange) -> int:
    return overestimate_tokens(exchange.prompt) + overestimate_tokens(exchange.answer)


def fit_history(history: Sequence[Exchange], room: int) -> list[ChatMessage]:
    """Return the messages of the latest exchanges that fit in `room` tokens, oldest first."""
    messages: list[ChatMessage] = []
    for exchange in reversed(history):
        room -= _count_exchange(exchange)
        if room < 0:
            break
        if exchange.answer:
            messages.append(ChatMessage("assistant", exchange.answer))
        messages.append(ChatMessage("user", exchange.prompt))
    return messages[::-1]


def merge_prompts(messages: Iterable[ChatMessage]) -> list[ChatMessage]:
    """Return the messages with prompts in a row joined, because some models refuse two of one role."""
    merged: list[ChatMessage] = []
    for message in messages:
        if merged and merged[-1].role == message.role:
            merged[-1] = ChatMessage(message.role, f"{merged[-1].text}\n\n{message.text}")
        else:
            merged.append(message)
    return merged
