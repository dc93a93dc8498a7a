"""Claims are contested or shared, in whole sentences of the candidates that they are credited to."""

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.pipeline.fusion.support import find_supports
from aggregator.pipeline.ranking.disagreements import find_claims
from aggregator.pipeline.types import Draft


def _draft(name: str, text: str) -> Draft:
    return Draft(name, name, name, 0.5, text)


def test_contested_claims_come_before_shared_ones() -> None:
    drafts = [
        _draft("a", "서울은 대한민국의 수도입니다. 서울의 인구는 940만 명입니다."),
        _draft("b", "서울은 대한민국의 수도입니다. 서울의 인구는 1,200만 명입니다. 겨울 날씨는 춥습니다."),
    ]
    claims = find_claims(drafts)
    assert [claim.kind for claim in claims] == ["contested", "shared"]
    assert (claims[0].candidates, claims[0].against) == (("a",), ("b",))
    assert claims[1].candidates == ("a", "b")


def test_a_sum_is_not_credited_to_the_model_of_another_sum() -> None:
    assert find_claims([_draft("a", "1 + 1은 2입니다."), _draft("b", "2+1은 3입니다.")]) == ()


def test_each_opposing_value_is_credited_to_the_models_that_give_it() -> None:
    drafts = [
        _draft(name, f"1 + 1은 {value}입니다.") for name, value in (("a", 2), ("b", 3), ("c", 4), ("d", 3))
    ]
    claims = find_claims(drafts)
    assert [(claim.candidates, claim.against, claim.other_text) for claim in claims] == [
        (("a",), ("b", "d"), "1 + 1은 3입니다."),
        (("a",), ("c",), "1 + 1은 4입니다."),
    ]


def test_a_single_candidate_has_no_claims() -> None:
    assert find_claims([_draft("a", "서울은 대한민국의 수도입니다.")]) == ()


_SENTENCES = st.sampled_from([
    "1 + 1은 2입니다.", "**1 + 1**은 2예요.", "2+1은 3입니다.", "서울은 한국의 수도입니다.", "# 제목입니다.",
    "한국의 수도는 서울이에요!", "수도는 부산이 아닙니다.", "It's 5 km.\n- It is 5,000 m.",
    "가격은 1,200원입니다.", "가격은 천이백 원이에요?",
])  # fmt: skip
_ANSWERS = st.lists(_SENTENCES, min_size=1, max_size=4).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(_ANSWERS, min_size=2, max_size=3))
def test_every_shown_sentence_stands_in_the_candidate_it_is_credited_to(texts: list[str]) -> None:
    drafts = [_draft(str(index), text) for index, text in enumerate(texts)]
    by_name = dict(zip(map(str, range(len(texts))), texts, strict=True))
    for claim in find_claims(drafts):
        assert claim.text in by_name[claim.candidates[0]]
        assert not claim.against or claim.other_text in by_name[claim.against[0]]
        assert set(claim.candidates).isdisjoint(claim.against)
    for support in find_supports(texts[0], drafts[1:]):
        assert support.text in texts[0]
        assert all(
            words in by_name[name] for name, words in zip(support.candidates, support.words, strict=True)
        )
