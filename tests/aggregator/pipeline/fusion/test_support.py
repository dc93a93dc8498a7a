"""A sentence of a fused answer points at the candidates that say it too."""

from aggregator.pipeline.fusion.support import find_supports
from aggregator.pipeline.types import Draft


def draft(name: str, text: str) -> Draft:
    """Return a candidate's text."""
    return Draft(name, name, name, 0.5, text)


DRAFTS = [
    draft("a", "서울은 대한민국의 수도예요. 한강이 도시 가운데를 흘러요."),
    draft("b", "대한민국의 수도는 서울이에요. 서울의 인구는 약 940만 명이에요."),
]
FUSED = "대한민국의 수도는 서울이에요. 한강이 도시 한가운데를 흘러요. 봄에는 벚꽃이 핍니다."


def test_each_sentence_names_who_says_it_in_their_own_words() -> None:
    first, second = find_supports(FUSED, DRAFTS)
    assert first.text == "대한민국의 수도는 서울이에요."
    assert first.candidates[0] == "b"
    assert first.words[0] == "대한민국의 수도는 서울이에요."
    assert (second.candidates, second.words) == (("a",), ("한강이 도시 가운데를 흘러요.",))


def test_what_says_the_opposite_supports_nothing() -> None:
    supports = find_supports("서울의 인구는 약 300만 명이에요.", DRAFTS)
    assert supports == ()


def test_nothing_to_compare_is_no_support() -> None:
    assert find_supports("", DRAFTS) == find_supports(FUSED, []) == ()
