"""The shown order changes only for a clear lead."""

from aggregator.domain.events import RankedCandidate
from aggregator.pipeline.ranking.rank import stabilise_order
from aggregator.pipeline.types import Ranking


def ranking(scores: dict[str, float], compared: int = 0) -> Ranking:
    """Return a ranking by these scores."""
    order = sorted(scores, key=lambda name: -scores[name])
    rows = tuple(RankedCandidate(name, scores[name], group, ()) for group, name in enumerate(order))
    return Ranking(rows, 0, compared)


def order_of(ranking: Ranking) -> list[str]:
    """Return the names in order."""
    return [row.candidate for row in ranking.standings]


def test_a_slightly_better_answer_does_not_move_ahead() -> None:
    new = ranking({"a": 0.50, "b": 0.51, "c": 0.2})
    assert order_of(stabilise_order(["a", "b", "c"], new, new_chars=1_000)) == ["a", "b", "c"]


def test_a_clearly_better_answer_moves_ahead_after_enough_new_text() -> None:
    new = ranking({"a": 0.3, "b": 0.8, "c": 0.2})
    assert order_of(stabilise_order(["a", "b", "c"], new, new_chars=1_000)) == ["b", "a", "c"]
    assert order_of(stabilise_order(["a", "b", "c"], new, new_chars=10)) == ["a", "b", "c"]


def test_a_late_answer_is_inserted_by_score_and_first_only_with_a_clear_lead() -> None:
    near = ranking({"a": 0.50, "b": 0.2, "late": 0.51})
    assert order_of(stabilise_order(["a", "b"], near, new_chars=0)) == ["a", "late", "b"]
    far = ranking({"a": 0.50, "b": 0.2, "late": 0.9})
    assert order_of(stabilise_order(["a", "b"], far, new_chars=0)) == ["late", "a", "b"]


def test_a_vote_and_a_first_ranking_are_shown_as_they_are() -> None:
    new = ranking({"a": 0.50, "b": 0.51}, compared=2)
    assert order_of(stabilise_order(["a", "b"], new, new_chars=0)) == ["b", "a"]
    assert order_of(stabilise_order([], ranking({"a": 0.5, "b": 0.51}), new_chars=0)) == ["b", "a"]


def test_an_equal_answer_takes_the_place_of_the_one_that_is_read_only_if_it_is_much_better() -> None:
    for scores, first in (({"a": 0.50, "b": 0.55}, "a"), ({"a": 0.30, "b": 0.55}, "b")):
        rows = [RankedCandidate(name, score, 0, ()) for name, score in scores.items()]
        rows.sort(key=lambda row: -row.score)
        assert stabilise_order(["a"], Ranking(tuple(rows), 2, 2), new_chars=1).standings[0].candidate == first
