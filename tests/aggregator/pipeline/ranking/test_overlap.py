"""Overlap is measured over the distinct stems that texts share."""

import numpy as np

from aggregator.pipeline.ranking.overlap import OVERLAP_FEATURES, count_shared_stems, measure_overlap

TEXTS = ("the red fox runs", "the red fox sleeps", "매운 짬뽕 한 그릇")


def test_stems_are_counted_once_and_without_endings() -> None:
    shared = count_shared_stems(("the the foxes", "The", "짬뽕을 먹는다", "짬뽕이 맵다"))

    assert shared.tolist() == [[2, 1, 0, 0], [1, 1, 0, 0], [0, 0, 2, 1], [0, 0, 1, 2]]


def test_a_text_without_shared_words_has_no_overlap() -> None:
    rows = measure_overlap(count_shared_stems(TEXTS), np.ones(3))

    assert rows.shape == (3, len(OVERLAP_FEATURES))
    assert rows[2, :3].tolist() == [0.0, 0.0, 0.0]
    assert rows[0, 0] == rows[1, 0] == 0.75 / 2


def test_rivals_count_by_their_weight_and_never_the_text_itself() -> None:
    rows = measure_overlap(count_shared_stems(TEXTS), np.array([1.0, 0.0, 0.0]))

    assert rows[0].tolist()[:3] == [0.0, 0.0, 0.0]
    assert rows[1, 0] == 0.75


def test_empty_and_single_texts_have_finite_overlap() -> None:
    assert np.isfinite(measure_overlap(count_shared_stems(["", "fox"]), np.ones(2))).all()
    assert np.isfinite(measure_overlap(count_shared_stems(["fox"]), np.ones(1))).all()
