"""Candidates are ranked by faults of form, the vote and public quality, with reasons."""

import numpy as np
import pytest

from aggregator.pipeline.ranking.format_checks import FAULTS, find_faults
from aggregator.pipeline.ranking.rank import REASONS, keep_order, rank
from aggregator.pipeline.types import Draft, Question

TRIP = Question("서울 여행을 추천해줘", "ko")
KOREAN = "서울은 경복궁과 북촌 한옥마을, 남산이 가까워 걷기 좋은 도시예요. 저녁에는 한강에서 쉬어 보세요. "
ENGLISH = "Seoul is a wonderful city to visit, with palaces, markets and mountains close to each other."


def _draft(name: str, text: str, standing: float = 0.5, finish_reason: str = "stop") -> Draft:
    return Draft(name, f"model-{name}", f"vendor-{name}", standing, text, finish_reason)


@pytest.mark.parametrize(
    ("draft", "fault"),
    [
        (_draft("a", "", finish_reason="error"), "failed"),
        (_draft("a", "  \n"), "empty"),
        (_draft("a", "죄송하지만 그 질문에는 답변을 드릴 수 없습니다."), "refusal"),
        (_draft("a", "I'm sorry, but I cannot help with that request."), "refusal"),
        (_draft("a", ENGLISH), "wrong_language"),
        (_draft("a", "서울은 참 좋은 도시 입니다. " * 30), "loop"),
        (_draft("a", KOREAN, finish_reason="length"), "cut_off"),
    ],
)
def test_a_draft_with_a_fault_of_form_is_ranked_last(draft: Draft, fault: str) -> None:
    assert fault in find_faults(TRIP, draft)
    ranking = rank(TRIP, [draft, _draft("z", KOREAN, standing=0.45)])
    assert [row.candidate for row in ranking.standings] == ["z", "a"]
    assert fault in ranking.standings[1].reasons


def test_a_whole_korean_answer_has_no_fault() -> None:
    assert find_faults(TRIP, _draft("a", KOREAN)) == ()


def test_a_text_still_streaming_is_not_cut_off() -> None:
    assert find_faults(TRIP, _draft("a", KOREAN, finish_reason="")) == ()


def test_a_translation_may_be_in_another_language() -> None:
    question = Question("다음을 영어로 번역해줘: 서울은 아름다운 도시입니다.", "ko")
    assert find_faults(question, _draft("a", ENGLISH)) == ()


def test_code_in_a_korean_answer_is_not_another_language() -> None:
    text = (
        "이렇게 하면 돼요.\n```python\n"
        + "print('hello world and everyone in it')\n" * 2
        + "```\n실행해 보세요."
    )
    assert find_faults(TRIP, _draft("a", text)) == ()


def test_the_more_probable_answer_leads_over_the_better_model() -> None:
    question = Question("17 × 23은 얼마야?", "ko")
    drafts = [_draft("a", "401", 0.6), _draft("b", "391", 0.55), _draft("c", "정답: 391", 0.55)]
    ranking = rank(question, drafts)
    assert ranking.standings[0].candidate in {"b", "c"}
    assert (ranking.agreeing, ranking.compared) == (2, 3)
    assert ranking.confidence is not None
    assert "agrees" in ranking.standings[0].reasons
    assert ranking.standings[-1].reasons[0] == "stands_alone"
    assert ranking.standings[0].group == ranking.standings[1].group == 0


def test_what_cannot_be_compared_is_named_apart_from_another_answer() -> None:
    question = Question("17 × 23은 얼마야?", "ko")
    drafts = [_draft("a", "정답: 391"), _draft("b", "정답: 391"), _draft("c", "그건 계산기로 확인해 보세요.")]
    ranking = rank(question, drafts)
    assert (ranking.agreeing, ranking.compared) == (2, 2)
    assert ranking.standings[-1].reasons == ("not_compared",)


def test_the_counts_are_those_of_the_first_answer() -> None:
    question = Question("17 × 23은 얼마야?", "ko")
    drafts = [
        _draft("a", "정답: 391", 0.3),
        _draft("b", "정답: 389", 0.9, "length"),
        _draft("c", "정답: 391", 0.3),
    ]
    ranking = rank(question, drafts)
    first = ranking.standings[0]
    assert ranking.agreeing == sum(row.group == first.group for row in ranking.standings)


def test_free_text_has_no_confidence_and_is_ranked_by_quality() -> None:
    ranking = rank(TRIP, [_draft("a", KOREAN, 0.3), _draft("b", KOREAN, 0.7)])
    assert ranking.confidence is None
    assert (ranking.agreeing, ranking.compared) == (0, 0)
    assert [standing.candidate for standing in ranking.standings] == ["b", "a"]


def test_ranking_twice_gives_the_same_order() -> None:
    drafts = [_draft("a", KOREAN * 3), _draft("b", KOREAN), _draft("c", ENGLISH)]
    assert rank(TRIP, drafts) == rank(TRIP, drafts)


def test_every_reason_is_listed() -> None:
    assert set(FAULTS) <= set(REASONS)
    drafts = [_draft("a", KOREAN * 8, 0.9), _draft("b", KOREAN), _draft("c", "")]
    for question in (TRIP, Question("2+3은 얼마야?", "ko")):
        for standing in rank(question, [*drafts, _draft("d", "5"), _draft("e", "정답: 5")]).standings:
            assert set(standing.reasons) <= set(REASONS)
            assert 0 <= standing.score <= 1


def test_the_shown_order_changes_only_after_enough_new_text() -> None:
    ranking = rank(TRIP, [_draft("a", KOREAN, 0.2), _draft("b", KOREAN, 0.9)])
    assert keep_order(["a", "b"], ranking, new_chars=100) == ("a", "b")
    assert keep_order(["a", "b"], ranking, new_chars=300) == ("b", "a")


def test_no_drafts_make_an_empty_ranking() -> None:
    assert rank(TRIP, []).standings == ()
    assert np.isfinite([standing.score for standing in rank(TRIP, [_draft("a", KOREAN)]).standings]).all()
