"""The vote gives probabilities, is independent of order, and agreement never lowers an answer."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.pipeline.ranking.tally import VoteWeights, WeightedVote, tally_votes, weigh_standings
from aggregator.pipeline.ranking.vote import vote
from aggregator.pipeline.ranking.weights import (
    ModelWeights,
    activate_weights,
    dump_weights,
    load_default_weights,
    parse_weights,
)
from aggregator.pipeline.types import Draft, Question

VOTES = st.lists(
    st.builds(
        WeightedVote,
        voter=st.text("abc", min_size=1, max_size=3),
        answer=st.sampled_from("ABCD"),
        weight=st.floats(0.0, 6.0),
    ),
    min_size=1,
    max_size=8,
)
NONE_SCORES = st.lists(st.floats(-4, 4), min_size=1, max_size=4)
BENDS = st.floats(0.4, 1.5)
QUESTION = Question("17 × 23은 얼마야?", "ko")


def _draft(name: str, text: str, standing: float = 0.6) -> Draft:
    return Draft(name, f"model-{name}", f"vendor-{name}", standing, text)


@given(VOTES, NONE_SCORES, BENDS)
def test_probabilities_sum_to_one(
    weighted_votes: list[WeightedVote], none_scores: list[float], bend: float
) -> None:
    answers, none = tally_votes(weighted_votes, none_scores, 1.0, bend)
    assert sum(answers.values()) + none == pytest.approx(1.0)
    assert all(0.0 <= probability <= 1.0 for probability in answers.values())


@given(VOTES, NONE_SCORES, BENDS, st.randoms())
def test_the_order_of_votes_does_not_matter(
    weighted_votes: list[WeightedVote], none_scores: list[float], bend: float, random: object
) -> None:
    shuffled = list(weighted_votes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert tally_votes(shuffled, none_scores, 1.0, bend) == tally_votes(
        weighted_votes, none_scores, 1.0, bend
    )


@given(VOTES, NONE_SCORES, BENDS, st.floats(0.0, 6.0), st.integers(0, 7))
def test_an_agreeing_vote_never_lowers_its_answer(
    weighted_votes: list[WeightedVote], none_scores: list[float], bend: float, weight: float, index: int
) -> None:
    answer = weighted_votes[index % len(weighted_votes)].answer
    before, _ = tally_votes(weighted_votes, none_scores, 1.0, bend)
    after, _ = tally_votes([*weighted_votes, WeightedVote("new", answer, weight)], none_scores, 1.0, bend)
    assert after[answer] >= before[answer] - 1e-12


@given(st.lists(st.floats(0.05, 0.95), min_size=1, max_size=6), st.sampled_from([2, 4, 20]))
def test_a_better_model_never_weighs_less(standings: list[float], choices: int) -> None:
    weights = weigh_standings(standings, choices)
    pairs = sorted(zip(standings, weights, strict=True))
    assert [weight for _, weight in pairs] == sorted(weight for _, weight in pairs)


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


def test_learned_weights_are_used_when_every_model_has_one() -> None:
    shipped = load_default_weights()
    learned = VoteWeights({"model-a": 0.0, "model-b": 0.0, "model-c": 5.0})
    activate_weights(ModelWeights("test", shipped.option_vote, shipped.open_vote, learned_vote=learned))
    try:
        tally = vote(QUESTION, [_draft("a", "391"), _draft("b", "391"), _draft("c", "401")])
    finally:
        activate_weights(None)
    assert tally is not None
    assert tally.groups[0].answer == "401"


def test_weights_survive_being_stored() -> None:
    weights = load_default_weights()
    assert parse_weights(dump_weights(weights)) == weights
