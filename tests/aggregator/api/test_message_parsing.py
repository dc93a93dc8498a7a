"""Messages become a system prompt, past exchanges and the prompt."""

import pytest

from aggregator.api.errors import ApiError
from aggregator.api.message_parsing import Transcript, parse_messages

ROLES = ("system", "developer", "user", "assistant")


def parse(*lines: tuple[str, str]) -> Transcript:
    """Return the transcript of (role, text) pairs."""
    return parse_messages([{"role": role, "content": text} for role, text in lines], ROLES)


def test_a_lone_developer_message_is_the_prompt() -> None:
    assert parse(("developer", "수도를 말해요.")) == Transcript("수도를 말해요.")
    assert parse(("system", "수도를 말해요.")) == Transcript("수도를 말해요.")


def test_of_several_instructions_the_last_one_is_the_prompt() -> None:
    parsed = parse(("system", "짧게."), ("developer", "존댓말로."), ("developer", "수도를 말해요."))
    assert parsed == Transcript("수도를 말해요.", (), "짧게.\n\n존댓말로.")


def test_an_instruction_after_an_answer_is_the_prompt() -> None:
    parsed = parse(("user", "수도는?"), ("assistant", "서울"), ("developer", "더 길게 말해요."))
    assert parsed == Transcript("더 길게 말해요.", (("수도는?", "서울"),))


def test_an_instruction_after_a_question_only_instructs() -> None:
    assert parse(("user", "수도는?"), ("developer", "짧게.")) == Transcript("수도는?", (), "짧게.")
    assert parse(("developer", "짧게."), ("user", "수도는?")) == Transcript("수도는?", (), "짧게.")


@pytest.mark.parametrize(
    "lines",
    [
        [("assistant", "서울")],
        [("developer", "짧게."), ("assistant", "서울")],
        [("user", "수도는?"), ("assistant", "서울")],
        [("developer", "  ")],
    ],
)
def test_nothing_to_answer_is_a_400(lines: list[tuple[str, str]]) -> None:
    with pytest.raises(ApiError) as failure:
        parse(*lines)
    assert (failure.value.status, failure.value.param) == (400, "messages")


def test_a_message_that_a_client_sends_back_as_it_came_is_read() -> None:
    answer: dict[str, object] = {
        "role": "assistant",
        "content": "서울",
        "refusal": None,
        "annotations": [],
        "tool_calls": None,
    }
    part = {"type": "text", "text": "거기 인구는?", "cache_control": {"type": "ephemeral"}, "citations": None}
    messages = [{"role": "user", "content": "수도는?"}, answer, {"role": "user", "content": [part]}]
    assert parse_messages(messages, ROLES) == Transcript("거기 인구는?", (("수도는?", "서울"),))
