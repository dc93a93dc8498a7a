"""Find the terms of a closed vocabulary in a prompt: Korean ones by word and particle, English ones by word.

docs/decisions/0005 compares it with a morphological analyser and with Aho-Corasick.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from language.particles import (
    LONGEST_PARTICLE,
    is_hangul,
    is_particle,
    is_verbal_suffix,
    split_words,
    strip_particle,
)

MAX_MATCHES = 12
# The request is at the beginning of a prompt; a pasted text is not searched to its end.
SCANNED_CHARS = 800
MIN_SPAN = 6

# Words that are written before or after a noun without a space; anything else attached to a term makes it
# another word (파인애플 is no 애플).
_MODIFIERS = frozenset(
    split_words(
        """
        봄 여름 가을 겨울 주말 당일 연휴 국내 해외 온라인 무료 최신 인기 신상 중고 저가 고급 가성비 초보
        직장인 대학생 학생용 어린이 유아 남자 여자 남성 여성 가정용 업무용 사무용 게이밍 휴대용 미니 대형
        소형 자취 신혼 가족 커플 혼자 추천 강남 홍대 서울 부산 제주 제주도 강릉 경주 여수 속초 일본 도쿄
        오사카 후쿠오카 교토 중국 대만 태국 방콕 베트남 다낭 하와이 유럽 미국 동남아
        """
    )
)
_FOLLOWERS = split_words(
    """
    추천 가격 비교 후기 리뷰 할인 예약 구매 구입 순위 종류 정보 쇼핑몰 매장 가게 업체 견적 렌탈 대여 싸게
    저렴 싼 좋은 용 행 값 비 집 점 샵 앱 사이트 학원 강의 수업 세트 선물 브랜드 제품 상품 티켓 권 표 여행
    맛집 숙소 어디 뭐 알려 찾아 사고 사는 살 배우 고르 잘 좀 중 시 전 후
    """
)
# Homonyms, with what follows the term in its other sense.
_OTHER_SENSE = {
    "사과": re.compile(r"(?:하|해|했|할|한|합|드리|드렸|드립|드려|받|문|의?말|의?뜻|편지)"),
    "배": re.compile(r"(?:고프|고파|고픈|아프|아파|아픈|부르|불러|부른|터지|나온)"),
    "차": re.compile(r"(?:한잔|마시|마셔|우리|끓)"),
    "눈": re.compile(r"(?:이?아프|아파|뜨|떠|감|이?나빠|높)"),
}
_RUN = re.compile(r"[가-힣]+|[a-z]+|[0-9]+|[぀-ヿ㐀-鿿]+|[^\W\d_ㄱ-ㆎ]+")
_PLURAL_KEPT = ("ss", "us", "is")
_PLURAL_ES = ("ses", "xes", "zes", "ches", "shes")


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of one script in a prompt; `is_attached` to the run before it if nothing is between them."""

    text: str
    is_attached: bool


def normalise(text: str) -> str:
    """Return the key of a term: width and case folded, no punctuation, no spaces beside Hangul."""
    return _join(_RUN.findall(_fold(text)))


