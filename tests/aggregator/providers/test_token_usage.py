from hypothesis import given
from hypothesis import strategies as st

from aggregator.providers import ChatMessage
from aggregator.providers.token_usage import estimate_tokens, estimate_usage, parse_usage
from aggregator.providers.types import TokenUsage


def test_korean_takes_more_tokens_per_letter_than_english() -> None:
    assert estimate_tokens("안녕하세요 반갑습니다") > estimate_tokens("hello nice 2 meet")
    assert 2 <= estimate_tokens("hello world") <= 4
    assert 5 <= estimate_tokens("대한민국의 수도는 서울") <= 12


def test_every_message_counts_with_its_template_tokens() -> None:
    messages = (ChatMessage("system", "짧게"), ChatMessage("user", "hi"))
    usage = estimate_usage(messages, "")
    assert usage.source == "counted"
    assert usage.output_tokens == 0
    assert usage.input_tokens == 2 * 4 + estimate_tokens("짧게") + estimate_tokens("hi")


@given(st.text())
def test_an_estimate_is_at_most_the_number_of_characters(text: str) -> None:
    assert bool(text) <= estimate_tokens(text) <= max(1, len(text))


def test_values_that_are_not_counts_are_no_usage() -> None:
    assert parse_usage(12, 0) == TokenUsage(12, 0, "provider")
    for values in ((True, 5), ("12", 5), (12, 5.5), (None, 5), (-1, 5), (12, 10_000_000)):
        assert parse_usage(*values) is None
