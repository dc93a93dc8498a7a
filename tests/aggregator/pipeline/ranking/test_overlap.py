"""Overlap is measured over the distinct words that texts share."""

import numpy as np

from aggregator.pipeline.ranking.overlap import OVERLAP_FEATURES, count_shared_words, measure_overlap

TEXTS = ("the red fox runs", "the red fox sleeps", "매운 짬뽕 한 그릇")


def test_words_are_counted_once_and_in_any_script() -> None:
    shared = count_shared_words(("the the fox", "Fox", "짬뽕"))

    assert shared.tolist() == [[2, 1, 0], [1, 1, 0], [0, 0, 1]]


def test_a_text_without_shared_words_has_no_overlap() -> None:
    rows = measure_overlap(count_shared_words(TEXTS))

    assert rows.shape == (3, len(OVERLAP_FEATURES))
    assert rows[2, :3].tolist() == [0.0, 0.0, 0.0]
    assert rows[0, 0] == rows[1, 0] == 0.75 / 2


def test_overlap_is_measured_with_rivals_and_never_with_the_text_itself() -> None:
    rows = measure_overlap(count_shared_words(TEXTS), [0])

    assert rows[0].tolist()[:3] == [0.0, 0.0, 0.0]
    assert rows[1, 0] == 0.75


def test_empty_and_single_texts_have_finite_overlap() -> None:
    assert np.isfinite(measure_overlap(count_shared_words(["", "fox"]))).all()
    assert np.isfinite(measure_overlap(count_shared_words(["fox"]))).all()
