"""An answer is settled once the candidates being written are not worth the wait."""

from dataclasses import replace

import pytest

from aggregator.domain.events import RankedCandidate
from aggregator.pipeline.panel.provisional_answer import keep_first
from aggregator.pipeline.panel.settling import (
    Ended,
    Writer,
    expect_gain,
    expect_seconds,
    is_settled,
    read_settling_weights,
)
from aggregator.pipeline.types import Draft, Ranking
from aggregator.pipeline.waiting_price import SECOND_PRICE

WEIGHTS = read_settling_weights()


def end(name: str, chars: int = 400, standing: float = 0.7) -> Ended:
    return Ended(Draft(name, name, name, standing, "서울이에요."), chars, chars / 100)


def settles(
    ranking: Ranking,
    ended: list[Ended],
    writers: list[Writer],
    *,
    is_votable: bool = True,
    is_combined: bool = False,
) -> bool:
    """Return whether a turn is settled."""
    return is_settled(ranking, ended, writers, is_votable=is_votable, is_combined=is_combined)


def rank_as(*groups: int, confidence: float | None) -> Ranking:
    """Return a ranking of candidates a, b, … with these groups."""
    rows = tuple(RankedCandidate(chr(97 + n), 0.9 - n / 10, group, ()) for n, group in enumerate(groups))
    compared = len(groups) if confidence is not None else 0
    return Ranking(rows, groups.count(0) if compared else 0, compared, confidence)


AGREEING = rank_as(0, 0, confidence=0.93)
SLOW = Writer(standing=0.7, chars=40, waiting_s=20, writing_s=19, limit_s=160)


def test_a_slow_candidate_cannot_hold_an_answer_on_which_two_agree() -> None:
    assert settles(AGREEING, [end("a"), end("b")], [SLOW])


def test_an_answer_that_further_votes_cannot_outnumber_is_settled_at_once() -> None:
    nearly = replace(SLOW, chars=390, waiting_s=4, writing_s=3.9)
    unsure = replace(AGREEING, confidence=0.5)
    assert settles(unsure, [end("a"), end("b")], [nearly])
    # Three models that are still written could outnumber two.
    assert not settles(unsure, [end("a"), end("b")], [nearly] * 3)


def test_an_answer_waits_for_a_second_one_that_is_near_and_a_vote_longer() -> None:
    alone, far = rank_as(0, confidence=None), replace(SLOW, chars=4_000, writing_s=300)
    weak = replace(SLOW, standing=0.2, chars=300, writing_s=3)
    assert not settles(alone, [end("a", standing=0.9)], [weak], is_combined=True)
    assert settles(alone, [end("a", standing=0.9)], [far], is_combined=True)
    assert not settles(alone, [end("a", standing=0.9)], [replace(weak, chars=390)])
    assert settles(alone, [end("a", standing=0.9)], [replace(weak, chars=100, writing_s=20)])


def test_a_faulty_answer_alone_is_not_settled() -> None:
    refusal = Ranking((RankedCandidate("a", 0.1, 0, ("refusal",)),), 0, 0, None)
    nearly = replace(SLOW, standing=0.5, chars=390, waiting_s=4, writing_s=3.9)
    assert not settles(refusal, [end("a", standing=0.9)], [nearly])


def test_a_second_has_one_price() -> None:
    writer = replace(SLOW, chars=390, waiting_s=4, writing_s=3.9)
    divided, ended = rank_as(0, 1, confidence=0.5), [end("a"), end("b")]
    gain = expect_gain(divided, ended, [writer], WEIGHTS, is_votable=True)
    assert gain > SECOND_PRICE * expect_seconds(writer, ended, WEIGHTS)


def test_a_candidate_that_is_nearly_done_is_waited_for() -> None:
    nearly = replace(SLOW, chars=390, waiting_s=4, writing_s=3.9)
    divided = rank_as(0, 1, confidence=0.5)
    assert not settles(divided, [end("a"), end("b")], [nearly])


def test_a_stronger_model_is_waited_for_where_preference_decides() -> None:
    stronger = replace(SLOW, standing=0.95, chars=300, waiting_s=4, writing_s=3.5)
    weaker = replace(stronger, standing=0.2, chars=40, waiting_s=20, writing_s=19)
    alone = rank_as(0, confidence=None)
    assert not settles(alone, [end("a", standing=0.6)], [stronger], is_votable=False)
    assert settles(alone, [end("a", standing=0.9)], [weaker], is_votable=False)


def test_nothing_is_left_to_wait_for_when_all_have_ended() -> None:
    assert settles(AGREEING, [end("a"), end("b")], [])


@pytest.mark.parametrize("chars", [0, 100, 400, 1_500, 6_000])
def test_the_expected_wait_stays_within_the_limit(chars: int) -> None:
    writer = replace(SLOW, chars=chars, writing_s=chars / 20)
    assert 0 < expect_seconds(writer, [end("a"), end("b")], WEIGHTS) <= writer.limit_s


def test_a_text_much_longer_than_the_others_is_expected_to_be_written_up_to_its_limit() -> None:
    long = replace(SLOW, chars=12_000, writing_s=120)
    assert expect_seconds(long, [end("a"), end("b")], WEIGHTS) > 0.9 * long.limit_s


def test_a_settled_answer_stays_first() -> None:
    later = rank_as(0, 0, 1, confidence=0.8)
    kept = keep_first(later, "c")
    assert [row.candidate for row in kept.standings] == ["c", "a", "b"]
    assert (kept.agreeing, kept.compared, kept.confidence) == (1, 3, None)
    same = keep_first(later, "b")
    assert ([row.candidate for row in same.standings], same.agreeing) == (["b", "a", "c"], 2)
    assert keep_first(later, "a") is later
