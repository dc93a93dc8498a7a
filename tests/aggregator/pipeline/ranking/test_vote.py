"""The vote gives probabilities, is independent of order, and agreement never lowers an answer."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.pipeline.ranking.tally import Ballot, tally_votes
from aggregator.pipeline.ranking.vote import vote
from aggregator.pipeline.ranking.weights import (
    activate_weights,
    dump_weights,
    load_default_weights,
    parse_weights,
)
from aggregator.pipeline.types import Draft, Question

BALLOTS = st.lists(
    st.builds(
        Ballot,
        voter=st.uuids().map(str),
        model=st.sampled_from("uvw"),
        vendor=st.sampled_from("xyz"),
        standing=st.floats(0.0, 1.0),
        answer=st.sampled_from("ABCD"),
    ),
    min_size=1,
    max_size=8,
)
SHIPPED = load_default_weights().open_vote
QUESTION = Question("17 × 23은 얼마야?", "ko")


def _draft(name: str, text: str, standing: float = 0.6) -> Draft:
    return Draft(name, f"model-{name}", f"vendor-{name}", standing, text)


@given(BALLOTS, st.sampled_from([2, 4, 20]))
def test_probabilities_leave_something_for_none_of_the_answers(ballots: list[Ballot], choices: int) -> None:
    probabilities = tally_votes(SHIPPED, ballots, choices)
    assert set(probabilities) == {ballot.answer for ballot in ballots}
    assert all(0.0 <= probability <= 1.0 for probability in probabilities.values())
    assert sum(probabilities.values()) <= 1.0 + 1e-9


@given(BALLOTS, st.randoms())
def test_the_order_of_votes_does_not_matter(ballots: list[Ballot], random: object) -> None:
    shuffled = list(ballots)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert tally_votes(SHIPPED, shuffled, 4) == tally_votes(SHIPPED, ballots, 4)


@given(BALLOTS, st.integers(0, 7))
def test_a_vote_that_goes_over_to_an_answer_never_lowers_it_below_another(
    ballots: list[Ballot], index: int
) -> None:
    before = tally_votes(SHIPPED, ballots, 4)
    leading = max(before, key=lambda answer: before[answer])
    ballots[index % len(ballots)] = replace(ballots[index % len(ballots)], answer=leading)
    after = tally_votes(SHIPPED, ballots, 4)
    assert after[leading] >= max(after.values()) - 1e-12


def test_equal_answers_count_together() -> None:
    tally = vote(
        QUESTION, [_draft("a", "정답: 391"), _draft("b", "17 × 23 = **391**"), _draft("c", "401입니다.")]
    )
    assert tally is not None
    assert (tally.agreeing, tally.compared) == (2, 3)
    assert tally.groups[0].candidates == ("a", "b")
    assert tally.groups[1].answer == "401"
    assert 0 < tally.confidence < 1


def test_the_tally_does_not_depend_on_the_order_of_drafts() -> None:
    drafts = [_draft("a", "정답: 391"), _draft("b", "401"), _draft("c", "391")]
    assert vote(QUESTION, drafts) == vote(QUESTION, drafts[::-1])


@pytest.mark.parametrize(
    "texts",
    [
        ["391"],
        [
            "391",
            "잘 모르겠어요, 자세히 설명하자면 긴 이야기가 됩니다.",
            "글쎄요, 상황에 따라 다를 수 있습니다.",
        ],
    ],
)
def test_too_few_comparable_answers_make_no_vote(texts: Sequence[str]) -> None:
    assert vote(QUESTION, [_draft(str(index), text) for index, text in enumerate(texts)]) is None


def test_free_text_is_not_voted_on() -> None:
    question = Question("부산 여행 코스를 추천해줘", "ko")
    text = "해운대에서 시작해 감천문화마을을 걷고 자갈치시장에서 저녁을 드세요. 바다가 아름답습니다."
    assert vote(question, [_draft("a", text), _draft("b", text + " 즐거운 여행 되세요.")]) is None


def test_more_agreement_raises_the_confidence() -> None:
    two = vote(QUESTION, [_draft("a", "391"), _draft("b", "391"), _draft("c", "401")])
    three = vote(QUESTION, [_draft("a", "391"), _draft("b", "391"), _draft("c", "391")])
    assert two is not None
    assert three is not None
    assert three.confidence > two.confidence


def test_learned_weights_count_also_when_only_a_part_of_the_panel_is_known() -> None:
    shipped = load_default_weights()
    learned = replace(shipped.open_vote, models={"model-c": 5.0})
    activate_weights(replace(shipped, open_vote=learned))
    try:
        tally = vote(QUESTION, [_draft("a", "391"), _draft("b", "391"), _draft("c", "401")])
    finally:
        activate_weights(None)
    assert tally is not None
    assert tally.groups[0].answer == "401"


def test_a_model_weighs_more_on_the_topic_that_it_is_good_at() -> None:
    shipped = load_default_weights()
    learned = replace(shipped.open_vote, topics={"math": {"model-c": 5.0}})
    drafts = [_draft("a", "391"), _draft("b", "391"), _draft("c", "401")]
    activate_weights(replace(shipped, open_vote=learned))
    try:
        elsewhere, there = vote(QUESTION, drafts), vote(replace(QUESTION, topic="math"), drafts)
    finally:
        activate_weights(None)
    assert elsewhere is not None
    assert there is not None
    assert (elsewhere.groups[0].answer, there.groups[0].answer) == ("391", "401")


def test_weights_survive_being_stored() -> None:
    weights = load_default_weights()
    assert parse_weights(dump_weights(weights)) == weights
