"""Sentence vectors are unit vectors, the same from any thread."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from language.embed import DIMENSIONS, embed, warm


def test_every_text_becomes_one_unit_row() -> None:
    warm()
    rows = embed(["도쿄 여행", "a used car", ""])
    assert rows.shape == (3, DIMENSIONS)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)


def test_no_texts_give_no_rows() -> None:
    assert embed([]).shape == (0, DIMENSIONS)


def test_the_same_meaning_in_two_languages_is_nearer_than_another_meaning() -> None:
    korean, english, other = embed(["중고차 시세", "used car prices", "how to bake bread"])
    assert korean @ english > korean @ other


def test_queries_and_passages_are_embedded_differently() -> None:
    assert not np.array_equal(embed(["노트북"]), embed(["노트북"], role="passage"))


def test_threads_get_the_same_rows_as_one_thread() -> None:
    texts = [f"prompt number {number}" for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda text: embed([text])[0], texts))
    assert np.array_equal(np.stack(rows), embed(texts))


def test_text_after_a_nul_or_a_lone_surrogate_is_embedded() -> None:
    hidden, plain, broken = embed(["노트북\0중고차", "노트북", "노트북 \ud800"])
    assert not np.array_equal(hidden, plain)
    assert np.isfinite(broken).all()


def test_a_very_long_text_keeps_its_head_and_its_tail() -> None:
    filler = "그리고 " * 5_000
    first, second = embed([f"노트북 {filler}", f"노트북 {filler}여행"])
    assert not np.array_equal(first, second)
