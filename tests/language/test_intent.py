"""The intent of a prompt: read from what the gate has computed, and calibrated on unseen writers."""

import numpy as np
import pytest

from language.embed import count_cached, forget_vectors
from language.intent import (
    MAX_SHARE,
    PIECE_BUCKETS,
    commercial_threshold,
    extract_features,
    hash_pieces,
    work_threshold,
)
from language.reading import PromptReading


@pytest.mark.parametrize(
    ("wanted", "unwanted"),
    [
        ("코드 없는 청소기 추천", "쇼핑몰 장바구니를 리액트로 만들어줘"),
        ("부모님 모시고 갈 온천 숙소", "호텔에 대한 시 한 편 써줘"),
        ("which laptop is best for python development", "python function that returns the cheapest laptop"),
        ("essay editing service that doesn't cost a fortune", "write an essay about luxury hotels"),
    ],
)
def test_what_is_bought_counts_and_not_the_words_of_work_or_of_shops(wanted: str, unwanted: str) -> None:
    assert PromptReading(wanted).intent.commercial > commercial_threshold(5)
    assert PromptReading(unwanted).intent.commercial < commercial_threshold(5)


@pytest.mark.parametrize(
    "prompt", ["write a poem about a hotel", "이 문장 영어로 번역해줘: 할인 쿠폰은 어디서 받나요?"]
)
def test_work_is_told_from_shopping(prompt: str) -> None:
    assert PromptReading(prompt).intent.work > work_threshold(1)
    assert PromptReading("제주 렌터카 싼 곳").intent.work < work_threshold(1)


def test_reading_an_intent_embeds_nothing() -> None:
    forget_vectors()
    assert PromptReading("무릎이 아픈데 어느 신발이 편해?").intent.commercial > 0
    assert count_cached() == 0


@pytest.mark.parametrize(
    "prompt", ["", " ", "?", "\0", "ㅋ", "🙂" * 300, "a" * 20_000, "\ud800", "가\n나:'1'"]
)
def test_any_prompt_has_an_intent(prompt: str) -> None:
    reading = PromptReading(prompt)
    assert 0 <= reading.intent.commercial <= 1
    assert 0 <= reading.intent.work <= 1


def test_an_address_or_a_code_in_a_prompt_says_nothing_about_its_intent() -> None:
    plain = PromptReading("도쿄 항공권 추천해 줘").intent.commercial
    assert PromptReading("canary1a2b3c4d5e6f 도쿄 항공권 추천해 줘").intent.commercial == pytest.approx(
        plain, abs=0.01
    )


def test_a_stricter_share_has_a_higher_threshold() -> None:
    for threshold in (commercial_threshold, work_threshold):
        levels = [threshold(share) for share in range(1, MAX_SHARE + 1)]
        assert levels == sorted(levels, reverse=True)


def test_pieces_are_hashed_alike_everywhere() -> None:
    # The weights are of these buckets: another hash would make them meaningless.
    buckets, counts = hash_pieces("hotel price?", "hotel price?")
    assert len(set(buckets.tolist())) == len(buckets) and buckets.max() < PIECE_BUCKETS
    assert np.isclose((counts**2).sum(), 1)
    assert buckets.tolist() == GOLDEN_BUCKETS
    assert len(extract_features("", "").pieces) > 0


GOLDEN_BUCKETS = [
    33117,
    25495,
    61088,
    51848,
    24702,
    54281,
    45257,
    9965,
    54494,
    40022,
    4037,
    10383,
    4231,
    37277,
    58550,
    57368,
    18261,
    42111,
    1501,
]
