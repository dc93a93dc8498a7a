"""Finds what a sentence mentions only to reject it: "not X but Y", "X가 아니라 Y", beliefs of others."""

import re
from collections.abc import Iterator

Span = tuple[int, int]

# Where a rejected noun phrase may begin: after punctuation, a topic particle or a conjunction.
_BOUNDARY = re.compile(
    r"[,;:.(\"]|(?:은|는|지만|는데|으나|이고|고|면)\s|\b(?:but|and|is|are|was|it's|yes|no)\s", re.I
)
_KOREAN_NOT = re.compile(
    r"(?:이|가|은|는|도|만|라는 건|라는 게)?\s*(?:아니라|아니고|아닌|아니며|아니에요|아니예요|아닙니다|아니야"
    r"|아니다"
    r"|아니었"
    r"|아니지만"
    r"|아님)"
)
_KOREAN_BELIEF = re.compile(
    r"(?:라고|다고|으로|로|인 줄|줄|라는|처럼|이라)\s*(?:들\s*)?(?:잘못\s*)?(?:많이\s*|흔히\s*)?"
    r"(?:아는|알고|알려|생각하|생각할|생각들|착각|오해|헷갈|믿|보이|부르|말하|하는\s*(?:사람|분|경우))[^,.]{0,24}?(?:지만|는데|은데|ㄴ데|으나|많고|있고|쉬운데|데,|,|\.|$)"
)
_KOREAN_INSTEAD = re.compile(
    r"(?:이|가|은|는|를|을)?\s*(?:말고|대신(?:에)?\s)|(?:와|과|랑|하고)\s*(?:는\s*)?(?:헷갈|혼동|달리|다르)"
)
_ENGLISH_NOT = re.compile(
    r"\b(?:not|isn't|wasn't|aren't|rather than|instead of|unlike|contrary to|as opposed to|never"
    r"|confuse[ds]? with|mistaken for)\s+"
    r"(?!only\b|just\b|sure\b|certain\b|impossible\b)(?:\w+ly\s+)?[^,.;!?]{1,40}?(?=,|\.|;|!|\?|\bbut\b"
    r"|\bit's\b|\bit is\b|\(|$)",
    re.I,
)
_ENGLISH_BELIEF = re.compile(
    r"\b(?:people|many|most|some|folks|you|one|others|it|commonly|often|everyone|we)\b[^.;!?]{0,40}?"
    r"\b(?:thin(?:k|ks)|thought|believe|believed|assume|assumed|guess|mistake|mistaken|confuse|claim|seem|call|say)\b"
    r"[^.;!?]{0,80}?(?:,\s*but\b|\bbut\b|\bhowever\b|,\s*though\b|;|,\s*yet\b)",
    re.I,
)
_HANGUL, _LATIN = re.compile("[가-힣]"), re.compile("[A-Za-z]{3}")
_CORRECTS = re.compile(
    r"(?:^|[\s,.(])(?:아,?\s*(?:아니|다시|잠깐|죄송|맞다)|다시\s*(?:계산|생각|보니|확인|정리|세어|더해)|정정|잠깐만?[,!.]|제가\s*(?:잘못|실수|착각)|잘못\s*(?:계산|말씀|썼)|실수했)"
    r"|\b(?:wait|scratch that|correction|oops|hold on|let me (?:re-?\w+|double[- ]check|correct|redo)"
    r"|actually,? (?:no|let|that's wrong|i )|my mistake|i (?:made|misread|meant|miscounted"
    r"|miscalculated)|i was wrong)\b",
    re.I,
)


def _start_of_phrase(text: str, end: int) -> int:
    """Return where the noun phrase that ends here begins."""
    begun = 0
    for boundary in _BOUNDARY.finditer(text, max(0, end - 40), end):
        if boundary.end() < end:
            begun = boundary.end()
    return max(begun, end - 40)


def _find_korean_spans(text: str) -> Iterator[Span]:
    if "아니" in text or "아닌" in text or "아닙" in text or "아님" in text:
        for found in _KOREAN_NOT.finditer(text):
            yield _start_of_phrase(text, found.start()), found.start()
    for found in _KOREAN_BELIEF.finditer(text):
        yield _start_of_phrase(text, found.start()), found.end()
    for found in _KOREAN_INSTEAD.finditer(text):
        yield _start_of_phrase(text, found.start()), found.start()


def find_rejected_spans(text: str) -> Iterator[Span]:
    """Yield the spans of a sentence that hold what it says is not the answer."""
    if _HANGUL.search(text):
        yield from _find_korean_spans(text)
    if _LATIN.search(text):
        for pattern in (_ENGLISH_NOT, _ENGLISH_BELIEF):
            yield from (found.span() for found in pattern.finditer(text))


def is_self_correction(text: str) -> bool:
    """Return whether a sentence takes back what was said before it."""
    return bool(_CORRECTS.search(text))
