"""Negative keywords are also found inside of compounds, where keywords are not."""

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from language import lookup
from language.lookup import Lookup, find_lookup

WANTED = ((1, "노트북"), (2, "영어 학원"))


def find(negative: str, prompt: str) -> bool:
    return Lookup((*WANTED, (3, negative)), {3}).find_negatives(prompt) == (3,)


@pytest.mark.parametrize(
    ("negative", "prompt"),
    [
        ("무료", "무료체험 있는 영어 학원 추천"),
        ("중고", "중고폰이나 노트북 추천"),
        ("중고", "중고나라 노트북"),
        ("중고", "노트북중고 추천"),
        ("채용", "영어 학원 채용공고"),
        ("알바", "영어 학원 알바생 구함"),
        ("불법", "불법복제 프로그램 노트북"),
        ("환불", "노트북 환불규정이 궁금해"),
        ("자격증", "영어 학원 자격증반"),
        ("과외", "영어과외 학원"),
        ("과외", "영어과외를 하는 학원"),
        ("무료 체험", "무료체험단 모집하는 영어 학원"),
        ("무료 체험", "무료 체험단 모집하는 영어 학원"),
        ("used car", "used-cars and laptops"),
        ("second hand", "secondhand laptop"),
        ("secondhand", "second-hand laptops"),
        ("job", "jobs at 영어 학원"),
    ],
)
def test_a_negative_is_found_inside_of_compounds(negative: str, prompt: str) -> None:
    assert find(negative, prompt)


@pytest.mark.parametrize(
    ("negative", "prompt"),
    [
        ("이사", "이 사람이 쓰는 노트북"),
        ("이사", "고양이사료 추천"),
        ("배", "영어를 배우는 학원"),
        ("자살", "혼자 살기 좋은 동네"),
        ("car", "take care of a laptop"),
    ],
)
def test_a_chance_sequence_of_letters_is_no_negative(negative: str, prompt: str) -> None:
    assert not find(negative, prompt)


def test_keywords_are_not_matched_loosely() -> None:
    lookup = Lookup(((1, "중고"), (2, "무료")), {2})
    assert lookup.index.match("중고나라") == ()
    assert lookup.find_negatives("중고나라 무료체험") == (2,)


def test_a_vocabulary_without_negatives_finds_none() -> None:
    assert Lookup(WANTED, ()).find_negatives("노트북") == ()


def test_concurrent_callers_build_a_lookup_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []

    class Slow(Lookup):
        def __init__(self, *parts: object) -> None:
            built.append(threading.current_thread().name)
            time.sleep(0.1)
            super().__init__(WANTED, ())

    monkeypatch.setattr(lookup, "Lookup", Slow)
    versions = [uuid.uuid4().hex for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda place: find_lookup(versions[place % 2], WANTED, ()), range(40)))
    assert len(built) == 2
    assert len(set(map(id, found))) == 2
    assert find_lookup(versions[0], WANTED, ()) is found[0]
