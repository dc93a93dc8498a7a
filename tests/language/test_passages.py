"""A long text is split into passages without loss."""

from hypothesis import given
from hypothesis import strategies as st

from language.sensitivity import MAX_PASSAGE_CHARS, split_passages


def test_sentences_are_passages_and_short_ones_are_joined() -> None:
    text = "이번 주말에 쓸 텐트를 사려고 합니다. 네. 예산은 삼십만 원 정도로 생각하고 있어요."
    assert [passage.text for passage in split_passages(text)] == [
        "이번 주말에 쓸 텐트를 사려고 합니다. 네. ",
        "예산은 삼십만 원 정도로 생각하고 있어요.",
    ]


@given(st.text("가나 .?ab", max_size=900))
def test_passages_are_all_of_the_text_in_order(text: str) -> None:
    passages = split_passages(text)
    assert "".join(passage.text for passage in passages) == text
    assert all(passage.start == text.index(passage.text, passage.start) for passage in passages)
    assert max(map(len, (passage.text for passage in passages))) <= MAX_PASSAGE_CHARS
