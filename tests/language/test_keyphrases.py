"""A closed vocabulary is found in prompts by word, whatever the spacing and the particle."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.keyphrases import MAX_MATCHES, TermIndex, normalise

TERMS = (
    "도쿄 여행", "배", "차", "car", "사과", "노트북", "항공권", "자동차 보험", "중고차", "여행",
    "used cars", "애플", "LG 그램", "아이폰 15", "running shoes", "다이어트 도시락", "이사", "자살", "도쿄",
)  # fmt: skip
INDEX = TermIndex(enumerate(TERMS))


def find(text: str) -> set[str]:
    return {TERMS[number] for number in INDEX.match(text)}


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("도쿄여행", "도쿄 여행"),
        ("도쿄 여행을 가고 싶어", "도쿄 여행"),
        ("도쿄로 여행 가자", "도쿄 여행"),
        ("자동차보험 비교", "자동차 보험"),
        ("게이밍노트북 추천해줘", "노트북"),
        ("노트북은 뭐가 좋아", "노트북"),
        ("차를 사고 싶어", "차"),
        ("사과 5kg 가격", "사과"),
        ("Used car checklist", "used cars"),
        ("my cars", "car"),
        ("running-shoe", "running shoes"),
        ("ＬＧ그램 살까", "LG 그램"),
        ("아이폰15 케이스", "아이폰 15"),
        ("일본여행 경비", "여행"),
    ],
)
def test_spacing_particles_and_plurals_do_not_hide_a_term(text: str, term: str) -> None:
    assert term in find(text)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("피아노 배우다", "배"),
        ("배가 고파", "배"),
        ("둘의 차이", "차"),
        ("차가운 물", "차"),
        ("take care", "car"),
        ("친구에게 사과하다", "사과"),
        ("진심으로 사과드립니다", "사과"),
        ("파인애플 가격", "애플"),
        ("이 사람 누구야", "이사"),
        ("혼자 살기 좋은 동네", "자살"),
        ("my careers", "car"),
    ],
)
def test_a_term_inside_another_word_is_no_match(text: str, term: str) -> None:
    assert term not in find(text)


def test_the_longest_term_comes_first() -> None:
    assert TERMS[INDEX.match("도쿄여행 항공권")[0]] == "도쿄 여행"
    assert {"항공권", "여행", "도쿄"} <= find("도쿄여행 항공권")


def test_terms_that_share_a_key_are_all_returned() -> None:
    index = TermIndex([(7, "중고 차"), (3, "중고차"), (9, "  ")])
    assert index.match("중고차 시세") == (7, 3)
    assert len(index) == 1


def test_a_prompt_full_of_terms_returns_at_most_twelve() -> None:
    words = [f"{first}{second}가방" for first in "가나다라" for second in "마바사아자"]
    index = TermIndex(enumerate(words))
    assert len(index.match(" ".join(words))) == MAX_MATCHES


@given(st.text(max_size=80))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.lists(st.sampled_from(["도쿄", "여행", "노트북", "가방", "추천"]), min_size=1, max_size=6))
def test_spaces_between_korean_words_do_not_change_the_key(words: list[str]) -> None:
    assert normalise(" ".join(words)) == normalise("".join(words))


@given(st.text(max_size=200))
def test_any_text_can_be_matched(text: str) -> None:
    assert set(INDEX.match(text)) <= set(range(len(TERMS)))


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=12))
def test_every_term_that_has_a_key_matches_itself(term: str) -> None:
    index = TermIndex([(1, term)])
    assert index.match(term) == ((1,) if len(index) else ())


def test_fifty_thousand_terms_cost_less_than_two_milliseconds_a_prompt() -> None:
    syllables = "가나다라마바사아자차카타파하고노도로모보소오조초코토포호"
    terms = [
        f"{a}{b}{c} {d}" for a in syllables for b in syllables for c in syllables[:10] for d in syllables[:8]
    ]
    index = TermIndex(enumerate(terms[:50_000]))
    prompt = (
        "이번 가을에 부모님 모시고 여행 가려는데 도쿄랑 오사카 중에 어디가 좋을까요? 자동차보험도 궁금해요"
    )
    spent = []
    for _ in range(20):
        begun = time.thread_time()
        index.match(prompt)
        spent.append(time.thread_time() - begun)
    assert min(spent) < 0.002
