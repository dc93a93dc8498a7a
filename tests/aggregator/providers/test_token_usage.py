from hypothesis import given
from hypothesis import strategies as st

from aggregator.providers import ChatMessage
from aggregator.providers.token_usage import estimate_tokens, estimate_usage, parse_usage
from aggregator.providers.types import TokenUsage


def test_korean_takes_more_tokens_a_letter_than_english() -> None:
    assert estimate_tokens("안녕하세요 반갑습니다") > estimate_tokens("hello nice 2 meet")
    assert 2 <= estimate_tokens("hello world") <= 4
    assert 5 <= estimate_tokens("대한민국의 수도는 서울") <= 12


def test_a_transcript_is_counted_with_what_frames_each_message() -> None:
    messages = (ChatMessage("system", "짧게"), ChatMessage("user", "hi"))
    usage = estimate_usage(messages, "")
    assert usage.source == "counted"
    assert usage.output_tokens == 0
    assert usage.input_tokens == 2 * 4 + estimate_tokens("짧게") + estimate_tokens("hi")


@given(st.text())
def test_any_text_has_a_count_between_nothing_and_its_length(text: str) -> None:
    assert bool(text) <= estimate_tokens(text) <= max(1, len(text))


def test_only_counts_are_taken_for_counts() -> None:
    assert parse_usage(12, 0) == TokenUsage(12, 0, "provider")
    for told in ((True, 5), ("12", 5), (12, 5.5), (None, 5), (-1, 5), (12, 10_000_000)):
        assert parse_usage(*told) is None
