"""Which prompts a model can read, what it reads of the history, and what is to blame when it cannot."""

from dataclasses import replace

import pytest

from aggregator.catalog.catalog import LanguageModel, read_catalog
from aggregator.domain.exchange import Exchange
from aggregator.pipeline.chat_messages import (
    MIN_ANSWER_TOKENS,
    READING_SECONDS,
    build_messages,
    count_dropped_exchanges,
    count_message_tokens,
    max_output_tokens,
    max_prompt_tokens,
)
from aggregator.pipeline.routing.reasons import list_history_reasons
from aggregator.pipeline.types import NoModelError, Question, Route
from aggregator.resilience.reading_speed import note_reading
from tests.aggregator.pipeline.routing.test_requested_panel import ask
from tests.aggregator.pipeline.routing.test_route import model

SMALL, LARGE = model("small", 0.9, 100, context_window=2_048), model("large", 0.3, 100, context_window=16_384)


def longest_prompt(reader: LanguageModel) -> str:
    """Return the longest Korean prompt that the composer lets a person send to this model."""
    return "가" * (max_prompt_tokens(reader) - 8)


@pytest.mark.parametrize("reader", [SMALL, LARGE, *read_catalog().values()], ids=lambda each: each.slug)
@pytest.mark.parametrize("language", ["ko", "en", "ja"])
def test_the_longest_prompt_is_sent_with_room_for_an_answer_and_a_longer_one_is_not(
    reader: LanguageModel, language: str
) -> None:
    question = Question(longest_prompt(reader), language)
    limit = max_output_tokens(reader, question)
    assert limit >= min(MIN_ANSWER_TOKENS, reader.output_limit)
    assert count_message_tokens(build_messages(reader, question)) + limit <= reader.context_window
    assert max_output_tokens(reader, replace(question, prompt=question.prompt + "가")) == 0


def test_the_oldest_exchanges_are_left_out_before_a_prompt_fails() -> None:
    history = tuple(Exchange(f"질문 {number}", "답" * 300) for number in range(8))
    question = Question("그래서?", "ko", history)
    dropped = count_dropped_exchanges(SMALL, question)
    assert 0 < dropped < len(history)
    sent = [message.text for message in build_messages(SMALL, question)]
    assert sent[1] == f"질문 {dropped}"
    whole = Question("그래서?", "ko", history[dropped:])
    assert count_dropped_exchanges(SMALL, whole) == 0
    assert count_dropped_exchanges(SMALL, Question(longest_prompt(SMALL), "ko", history)) == len(history)


SLOW = replace(SMALL, slug="slow", context_window=4_096, reading_tokens_per_second=40.0)


def test_a_long_history_is_cut_to_what_a_slow_model_reads_in_seconds() -> None:
    history = tuple(Exchange(f"질문 {number}", "답" * 300) for number in range(60))
    question = Question("그래서?", "ko", history)
    sent = count_message_tokens(build_messages(SLOW, question))
    assert 0.5 * READING_SECONDS * 40 < sent <= READING_SECONDS * 40
    assert list_history_reasons(question, [SLOW]) == ["history_cut"]
    # A machine that is busy reads more slowly, and what is asked about stays.
    for _ in range(20):
        note_reading(SLOW, 400, 400 / 12)
    left = [message.text for message in build_messages(SLOW, question)]
    assert left[1:] == ["질문 59", "답" * 300, "그래서?"]


def test_a_prompt_that_no_model_reads_in_time_is_refused_at_once_with_a_word() -> None:
    hurried = replace(SLOW, first_token_ms=10_000)
    prompt = "가" * 500
    assert max_output_tokens(hurried, Question(prompt, "ko"))
    for panel in ((), ("slow",)):
        with pytest.raises(NoModelError) as refused:
            plan(prompt, *panel, models=(hurried,))
        assert refused.value.code == "prompt_too_slow"
    route = plan(prompt, models=(hurried, LARGE))
    assert [slot.model.slug for slot in route.slots] == ["large"]


def plan(prompt: str, *panel: str, models: tuple[LanguageModel, ...] = (SMALL, LARGE)) -> Route:
    """Return the route of this prompt."""
    return ask(*panel, models=models, question=Question(prompt, "ko"))


def test_a_prompt_that_one_model_can_read_goes_to_that_one_and_says_why() -> None:
    route = plan(longest_prompt(LARGE))
    assert [slot.model.slug for slot in route.slots] == ["large"]
    assert "only_reader" in route.reasons
    assert "only_reader" not in plan("안녕?").reasons
    chosen = plan(longest_prompt(LARGE), "small", "large")
    assert [slot.model.slug for slot in chosen.slots] == ["large"]
    assert "panel_unread" in chosen.reasons


def test_what_is_to_blame_is_blamed() -> None:
    with pytest.raises(NoModelError, match=r"^prompt_too_long$"):
        plan("가" * 20_000)
    with pytest.raises(NoModelError, match=r"^prompt_too_long_for_choice$"):
        plan(longest_prompt(LARGE), "small")
