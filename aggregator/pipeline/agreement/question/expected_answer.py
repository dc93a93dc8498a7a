"""What a question asks for: the kind of answer, its unit, its alternatives, and the words it gives itself."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from aggregator.pipeline.agreement.question.question_kind import guess_question_kind
from aggregator.pipeline.agreement.question.question_patterns import (
    CHOICE,
    LIST,
    NAME,
    OPEN,
    match_question_kind,
)
from aggregator.pipeline.agreement.readers.dates import Mention, find_moments
from aggregator.pipeline.agreement.readers.polarity import measure_sign
from aggregator.pipeline.agreement.readers.quantities import find_quantities
from aggregator.pipeline.agreement.readers.quantity import Quantity
from aggregator.pipeline.agreement.readers.units import COUNTER_PATTERN, UNIT_PATTERN, Unit, find_unit
from aggregator.pipeline.agreement.readers.words import list_words
from aggregator.pipeline.agreement.segments import normalise
from aggregator.pipeline.answer_type import DATE, LITERAL, NUMBER, TRUTH, detect_answer_type

_PROMPT_CHARS = 1_500
_BARE_CHARS = 24

_VERSUS = re.compile(
    r"(?P<a1>[^\s,.?!]+(?:\s[^\s,.?!]+){0,2}?)\s?(?:vs\.?|VS|\s대)\s+(?P<b1>[^\s,.?!]+(?:\s[^\s,.?!]+)?)"
    r"|(?P<a2>[^\s,.?!]+(?:\s[^\s,.?!]+)?)(?:이?랑|하고|와|과|이?나|,)\s(?P<b2>[^,.?!]{1,24}?)\s?(?:중에?서?|가운데|둘\s?중)"
    r"|(?P<a3>[^\s,.?!]+(?:\s[^\s,.?!]+){0,3}?)[,?]?\s(?:아니면|또는|혹은)\s(?P<b3>[^,.?!]{1,30})"
    r"|\bbetween\s+(?P<a4>[^,.?!]{1,30}?)\s+and\s+(?P<b4>[^,.?!]{1,30}?)(?=[,.?!]|$|\s(?:which|what|who|for|if)\b)"
    r"|(?P<a5>[^\s,.?!:]+(?:\s[^\s,.?!:]+){0,2})\s+or\s+(?P<b5>[^\s,.?!]+(?:\s[^\s,.?!]+){0,2})"
)
_PLAIN_VERDICT = re.compile(
    r"^[\s*\"'(]*(?:(?:yes|no|nope|yep|yeah)\b|(?:네|예|아니요|아뇨|아니에요|응|아니)(?=[,.!\s*]|$))", re.I
)
_FIELDS = {
    "clock": re.compile(
        r"몇\s?시(?!간)|시각|시에|what time|when (?:does|do|will) .*(?:open|close|arrive|end)", re.I
    ),
    "weekday": re.compile(r"무슨\s?요일|what day|which day|day of the week", re.I),
    "year": re.compile(r"몇\s?년|년도|연도|what year|which year", re.I),
    "month": re.compile(r"몇\s?월|며칠|날짜|what month|which month|what date", re.I),
    "day": re.compile(r"며칠|날짜|몇\s?일|what date|which date", re.I),
}
_WANTED_UNIT = re.compile(rf"(?:몇|how many)\s?({UNIT_PATTERN})|^\s*({UNIT_PATTERN})\s+(?:in|per)\b", re.I)
_GUESS = re.compile(
    r"(?:^|[,.?!\s])([^\s,.?!]+(?:\s[^\s,.?!]+)?)(?:인가|이었나|였나|맞나|맞지|맞아|이지|아닌가|인가요|이 맞"
    r"|가 맞|이? 아니(?:냐|야|니|었나))\s?요?\s*[?.!]*$"
    r"|[,.?]\s*(?:is it|isn't it|was it|it's|maybe)\s+([^,.?!]{2,30})"
    r"|\b(?:thought|thinks?|assumed|heard|says?|said|swears|insists|guess)\s+"
    r"(?:that\s|it(?:'s| is| was)\s|the\s)*"
    r"([A-Za-z][\w'-]*(?:\s[A-Z][\w'-]*)?)"
    r"|(?:^|[,.?!\s])([^\s,.?!]+?)(?:이라고|라고|이라는데|라는데|이라던데|라던데|인\s?줄|이라며|라며)(?=[\s,.?!]|$)"
)
_ASKS_BAD = re.compile(
    r"위험|해로|해롭|나쁘|나쁜|나빠|안\s?좋|불법|독성|실례|민폐|위반"
    r"|\b(?:dangerous|harmful|bad|illegal|toxic|poisonous|unsafe|rude|impolite|hurt)\b",
    re.I,
)
_NEGATED_QUESTION = re.compile(
    r"안\s?(?:돼|되|됨)|안\s?\S{1,4}\s?(?:게|것이|편이)\s?(?:좋|맞|낫)|않(?:아|나|을|는|겠|죠|지)|없(?:어|나|을|는|지|죠|음)|아니(?:야|지|죠|에요|었|라)|못\s?[가-힣]|\b(?:isn't|aren't|don't|doesn't|can't|shouldn't|not)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class ExpectedAnswer:
    """The kind of answer a question asks for, and what the question itself mentions."""

    kind: str
    units: tuple[Unit, ...]
    counters: tuple[str, ...]
    options: tuple[str, ...]
    words: frozenset[str]
    guessed: frozenset[str]
    quantities: tuple[Quantity, ...]
    moments: tuple[Mention, ...]
    fields: frozenset[str] = frozenset()
    wanted_unit: Unit | None = None
    asks_bad: bool = False
    is_negated: bool = False
    is_approximate: bool = False
    is_lettered: bool = False
    # What readers found in the question, for its learned kind.
    flags: tuple[str, ...] = ()


def _find_alternatives(prompt: str) -> tuple[str, ...]:
    for found in _VERSUS.finditer(prompt):
        values = [value.strip(" ?!.\"'") for value in found.groups() if value]
        if len(values) == 2 and all(values) and values[0] != values[1]:
            return values[0], values[1]
    return ()


def _find_guessed(prompt: str, options: tuple[str, ...]) -> frozenset[str]:
    """Return the words that the question offers as its answer: alternatives, "한강인가?", "is it Sydney?"."""
    guesses = [*options, *(found[found.lastindex or 1] for found in _GUESS.finditer(prompt))]
    return frozenset(folded for guess in guesses for folded, *_ in list_words(guess))


def _find_units(prompt: str) -> tuple[Unit, ...]:
    """Return the units that the answer is expected in: those after "몇" or "how many", and bare ones."""
    patterns = (
        rf"(?:몇|how many|how much)\s?({UNIT_PATTERN})",
        rf"(?<![\d.\w가-힣])({UNIT_PATTERN})\s?(?:로|으로|이야|인지|면|,|\?|$|단위)",
        rf"\b(?:in|to|into)\s+({UNIT_PATTERN})",
    )
    spelled = [found[1] for pattern in patterns for found in re.finditer(pattern, prompt, re.I)]
    return tuple(unit for unit in map(find_unit, spelled) if unit)


def _find_wanted_unit(prompt: str) -> Unit | None:
    """Return the unit of "몇 km", "how many cups" or "tablespoons in …", if there is just one."""
    found = {each[1] or each[2] for each in _WANTED_UNIT.finditer(prompt)}
    return find_unit(found.pop()) if len(found) == 1 else None


def _list_flags(kind: str, found: Mapping[str, Sequence[object]]) -> tuple[str, ...]:
    """Return the flags of the learned kind: the kind by patterns, and how many of what was found."""
    return kind, *(f"{name} {min(2, len(members))}" for name, members in found.items())


@lru_cache(maxsize=256)
def read_question(prompt: str) -> ExpectedAnswer:
    """Return what a prompt asks for."""
    excerpt = prompt if len(prompt) <= _PROMPT_CHARS else prompt[:300] + prompt[-1_200:]
    plain = normalise(excerpt).replace("**", "")
    detected = detect_answer_type(prompt)
    listed = detected.options if detected else ()
    options = listed or _find_alternatives(plain)
    moments = find_moments(plain)
    taken = [(each.start, each.end) for each in moments]
    quantities, units = find_quantities(plain, taken), _find_units(plain)
    fixed = CHOICE if listed else detected.kind if detected and detected.kind in {TRUTH, LITERAL} else ""
    flags = _list_flags(
        match_question_kind(plain, options),
        {"option": options, "unit": units, "number": quantities, "date": moments},
    )
    return ExpectedAnswer(
        kind=fixed or _guess_kind(plain, flags, detected.kind if detected else ""),
        flags=flags,
        units=units,
        counters=tuple(re.findall(rf"몇\s?({COUNTER_PATTERN})", plain)),
        options=options,
        words=frozenset(folded for folded, *_ in list_words(plain)),
        guessed=_find_guessed(plain, options),
        quantities=tuple(quantities),
        moments=tuple(moments),
        fields=frozenset(name for name, pattern in _FIELDS.items() if pattern.search(plain)),
        wanted_unit=_find_wanted_unit(plain),
        asks_bad=bool(_ASKS_BAD.search(plain)) and measure_sign(plain) <= 0,
        is_negated=bool(_NEGATED_QUESTION.search(plain)),
        is_approximate=bool(re.search(r"약\s|대략|정도|쯤|\babout\b|roughly|approx", plain, re.I)),
        is_lettered=bool(listed),
    )


def _guess_kind(plain: str, flags: Iterable[str], detected: str) -> str:
    """Return the kind that a prompt seems to ask for, without what only a sure sign may make it."""
    guessed = guess_question_kind(plain, flags)
    if guessed == LITERAL:
        # How something is done is asked far more often than what a program prints.
        return OPEN
    return NUMBER if guessed == TRUTH and detected == NUMBER else guessed


def refine_kind(expected: ExpectedAnswer, answers: Sequence[str]) -> ExpectedAnswer:
    """Return the expectation with the kind that answers show: yes or no, a bare number or date."""
    if expected.is_lettered or expected.kind in {LITERAL, TRUTH}:
        return expected
    verdicts = sum(bool(_PLAIN_VERDICT.search(answer)) for answer in answers)
    if verdicts >= 2 and 2 * verdicts >= len(answers) and expected.kind in {NAME, OPEN, NUMBER}:
        return replace(expected, kind=TRUTH)
    if expected.kind in {DATE, LIST}:
        return expected
    bare = {kind for answer in answers if (kind := _name_bare_value(answer))}
    if DATE in bare and (expected.kind != NUMBER or NUMBER not in bare):
        return replace(expected, kind=DATE)
    return replace(expected, kind=NUMBER) if NUMBER in bare else expected


def _name_bare_value(answer: str) -> str:
    """Return DATE or NUMBER for an answer that is nothing else, else ''."""
    plain = normalise(answer).strip(" *.!") if len(answer) <= _BARE_CHARS else ""
    if not plain:
        return ""
    for kind, found in ((DATE, find_moments(plain, is_date=False)), (NUMBER, find_quantities(plain))):
        if max((each.end - each.start for each in found), default=0) >= 0.7 * len(plain):
            return kind if kind == NUMBER or not plain.isdigit() else NUMBER
    return ""
