"""The sentences of a fused answer are matched with the candidates that support them."""

from aggregator.pipeline.fusion.support import find_supports
from aggregator.pipeline.types import Draft


def draft(name: str, text: str) -> Draft:
    """Return a candidate's text."""
    return Draft(name, name, name, 0.5, text)


DRAFTS = [
    draft("a", "서울은 대한민국의 수도예요. 한강이 도시 한가운데를 흘러요!"),
    draft("b", "대한민국의 수도는 서울이에요. 서울의 인구는 약 940만 명이에요."),
]
FUSED = "대한민국의 수도는 서울이에요. 한강이 도시 한가운데를 흘러요. 봄에는 벚꽃이 핍니다."


def test_a_sentence_is_supported_by_candidates_with_their_own_sentences() -> None:
    first, second = find_supports(FUSED, DRAFTS)
    assert first.text == "대한민국의 수도는 서울이에요."
    assert first.candidates == ("a", "b")
    assert first.words == ("서울은 대한민국의 수도예요.", "대한민국의 수도는 서울이에요.")
    assert (second.candidates, second.words) == (("a",), ("한강이 도시 한가운데를 흘러요!",))


def test_a_contradicting_sentence_is_no_support() -> None:
    supports = find_supports("서울의 인구는 약 300만 명이에요.", DRAFTS)
    assert supports == ()


def test_empty_texts_have_no_support() -> None:
    assert find_supports("", DRAFTS) == find_supports(FUSED, []) == ()
