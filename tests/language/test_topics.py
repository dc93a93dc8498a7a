"""A prompt is about at most five topics of a closed list."""

import numpy as np
import pytest

from language.embed import embed
from language.topics import MAX_TOPICS, all_seeds, all_topics, find_topics, load_seed_vectors


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("도쿄 여행 항공권 싸게 사는 법", "travel"),
        ("flights to Osaka in November", "travel"),
        ("강남역 맛집 추천", "food"),
        ("가성비 노트북 추천", "laptops"),
        ("영어회화 학원 어디가 좋아", "education"),
        ("cheap used cars under 5000", "cars"),
        ("적금 금리 비교", "finance"),
        ("강아지 사료 추천", "pets"),
    ],
)
def test_an_everyday_prompt_leads_with_its_topic(text: str, topic: str) -> None:
    assert find_topics(text)[0] == topic


@pytest.mark.parametrize("text", ["안녕", "고마워", "17 곱하기 23은?", "hello there", "", "   "])
def test_small_talk_has_no_topic(text: str) -> None:
    assert find_topics(text) == ()


def test_a_prompt_about_everything_names_at_most_five_topics() -> None:
    everything = "여행 맛집 노트북 중고차 영화 강아지 골프 보험 화장품 소설"
    slugs = {topic.slug for topic in all_topics()}
    found = find_topics(everything)
    assert 0 < len(found) <= MAX_TOPICS
    assert set(found) <= slugs


def test_every_topic_has_an_id_seeds_and_terms() -> None:
    assert len({topic.slug for topic in all_topics()}) >= 24
    assert all(topic.iab and len(topic.seeds) >= 5 and topic.terms for topic in all_topics())


def test_the_stored_vectors_are_those_of_the_seeds() -> None:
    seeds = all_seeds()
    stored = load_seed_vectors(seeds)
    assert stored.shape == (len(seeds), 384)
    assert np.array_equal(stored, stored.astype(np.float16)), "run python -m language.training.topic_seeds"
    assert np.allclose(stored[::20], embed(seeds[::20]), atol=2e-3)


def test_seeds_that_are_not_stored_are_embedded() -> None:
    assert np.array_equal(load_seed_vectors(["라면"]), embed(["라면"]))
