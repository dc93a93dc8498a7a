"""The kind of answer that the words of a question suggest, one of the features of the learned kind."""

import re
from collections.abc import Sequence

from aggregator.pipeline.answer_type import DATE, LITERAL, NUMBER, TRUTH

CHOICE, LIST, NAME, OPEN = "choice", "list", "name", "open"
KINDS = (NUMBER, DATE, TRUTH, CHOICE, LIST, LITERAL, NAME, OPEN)
# A longer prompt without a question word asks for a text.
_SHORT_PROMPT = 30

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


def match_question_kind(prompt: str, options: Sequence[str]) -> str:
    """Return the kind of answer that the words of a question without lettered options suggests."""
    if len(options) == 2 and not _CALCULATES.search(prompt):
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
