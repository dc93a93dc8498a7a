"""How long an answer will be is forecast from its prompt."""

import pytest

from aggregator.pipeline.routing.answer_forecast import TOPIC_TOKENS, expect_answer_tokens
from aggregator.pipeline.routing.prompt_topics import TopicPrediction, classify_topic


@pytest.mark.parametrize(
    ("prompt", "least", "most"),
    [
        ("캐나다의 수도는 어디야?", 8, 90),
        ("파이썬으로 게시판 웹 사이트를 만드는 방법을 단계별로 자세히 설명해줘", 200, 2_500),
    ],
)
def test_a_short_question_is_expected_to_get_a_short_answer(prompt: str, least: int, most: int) -> None:
    assert least <= expect_answer_tokens(classify_topic(prompt), is_votable=False) <= most


def test_a_prompt_without_features_has_the_length_of_its_topic() -> None:
    topic = TopicPrediction("code", 0.9)
    assert expect_answer_tokens(topic, is_votable=False) == TOPIC_TOKENS["code"]


def test_an_airline_ticket_is_no_matter_of_money() -> None:
    assert classify_topic("도쿄 항공권 싸게 사는 법").topic == "life"
