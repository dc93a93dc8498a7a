"""Sentences are cut whole and verbatim."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.pipeline.statements.sentences import find_sentences, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("1 + 1은 2입니다.", ["1 + 1은 2입니다."]),
        ("- 1 + 1은 2입니다.\n2. 서울은 수도입니다.", ["1 + 1은 2입니다.", "서울은 수도입니다."]),
        ("3. 1 운동은 1919년입니다.", ["3. 1 운동은 1919년입니다."]),
        ("-3도에서 물이 업니다. 3.5도가 낮아요.", ["-3도에서 물이 업니다.", "3.5도가 낮아요."]),
        ("**서울**은 수도입니다. 정말로 그렇습니다.", ["**서울**은 수도입니다.", "정말로 그렇습니다."]),
        (
            "Dr. Kim arrived at 5 p.m. on Monday. He left.",
            ["Dr. Kim arrived at 5 p.m. on Monday.", "He left."],
        ),
        ("# 서울의 주요 특징\n## 서울은 수도입니다.", ["서울은 수도입니다."]),
        ("```python\nprint('a long line')\n```\n| 서울 | 수도 |\n\\[ a + b = 12345 \\]", []),
    ],
)
def test_sentences_are_whole(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet='1 +은2입니다.\n-*`#|가!?)"', max_size=80))
def test_every_sentence_stands_in_the_text(text: str) -> None:
    spans = find_sentences(text)
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
