"""Claims are contested or shared."""

from aggregator.pipeline.ranking.disagreements import find_claims, is_contradiction, split_sentences
from aggregator.pipeline.types import Draft


def _draft(name: str, text: str) -> Draft:
    return Draft(name, name, name, 0.5, text)


def test_other_numbers_and_negations_are_contradictions() -> None:
    assert is_contradiction("인구는 940만 명이다.", "인구는 1,000만 명이다.")
    assert is_contradiction("It is safe.", "It is not safe.")
    assert not is_contradiction("인구는 940만 명이다.", "940만 명이 산다.")


def test_code_and_markup_are_left_out_of_sentences() -> None:
    text = "# 서울은 대한민국의 수도입니다.\n```python\nprint(1)\n```\n- **인구**는 940만 명입니다."
    assert split_sentences(text) == ["서울은 대한민국의 수도입니다.", "인구는 940만 명입니다."]


def test_contested_claims_come_before_shared_ones() -> None:
    drafts = [
        _draft("a", "서울은 대한민국의 수도입니다. 서울의 인구는 940만 명입니다."),
        _draft("b", "서울은 대한민국의 수도입니다. 서울의 인구는 1,200만 명입니다. 겨울 날씨는 춥습니다."),
    ]
    claims = find_claims(drafts)
    assert [claim.kind for claim in claims] == ["contested", "shared"]
    assert (claims[0].candidates, claims[0].against) == (("a",), ("b",))
    assert claims[1].candidates == ("a", "b")


def test_a_single_candidate_has_no_claims() -> None:
    assert find_claims([_draft("a", "서울은 대한민국의 수도입니다.")]) == ()
