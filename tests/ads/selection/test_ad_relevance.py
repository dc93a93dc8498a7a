import numpy as np
import pytest

from ads.models import TextVector
from ads.selection.building.ad_relevance import (
    AdCopy,
    combine_affinity,
    count_document_frequencies,
    expand_query_vectors,
    extract_terms,
    score_lexical_match,
)
from ads.selection.building.inventory_reader import fingerprint, read_inventory
from ads.selection.building.keyword_relevance import MAX_FIT_CHANGE, embed_inventory, fit_factor
from testing.ads.inventory import make_ad

COPIES = (
    AdCopy("Flights to Tokyo", "Bags included."),
    AdCopy("Garden furniture", "Oak tables and chairs."),
    AdCopy("도쿄 왕복 항공권 특가", "수하물이 포함돼요."),
)
READINGS = [extract_terms(copy) for copy in COPIES]
RARITY = count_document_frequencies(READINGS)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("tokyo flight", 0),
        ("gardn furnitur", 1),
        ("도쿄 항공권", 2),
        ("도쿄로 가는 항공권", 2),
    ],
)
def test_a_keyword_fits_the_ad_that_contains_it_in_any_form(words: str, place: int) -> None:
    fits = [score_lexical_match(words, reading, RARITY) for reading in READINGS]
    assert int(np.argmax(fits)) == place
    assert all(0 <= fit <= 1 for fit in fits)


def test_words_without_letters_fit_nothing() -> None:
    assert [score_lexical_match("?!", reading, RARITY) for reading in READINGS] == [0, 0, 0]


def test_nearer_in_spelling_or_meaning_is_never_worse() -> None:
    steps = np.linspace(0, 1, 11, dtype=np.float32)
    assert np.all(np.diff(combine_affinity(steps, np.full(11, 0.85, dtype=np.float32))) > 0)
    assert np.all(np.diff(combine_affinity(np.full(11, 0.5, dtype=np.float32), steps)) > 0)
    assert fit_factor(0, 0) == pytest.approx(1 - MAX_FIT_CHANGE)
    assert fit_factor(1, 1) == pytest.approx(1 + MAX_FIT_CHANGE)


def test_expanded_vectors_stay_unit_vectors_and_a_small_inventory_expands_nothing() -> None:
    random = np.random.default_rng(3)
    ads = random.normal(size=(400, 8)).astype(np.float32)
    ads /= np.linalg.norm(ads, axis=1, keepdims=True)
    wide = expand_query_vectors(ads[:3], ads)
    assert np.linalg.norm(wide, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(expand_query_vectors(ads[:3], ads[:10]), ads[:3])


@pytest.mark.django_db
def test_an_unrelated_keyword_loses_relevance_once_it_is_embedded() -> None:
    make_ad(keywords=(("flights to tokyo", "phrase"), ("garden furniture", "phrase")))
    assert {row.fit for row in read_inventory().keywords} == {1.0}
    before = fingerprint()
    assert (embed_inventory(), embed_inventory()) == (3, 0)
    assert fingerprint() != before
    kindred, stranger = (row.fit for row in read_inventory().keywords)
    assert 1 - MAX_FIT_CHANGE <= stranger < 1 < kindred <= 1 + MAX_FIT_CHANGE


@pytest.mark.django_db
def test_embedding_continues_where_it_stopped() -> None:
    make_ad(keywords=(("tokyo", "phrase"), ("osaka", "phrase")))
    assert [embed_inventory(limit=2), embed_inventory(limit=2), embed_inventory(limit=2)] == [2, 1, 0]
    assert TextVector.objects.count() == 3