class TermIndex:
    """An index of a vocabulary that finds its terms in prompts; safe to use from any thread.

    A loose index finds a Korean term of two syllables or more wherever a written word begins or ends with it,
    whatever it means there, and ignores the spaces of English terms (second-hand, secondhand).
    """

    def __init__(self, terms: Iterable[tuple[int, str]], *, is_loose: bool = False) -> None:
        self._is_loose = is_loose
        self._terms: dict[str, list[int]] = {}
        self._span = MIN_SPAN
        for number, term in terms:
            runs = _RUN.findall(_fold(term))
            self._span = max(self._span, len(runs))
            key = self._join(map(_singular, runs))
            if key and number not in self._terms.setdefault(key, []):
                self._terms[key].append(number)
        self._keys = sorted(self._terms)
        self._longest_tail = max(map(len, self._keys), default=0) + LONGEST_PARTICLE
        self._prefixes = {key[:2] for key in self._keys} | {key[:1] for key in self._keys}

    def __len__(self) -> int:
        return len(self._terms)

    def match(self, text: str) -> tuple[int, ...]:
        """Return the numbers of at most MAX_MATCHES terms near the beginning of this text, longest first."""
        return self.find_all(text[:SCANNED_CHARS])[:MAX_MATCHES]

    def find_all(self, text: str) -> tuple[int, ...]:
        """Return the numbers of all terms anywhere in this text, longest first."""
        runs = _runs_of(_fold(text))
        found: dict[str, None] = {}
        for position, run in enumerate(runs):
            if is_hangul(run.text[0]):
                self._match_word(runs, position, found)
            elif run.text[0] in self._prefixes:
                self._match_from(runs, position, "", self._span, found)
        numbers = dict.fromkeys(
            number for key in sorted(found, key=len, reverse=True) for number in self._terms[key]
        )
        return tuple(numbers)

    def _match_word(self, runs: list[_Run], position: int, found: dict[str, None]) -> None:
        word = runs[position].text
        self._match_from(runs, position, "", self._span, found)
        first = max(1, len(word) - self._longest_tail) if self._is_loose else 1
        for start in range(first, len(word) - 1):
            if word[start : start + 2] not in self._prefixes:
                continue
            if self._is_loose:
                self._match_tail(word[start:], found)
            elif start > 1 and (word[:start] in _MODIFIERS or word[:start] in self._terms):
                tail = [_Run(word[start:], False), *runs[position + 1 : position + self._span]]
                self._match_from(tail, 0, "", self._span, found)
            else:
                self._match_tail(word[start:], found)

    def _match_tail(self, tail: str, found: dict[str, None]) -> None:
        # The last noun of a Korean compound is its head (저소음키보드 is a 키보드); two syllables are
        # ambiguous.
        min_length = 2 if self._is_loose else 3
        for stem in (tail, strip_particle(tail)):
            if len(stem) >= min_length and stem in self._terms:
                found[stem] = None

    def _match_from(
        self, runs: list[_Run], position: int, before: str, left: int, found: dict[str, None]
    ) -> None:
        word = runs[position].text
        if is_hangul(word[0]):
            self._match_ending(runs, position, before, found)
        else:
            word = _singular(word)
            if (key := self._join((before, word))) in self._terms:
                found[key] = None
        if left <= 1 or position + 1 >= len(runs):
            return
        for stem in {word, strip_particle(word)} if is_hangul(word[0]) else {word}:
            prefix = self._join((before, stem))
            if self._is_prefix(prefix):
                self._match_from(runs, position + 1, prefix, left - 1, found)
                if position + 2 < len(runs) and _is_adjacent_particle(runs, position + 1, word):
                    self._match_from(runs, position + 2, prefix, left - 1, found)

    def _match_ending(self, runs: list[_Run], position: int, before: str, found: dict[str, None]) -> None:
        word = runs[position].text
        for stop in range(1, len(word) + 1):
            key = before + word[:stop]
            if not self._is_prefix(key):
                return
            if key not in self._terms:
                continue
            is_loose_prefix = self._is_loose and stop > 1
            if is_loose_prefix or self._is_valid_ending(key, word[stop:], runs[position + 1 : position + 4]):
                found[key] = None

    def _is_valid_ending(self, key: str, rest: str, following: list[_Run]) -> bool:
        other_sense = _OTHER_SENSE.get(key)
        if other_sense is not None:
            after = "" if is_particle(rest, key[-1]) else rest
            if other_sense.match(after + "".join(run.text for run in following)):
                return False
        if not rest or is_particle(rest, key[-1]):
            return True
        if len(key) == 1:
            return False
        return is_verbal_suffix(rest) or self._is_compound(rest)

    def _is_compound(self, rest: str) -> bool:
        for follower in _FOLLOWERS:
            if rest.startswith(follower):
                tail = rest[len(follower) :]
                if len(follower) > 1 or not tail or is_particle(tail, follower[-1]):
                    return True
        stem = strip_particle(rest)
        return len(stem) > 1 and (stem in self._terms or rest in self._terms)

    def _join(self, runs: Iterable[str]) -> str:
        return "".join(runs) if self._is_loose else _join(runs)

    def _is_prefix(self, key: str) -> bool:
        if key[:2] not in self._prefixes:
            return False
        place = bisect_left(self._keys, key)
        return place < len(self._keys) and self._keys[place].startswith(key)


def _fold(text: str) -> str:
    # Normalised twice, as casefolding may produce a letter that composes with the next one.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _runs_of(folded: str) -> list[_Run]:
    runs = []
    stop = -1
    for match in _RUN.finditer(folded):
        runs.append(_Run(match.group(), match.start() == stop))
        stop = match.end()
    return runs


def _join(runs: Iterable[str]) -> str:
    key = ""
    for run in runs:
        separator = " " if key and not is_hangul(key[-1]) and not is_hangul(run[0]) else ""
        key = f"{key}{separator}{run}"
    return key


def _singular(word: str) -> str:
    while len(word) > 3 and word.endswith("s") and not word.endswith(_PLURAL_KEPT):
        if word.endswith("ies") and len(word) > 4:
            word = word[:-3] + "y"
        elif word.endswith(_PLURAL_ES):
            word = word[:-2]
        else:
            word = word[:-1]
    return word


def _is_adjacent_particle(runs: list[_Run], position: int, before: str) -> bool:
    return runs[position].is_attached and is_particle(runs[position].text, before[-1])
