"""The content words of a text: without particles, copulas, polite endings and words of grammar."""

import re
from functools import lru_cache

from aggregator.pipeline.agreement.readers.territories import name_one_territory
from aggregator.pipeline.agreement.readers.transliteration import sounds_alike
from language.particles import split_words, strip_particle

_WORD = re.compile(
    r"[A-Za-z][A-Za-z0-9'+#.-]*[A-Za-z0-9+#]|[A-Za-z]|[가-힣]+|\d[\d,.]*\d|\d|[一-鿿]+|[ぁ-ヿ]+"
)
_COPULA = re.compile(
    r"(?:이?(?:었|였)(?:습니다|어요|다|음|고|는데|지만|죠)|입니(?:다|까)|이?(?:에요|예요)|이?(?:라고|라는|라서|란|랍니다|래요)|이다|이야|이죠|이지만|이며|이고|인데요?|이고요|입니다만|이었던|인)$"
)
_VERB_SUFFIX = re.compile(
    r"(?:하|되|시키|당하)?(?:였|었|았|했|됐)?(?:습니다|ㅂ니다|합니다|됩니다|해요|돼요|한다|된다|했다|됐다|하다|되다|하고|되고|하는|되는|하여|해서|되어|하며|하면|되면|하지|되지|하기|되기|하세요|해도|돼도|한|된|할|될|함|됨|해|돼|하게|하거나|네요|어요|아요|니다|는다|지만|는데|세요|어서|아서|으면|거나|도록|려고|면서)$"
)
_ENGLISH_ENDINGS = {"s", "es", "n", "an", "ian", "d", "ed", "ing", "ese"}
_GRAMMAR = frozenset(
    split_words(
        """
        은 는 이 가 을 를 의 에 도 것 거 게 건 수 등 및 더 또 또는 그 이 저 그것 이것 그건 이건 저는 제가
        네 예 아니요 아뇨 응 때 때문 있 있다 있는 있어요 있습니다 있어 없 없다 하다 하는 해요 합니다 한 할
        되다 됩니다 돼요 돼 된 될 같 같은 같아요 보통 즉 따라서 그래서 그러므로 그리고 하지만 그러나 다만
        단 그런데 근데 약 정도 쯤 대략 답 정답 답변 답은 정답은 결론 최종 위해 통해 대해 대한 관한 경우 알
        알기로는 아마 아마도 제 내 우리 당신 여기 거기 지금 바로 가장 아주 매우 정말 진짜 좀 조금 잘 다
        모두 각각 중 이렇게 그렇게 어떤 무엇 뭐 누구 어디 언제 왜 어떻게 얼마 몇 라고 하고 이라고 계산
        계산하면 하면 입니다 이에요 예요 이다 였다 이야 맞 맞아요 맞습니다 the a an of to in on at for
        from by with and or as is are was were be been being am it its it's this that these those there
        here i you he she they we my your his her their our me him them us do does did done have has had
        will would can could should may might must so thus therefore hence then than also just very really
        about around approximately roughly answer final which who what when where why how yes no not if
        but however because since into over up out most more one ones that's i'm you're they're isn't
        don't doesn't believe know called known s t re ll ve well oh ok okay sure right actually
        basically generally usually
        """
    )
)


def fold(word: str) -> str:
    """Return a word in lower case without its particle, copula or verbal ending."""
    if not "가" <= word[-1] <= "힣":
        word = word.casefold().replace(",", "").rstrip(".")
        return word[:-2] if word.endswith("'s") else word
    bare = _COPULA.sub("", word) or word
    if bare == word:
        bare = strip_particle(word) if len(word) > 1 else word
        if len(bare) > 2:
            bare = _VERB_SUFFIX.sub("", bare) or bare
    return bare


@lru_cache(maxsize=512)
def list_words(text: str) -> tuple[tuple[str, str, int, int], ...]:
    """Return (folded, written, start, end) of every content word of a text, in order."""
    rows = []
    for found in _WORD.finditer(text):
        written = found[0]
        if written.casefold() in _GRAMMAR:
            continue
        folded = fold(written)
        if folded and folded not in _GRAMMAR:
            rows.append((folded, written, found.start(), found.end()))
    return tuple(rows)


def _is_hangul(word: str) -> bool:
    return "가" <= word[0] <= "힣"


def match_words(one: str, other: str) -> float:
    """Return from 0 to 1 how surely two folded words are one word or two spellings of one."""
    if one == other:
        return 1.0
    if one[0] != other[0] and one[-1] != other[-1] and _is_hangul(one) == _is_hangul(other):
        # Most pairs of words end here.
        return 0.0
    return _match_words(one, other)


@lru_cache(maxsize=16384)
def _match_words(one: str, other: str) -> float:
    hangul = _is_hangul(one), _is_hangul(other)
    if hangul[0] != hangul[1]:
        korean, latin = (one, other) if hangul[0] else (other, one)
        if not latin[0].isalpha() or not latin.isascii():
            return 0.0
        return 0.9 if sounds_alike(korean, latin) or name_one_territory(korean, latin) else 0.0
    if one[0].isdigit() or other[0].isdigit():
        return 0.0
    shorter, longer = sorted((one, other), key=len)
    if hangul[0]:
        return _match_korean(shorter, longer)
    if len(shorter) >= 4 and longer.startswith(shorter) and longer[len(shorter) :] in _ENGLISH_ENDINGS:
        return 0.9
    return 0.85 if len(shorter) >= 7 and shorter[0] == longer[0] and _is_near(shorter, longer) else 0.0


# What a place or body is, added to its name: 서울 and 서울특별시.
_KINDS_OF_PLACE = frozenset(
    split_words(
        "시 군 구 도 읍 면 동 국 주 현 성 섬 강 산 역 특별시 광역시 특별자치시 특별자치도 직할시 "
        "공화국 연방 왕국 제국 "
        "공항 국제공항 대학교 대학 교수 대통령 총리 감독 선수 작가 박사 장군 여사 씨 님"
    )
)


def _match_korean(shorter: str, longer: str) -> float:
    if shorter[0] != longer[0] and shorter[-1] != longer[-1]:
        return 0.0
    if len(shorter) >= 2 and longer.startswith(shorter) and longer[len(shorter) :] in _KINDS_OF_PLACE:
        return 0.95
    if len(shorter) >= 2 and (longer.startswith(shorter) or longer.endswith(shorter)):
        # "인도" is no "인도네시아".
        return 0.95 if len(longer) - len(shorter) <= 1 else 0.8 if len(shorter) >= 3 else 0.6
    is_framed = longer.startswith(shorter[:2]) and longer.endswith(shorter[-2:])
    if (
        len(shorter) >= 4
        and is_framed
        and any(
            longer.startswith(shorter[:cut]) and longer.endswith(shorter[cut:])
            for cut in range(2, len(shorter) - 1)
        )
    ):
        # 김해공항 and 김해국제공항.
        return 0.85
    if len(shorter) >= 6 and shorter[0] == longer[0] and _is_near(shorter, longer):
        return 0.8
    # Verbs share their stem: 만들었 and 만든.
    return 0.5 if len(shorter) >= 2 and shorter[:2] == longer[:2] and len(shorter) > 2 else 0.0


def _is_near(one: str, other: str) -> bool:
    """Return whether one edit makes the words equal."""
    if abs(len(one) - len(other)) > 1:
        return False
    begin = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    if len(one) == len(other):
        return one[begin + 1 :] == other[begin + 1 :]
    shorter, longer = sorted((one, other), key=len)
    return shorter[begin:] == longer[begin + 1 :]
