"""What a question asks for: the kind of answer, its unit, its alternatives, and the words it gives itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from aggregator.pipeline.agreement.readers.dates import Mention, find_moments
from aggregator.pipeline.agreement.readers.polarity import measure_sign
from aggregator.pipeline.agreement.readers.quantities import find_quantities
from aggregator.pipeline.agreement.readers.quantity import Quantity
from aggregator.pipeline.agreement.readers.units import COUNTER_PATTERN, UNIT_PATTERN, Unit, find_unit
from aggregator.pipeline.agreement.readers.words import list_words
from aggregator.pipeline.agreement.segments import normalise
from aggregator.pipeline.answer_type import DATE, LITERAL, NUMBER, OPTION, TRUTH, detect_answer_type

CHOICE, LIST, NAME, OPEN = "choice", "list", "name", "open"
KINDS = (NUMBER, DATE, TRUTH, CHOICE, LIST, LITERAL, NAME, OPEN)
_PROMPT_CHARS = 1_500
# A longer prompt without a question word asks for a text.
_SHORT_PROMPT = 30
_BARE_CHARS = 24

_EXPLAINS = re.compile(
    r"왜\b|왜\s|이유|설명|차이|어떻게|방법|추천|조언|팁|어떡|하는 법|원리|뜻|의미|무슨 말|장단점|비결|꿀팁"
    r"|소개해"
    r"|써\s?줘"
    r"|작성"
    r"|\bwhy\b|\bexplain\b|\bhow (?:do|does|can|should|to|would)\b|\bdifference\b|\bmean(?:s|ing)?\b"
    r"|\brecommend|\badvice\b|\btips?\b|\bsuggest|\bdescribe\b|\bbest way\b|\bwhat should\b|\bwrite\b",
    re.I,
)
_LISTS = re.compile(
    r"뭐뭐|뭐가 있|무엇이 있|뭐 있|나열|목록|종류|(?:\d|한|두|세|네|다섯|몇)\s?(?:가지|개만|곳)|어디어디"
    r"|누구누구"
    r"|다 (?:알려"
    r"|말해"
    r"|적어)"
    r"|들을? (?:알려"
    r"|말해)"
    r"|\blist\b|\bname (?:all|the|three|four|five|two|\d)|\bwhat are (?:the|some)\b"
    r"|\bwhich (?:countries|planets|states|colors|colours|cities|vitamins)\b",
    re.I,
)
_ASKS_CLOCK = re.compile(
    r"몇\s?시(?!간)|무슨\s?요일|며칠(?!이나|\s?(?:걸|동안|간))|what time|what day|which day|몇\s?월|몇\s?년도"
    r"|몇\s?세기"
    r"|언제"
    r"|\bwhen\b|which year|what year|what date",
    re.I,
)
_ASKS_HOW_MANY = re.compile(
    r"(?:몇|얼마|how (?:many|much|long|far|tall|heavy|old|big|fast|deep|high|wide))(?:\s?(?:퍼센트|프로))?",
    re.I,
)
_CALCULATES = re.compile(
    r"계산|더하면|빼면|곱하면|나누면|합계|평균|제곱|루트|[\d)]\s?[+\-*/×÷x^]\s?[\d(]|나누기|곱하기|더하기|빼기|calculate|\bsum\b"
    r"|average|percent of|\bsquare\b|divided|\btimes\b|\bplus\b|\bminus\b|percentage|얼마|환산|몇\s?(?:퍼"
    r"|프로"
    r"|%)|convert|값은",
    re.I,
)
_ASKS_LITERAL = re.compile(
    r"```|출력|print\(|console\.log|명령어|\bcommand\b|\breturns?\b.*\?|단축키|shortcut", re.I
)
_WH = re.compile(
    r"뭐|뭔|무엇|무슨|누구|누가|어디|언제|왜|어떻게|어떤|어느|얼마|몇|며칠|뭘|뭥|어케|\b(?:what|what's|whats|who|who's|whom|whose|where|when|why|which|how)\b",
    re.I,
)
_AUXILIARY = re.compile(
    r"(?:^|[.,!?]\s*|\b(?:so|and|hey|wait|also|quick question|question|ok|um)[,:]?\s+)(?:is|are|was"
    r"|were|do|does|did|can|could|will|would|should|has|have|had|am|may|must|isn't|aren't|don't|doesn't|can't|shouldn't)\b",
    re.I,
)
_KOREAN_QUESTION = re.compile(
    r"(?:나요|까요|까|니|냐|냐고|어|아|여|지|죠|가요|돼|되|해|야|요|음|가|다며|다던데|던데|래|함|됨|인가|을까|ㄹ까|맞아|맞나|줄까)\s*[?？~ㅠㅜ.…!;]*\s*$"
)
_TRUTH_WORDS = re.compile(
    r"인가요|사실이|맞(?:아|나|지|죠|는지|습)|(?:도|면)\s?(?:돼|되|괜찮|될)|안\s?(?:돼|되)|수\s?있(?:어|나|을|는지)|있나|있어\?"
    r"|\bis it (?:true|ok|okay|safe|bad|legal)\b",
    re.I,
)
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
    r"|가 맞)\s?요?\s*[?.!]*$"
    r"|[,.?]\s*(?:is it|isn't it|was it|it's|maybe)\s+([^,.?!]{2,30})"
)
_NEGATED_QUESTION = re.compile(
    r"안\s?(?:돼|되|됨|좋)|안\s?\S{1,4}\s?(?:게|것이|편이)\s?(?:좋|맞|낫)|않(?:아|나|을|는)|없(?:어|나|을|는)|아니(?:야|지|죠|에요|었|라)|못\s?[가-힣]|\b(?:isn't|aren't|don't|doesn't|can't|shouldn't|not)\b",
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


def _find_alternatives(prompt: str) -> tuple[str, ...]:
    for found in _VERSUS.finditer(prompt):
        values = [value.strip(" ?!.\"'") for value in found.groups() if value]
        if len(values) == 2 and all(values) and values[0] != values[1]:
            return values[0], values[1]
    return ()


def _find_guessed(prompt: str, options: tuple[str, ...]) -> frozenset[str]:
    """Return the words that the question offers as its answer: alternatives, "한강인가?", "is it Sydney?"."""
    guesses = [*options, *(found[1] or found[2] for found in _GUESS.finditer(prompt))]
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


def _detect_kind(prompt: str, options: tuple[str, ...], listed: bool) -> str:
    detected = detect_answer_type(prompt)
    if detected and detected.kind in {OPTION, TRUTH, LITERAL}:
        return CHOICE if detected.kind == OPTION else detected.kind
    if listed or (len(options) == 2 and not _CALCULATES.search(prompt)):
        return CHOICE
    has_wh = bool(_WH.search(prompt))
    is_plain_question = not has_wh and (_AUXILIARY.search(prompt) or _KOREAN_QUESTION.search(prompt.strip()))
    tests: tuple[tuple[str, object], ...] = (
        (LITERAL, _ASKS_LITERAL.search(prompt)),
        (LIST, _LISTS.search(prompt)),
        (DATE, _ASKS_CLOCK.search(prompt)),
        (TRUTH, not has_wh and _TRUTH_WORDS.search(prompt)),
        (NUMBER, _ASKS_HOW_MANY.search(prompt) or _CALCULATES.search(prompt)),
        (OPEN, _EXPLAINS.search(prompt)),
        (TRUTH, is_plain_question),
        (NAME, has_wh or len(prompt) <= _SHORT_PROMPT),
    )
    return next((kind for kind, found in tests if found), OPEN)


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
    question_sign = measure_sign(plain)
    return ExpectedAnswer(
        kind=_detect_kind(plain, options, bool(listed)),
        units=_find_units(plain),
        counters=tuple(re.findall(rf"몇\s?({COUNTER_PATTERN})", plain)),
        options=options,
        words=frozenset(folded for folded, *_ in list_words(plain)),
        guessed=_find_guessed(plain, options),
        quantities=tuple(find_quantities(plain, taken)),
        moments=tuple(moments),
        fields=frozenset(name for name, pattern in _FIELDS.items() if pattern.search(plain)),
        wanted_unit=_find_wanted_unit(plain),
        asks_bad=bool(
            re.search(
                r"위험|해로|나쁘|나쁜|불법|독성|\b(?:dangerous|harmful|bad|illegal|toxic|poisonous|unsafe)\b",
                plain,
                re.I,
            )
        )
        and question_sign <= 0,
        is_negated=bool(_NEGATED_QUESTION.search(plain)),
        is_approximate=bool(re.search(r"약\s|대략|정도|쯤|\babout\b|roughly|approx", plain, re.I)),
        is_lettered=bool(listed),
    )


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
