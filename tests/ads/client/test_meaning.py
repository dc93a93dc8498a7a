"""Broad keywords and context hints are found by meaning; only ids with a coarse weight reach the market."""

import uuid

import numpy as np
import pytest

from ads.client import fetch_vocabulary
from ads.contract import (
    NEAR_LIMIT,
    WEIGHT_STEPS,
    AdRequest,
    ContractError,
    NoAd,
    ServedAd,
    decode_request,
    encode_request,
)
from ads.models import Creative, Offer
from ads.selection.building.keyword_relevance import embed_inventory
from aggregator import placements
from aggregator.models import Conversation, Turn
from language import near_terms
from language.reading import read_prompt
from language.sensitivity import Sensitivity
from testing.ads.inventory import make_ad, make_advertiser, publish_all

PASSED = Sensitivity(verdict="pass", classes=(), needs_help=False)
PROMPT = "부모님 모시고 갈 온천"
HEADLINE = "부모님과 함께 가는 온천 효도 여행"

on_stores = pytest.mark.usefixtures("db", "valkey")


def ask(prompt: str) -> ServedAd | NoAd:
    conversation = Conversation(owner_id=uuid.uuid4().int % 10**9)
    turn = Turn(public_id=uuid.uuid4(), prompt=prompt, language="ko", conversation=conversation)
    return placements._request_ad(turn, PASSED)


def make_trip(match: str = "broad") -> Creative:
    creative = make_ad(keywords=(("효도 여행", match),))
    Creative.objects.filter(pk=creative.pk).update(is_on=False)
    return Creative.objects.create(
        ad_group=creative.ad_group,
        title=HEADLINE,
        body="숙소와 식사까지 한 번에 준비해 드려요.",
        landing_url="https://grace.example/onsen",
        display_domain="grace.example",
        review=Creative.Review.APPROVED,
    )


@on_stores
def test_a_prompt_finds_the_ad_whose_only_keyword_means_the_same() -> None:
    make_trip()
    make_ad(make_advertiser("Rival"), keywords=(("무선 청소기", "broad"),))
    publish_all()
    answer = ask(PROMPT)
    assert isinstance(answer, ServedAd)
    assert answer.title == HEADLINE
    assert Offer.objects.get().keyword_text == "효도 여행"
    assert isinstance(ask("파이썬으로 정렬 코드 짜 줘"), NoAd)
    assert isinstance(ask("오늘 하루가 너무 길었어"), NoAd)


@on_stores
def test_a_prompt_finds_it_by_the_sentence_model_s_vector_too() -> None:
    make_trip()
    assert embed_inventory() == 2
    publish_all()
    assert isinstance(ask(PROMPT), ServedAd)


@on_stores
@pytest.mark.parametrize("match", ["exact", "phrase"])
def test_exact_and_phrase_keywords_are_found_by_their_words_alone(match: str) -> None:
    make_trip(match)
    publish_all()
    assert fetch_vocabulary().glosses == ()
    assert isinstance(ask(PROMPT), NoAd)
    assert isinstance(ask("효도 여행 추천"), ServedAd)


@on_stores
def test_context_hints_are_found_by_meaning() -> None:
    creative = make_trip("exact")
    creative.ad_group.hints = ["어른과 쉬는 온천 나들이"]
    creative.ad_group.save()
    publish_all()
    assert isinstance(ask(PROMPT), ServedAd)
    assert Offer.objects.get().match == "hint"


@on_stores
def test_a_request_names_few_terms_with_coarse_weights() -> None:
    for number in range(NEAR_LIMIT + 6):
        make_ad(make_advertiser(f"Rival {number}"), keywords=((f"온천 여행 {number}호", "broad"),))
    publish_all()
    vocabulary = fetch_vocabulary()
    near = placements.find_near(read_prompt("온천 여행"), vocabulary)
    assert len(near) == NEAR_LIMIT
    assert {weight for _, weight in near} <= set(range(1, WEIGHT_STEPS + 1))


def test_the_contract_refuses_more_than_ids_and_weights() -> None:
    request = AdRequest("1", "below_answer", "v", (), (), "ko", "", "pass", near=((7, 3),))
    assert decode_request(encode_request(request)) == request
    assert "near" not in encode_request(AdRequest("1", "below_answer", "v", (), (), "ko", "", "pass"))
    for near in ([[7]], [[7, 0]], [[7, WEIGHT_STEPS + 1]], [[7, 0.5]], [["온천", 3]], [[7, 3]] * 25, "7"):
        with pytest.raises(ContractError):
            decode_request(encode_request(request) | {"near": near})


def test_both_sides_mean_the_same_weights() -> None:
    assert (near_terms.NEAR_LIMIT, near_terms.WEIGHT_STEPS) == (NEAR_LIMIT, WEIGHT_STEPS)
    levels = near_terms.quantise(np.linspace(-1, 1, 200, dtype=np.float32))
    assert (levels.min(), levels.max()) == (0, WEIGHT_STEPS)
    assert (np.diff(levels) >= 0).all()
