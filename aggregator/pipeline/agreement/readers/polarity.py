"""Reads whether an answer affirms or denies what a yes/no question asks, through negation and modal verbs."""

import re
from dataclasses import dataclass
from functools import lru_cache

from aggregator.pipeline.agreement.segments import AnswerText, Segment

_MARK = r"^[\s\"'(*]*(?:(?:결론|답|정답|answer|short answer)\s*(?:은|:|-)?\s*)?"
_YES = re.compile(
    _MARK
    + r"(?:네(?![가-힣\s]*\s?(?:개|명|번|시간|마리|살|시\b))|넵|넹|예(?![가-힣])|응|웅|ㅇㅇ|ㄱㅊ|그럼요?"
    r"|그렇(?!지)|그래(?:요|도 돼)|맞(?:아|습|음|는|다|지만)|물론|당연|o\b"
    r"|yes\b|yeah\b|yep\b|yup\b|correct\b|true\b|right\b|absolutely\b|definitely\b|certainly\b"
    r"|of course\b|sure\b"
    r"|indeed\b|(?:unfortunately |technically |sadly )?(?:it|you|they|he|she|we|there|that) "
    r"(?:is|does|can|are|do|was|did|will|would|should|could|have|has)\s*(?:[.,!;:)—-]|$|one\b))",
    re.I,
)
_NO = re.compile(
    _MARK
    + r"(?:아니(?:[요오야에구]|\b|,|예요|다)|아닙|아뇨|놉|노노|ㄴㄴ|틀(?:렸|려|린)|그렇지(?:는)? 않|x\b|절대"
    r"|no\b(?!\s+(?:problem|doubt|worries|reason))|nope\b|nah\b|false\b|incorrect\b|wrong\b|never\b"
    r"|not (?:really|quite|exactly|at all|necessarily|recommended|anymore|true|safe|yet|allowed|needed)\b"
    r"|(?:it|you|they|that|he|she|we|there) \w+n't\s*(?:[.,!;:)—-]|$)|don't\b)",
    re.I,
)
_VERDICT = re.compile(
    r"(?:\b(?:so|then|but|\w+ly)|[,;:]|—|-)\s+(?P<word>yes|no)(?!,?\s*but\b)(?=[\s]*(?:[,.!;:)]|$|—|-|\bwith\b|\bthough\b))"
    r"|(?:으로|로)는?\s(?P<korean>네|아니요|아뇨)[,.\s]",
    re.I,
)
# "위험하다고 보기 어렵다", "괜찮다고 할 수 없다".
_NOT_HELD = r"[가-힣]{0,3}고\s?(?:는\s?)?(?:보|할|하|말)[가-힣]{0,3}\s?(?:수\s?)?(?:어렵|힘들|없)"
# The last of these in a Korean sentence is its verdict; longer constructions come first.
_KOREAN = re.compile(
    r"(?P<pos>문제(?:가|는|될 게|될 건|될 것|될 거)?\s?없|상관(?:이|은)?\s?없|무방"
    r"|없(?:는|을|진|지는?)\s?(?:(?:것|건|게|거|정도)(?:은|는|이)?\s?(?:아니|아닙)|않)"
    r"|(?:안|못)\s\S{1,5}\s\S{1,5}(?:은|는|이|가)\s?(?:아니|아닙)"
    r"|(?:안|못)\s?\S{1,5}\s?(?:이유|필요|것|건|거|정도)(?:은|는|가|까지)?\s?[가-힣]{0,3}\s?(?:없|아니|아닙|않)"
    r"|지\s?(?:않|못)(?:은|는|할)\s?(?:것은|건|것도|거는|이유는|이유가)\s?(?:아니|아닙|없))"
    r"|(?P<neg>지\s?(?:않|마시|말)(?:는|으시는|아야)\s?(?:것|게|편)?(?:이|을)?\s?(?:좋|낫|맞|안전|바람직|권|추천|하)"
    r"|안\s?\S{1,5}\s?(?:게|것이|편이)\s?(?:좋|맞|낫|안전)"
    r"|(?:안|못)\s\S{1,5}도\s?(?:되|돼|됩|괜찮)|지\s?않(?:아도|으셔도|으시면)\s?(?:되|돼|됩|괜찮)"
    r"|(?P<forbid>지\s?(?:마|말)|안\s?(?:되|돼|됩|된|됨))|수(?:가|는|도)?\s?없|(?:필요|의무)(?:는|가|까지|도)?\s?없"
    r"|지\s?(?:는|가|도)?\s?(?:않|못)|(?<!\S)(?:안|못)\s(?=\S)|아니(?:에요|예요|다|야|라|고|며|죠)|아닙|아님|아닌"
    r"|없(?:어|습|다|음|네|죠|는|고|이))"
    r"|(?P<false>틀리|틀린|틀렸|오해|거짓|가짜|미신|속설|낭설|괴담|헛소문|잘못\s?(?:알|된))(?!지)"
    r"|(?P<bad>위험|금지|금물|불가|불법|해롭|해로|나쁘|나빠|안\s?좋|피하|걱정|위반|벌금|과태료"
    r"|삼가|무리|독성|비추|어렵|어려|힘들|곤란|참으|자제|실례|민폐|부담)"
    rf"(?P<badneg>{_NOT_HELD}|"
    r"(?:하)?[가-힣]{0,2}지\s?(?:는|도|가)?\s?(?:않|못|마)"
    r"|[가-힣]{0,3}\s?(?:은|는|이|가|건|게|다는 (?:근거|증거)[가-힣]?|라는 (?:근거|증거)[가-힣]?)"
    r"\s?(?:아니|아닙|없|어렵))?"
    r"|(?P<true>맞(?:아|습|음|는다|다)|사실(?:이|입|로|임)|옳|진짜(?:예|입|이에|야|로|가|는))"
    rf"(?P<trueneg>{_NOT_HELD}|[가-힣]{{0,3}}지\s?(?:는|도|가)?\s?(?:않|못)|[가-힣]{{0,3}}(?:은|는|이|가|건|게)?\s?(?:아니|아닙))?"
    r"|(?P<good>괜찮|ㄱㅊ|가능|안전|(?:도|면|^|[네,]\s)\s?(?:돼|되|됩|된|됨)|수(?:도|는)?\s?있|충분|합법|허용"
    r"|권장|추천|권(?:해|합)|좋(?:아|습|다|은|을|겠)|(?:어|아|해|여)야\s?(?:하|해|합|돼|됩|한)|필수|의무"
    r"|있(?:어|습|음|을)|효과)"
    rf"(?P<goodneg>{_NOT_HELD}|"
    r"[가-힣]{0,3}지\s?(?:는|도|가)?\s?(?:않|못|마)|[가-힣]{0,3}(?:은|는|이|가|건|게)\s?(?:아니|아닙|없))?"
)
_ENGLISH = re.compile(
    # Without the first sign every alternative would be tried at every letter.
    r"\b(?:(?P<pos>\bno (?:reason|problem|issue|harm)\b[^.,;]{0,30}"
    r"|\bnothing (?:wrong|illegal|dangerous|to worry)\b"
    r"|\b(?:not|isn't|aren't|n't|never)\s+(?:\w+\s+)?(?:impossible|a problem|an issue)\b)"
    r"|(?P<false>\b(?:false|incorrect|wrong|myths?|misconception|(?:urban )?legend|hoax|nonsense|untrue"
    r"|old wives)\b)"
    r"|(?P<bad>(?P<badneg>\b(?:not|isn't|aren't|won't|doesn't|don't|no)\s+(?:\w+\s+){0,2})?"
    r"\b(?:unsafe|dangerous|harmful|harm|hurt|toxic|poisonous|illegal|impossible|bad|rude|impolite"
    r"|banned|forbidden|prohibited|unnecessary|risky|fatal|against the law|burn out)\b)"
    r"|(?P<true>(?P<trueneg>\b(?:not|isn't|aren't)\s+(?:\w+\s+){0,2})?\b(?:true|correct|accurate)\b)"
    r"|(?P<forbid>\b(?:shouldn't|should not|mustn't|must not|avoid|refrain|do not|don't)\b)"
    r"|(?P<good>(?P<goodneg>\b(?:not|isn't|aren't|won't|doesn't|don't|never|cannot|can't|shouldn't|nothing)\s+(?:\w+\s+){0,2})?"
    r"\b(?:safe|safely|ok|okay|fine|allowed|legal|possible|permitted|healthy|recommended|works?"
    r"|required|necessary|needed|expected)\b)"
    r"|(?P<neg>\b(?:cannot|can't|can not|isn't|aren't|doesn't|won't|wouldn't|didn't"
    r"|not|never"
    r"|no longer|no need|no evidence|no|skip|neither)\b)"
    r"|(?P<weak>\b(?:can|could|may|should|must|need|do|does|will)\b))",
    re.I,
)
WEAK = 0.4
_STATES = re.compile(
    r"있[어습음을]|없[어습다음네죠는고이]|효과|좋[아습다은을겠]|맞[아습음는다]|지\s?(?:는|가|도)?\s?(?:않|못)|(?:안|못)"
)
_CONDITION = re.compile(
    r"다만|단,|하지만|그러나|경우에(?:는|만)|조건|때에만|라면|다면|제외|예외|주의"
    r"|\bif\b|\bunless\b|\bas long as\b"
    r"|\bbut\b|\bhowever\b|\bonly (?:if|when)\b|\bexcept\b|\bprovided\b",
    re.I,
)
_CLAUSE = re.compile(
    r"(?<=지만)[,\s]|(?<=는데)[,\s]|(?<=은데)[,\s]|(?<=는데요)[,\s]|(?<=지만요)[,\s]|,\s(?:but|though|although|yet)\s|;\s"
)
_LETTER = re.compile(r"[가-힣]")
# "옮지 않는다고 보셔도 돼요" holds the first verb; the last ones only state it.
_HELD = re.compile(r"(?<=[다라])고\s?(?:보|생각하|알|이해하|여기)[가-힣]{0,4}\s?(?:되|돼|됩|좋|맞)[가-힣]*")


@dataclass(frozen=True, slots=True)
class Polarity:
    """+1 affirms, -1 denies, 0 says neither; from the opening word, and from the predicates."""

    sign: int
    opening: int = 0
    body: float = 0.0
    is_conditional: bool = False


def _sign_of(found: re.Match[str], *, asks_bad: bool) -> float:
    groups = found.groupdict()
    if groups["true"]:
        return -1.0 if groups["trueneg"] else 1.0
    if groups["false"]:
        return -1.0
    if groups["forbid"]:
        return 1.0 if asks_bad else -1.0
    if groups["pos"]:
        return -1.0 if asks_bad else 1.0
    if groups["neg"]:
        return -1.0
    if groups.get("weak"):
        return 0.3
    evaluates = 1.0 if groups["good"] else -1.0
    if groups["goodneg"] or groups["badneg"]:
        evaluates = -evaluates
    return -evaluates if asks_bad else evaluates


def _weigh_cue(found: re.Match[str], *, asks_bad: bool) -> float:
    """Return the sign of a predicate; one that only states or denies being there counts less."""
    return _sign_of(found, asks_bad=asks_bad) * (WEAK if _STATES.fullmatch(found[0].strip()) else 1.0)


def split_clauses(text: str) -> list[str]:
    """Return the clauses of a sentence, without verbs that only state what is held."""
    return [clause for clause in _CLAUSE.split(_HELD.sub("", text)) if clause and clause.strip()]


@lru_cache(maxsize=1024)
def measure_sign(text: str, *, asks_bad: bool = False) -> float:
    """Return the verdict of a sentence, -1 to 1: of the last predicate in Korean, the first in English."""
    clauses = split_clauses(text)
    if not clauses:
        return 0.0
    if _LETTER.search(text):
        for clause in reversed(clauses):
            found = list(_KOREAN.finditer(clause))
            if found:
                return _weigh_cue(found[-1], asks_bad=asks_bad)
        return 0.0
    for clause in (clauses[-1], clauses[0]) if len(clauses) > 1 else clauses:
        found = list(_ENGLISH.finditer(clause))
        strong = [each for each in found if not each["weak"]]
        if found:
            return _sign_of((strong or found)[0], asks_bad=asks_bad)
    return 0.0


@lru_cache(maxsize=1024)
def read_yes_or_no(text: str) -> int:
    """Return +1 for a sentence that opens with yes (or holds it as its verdict), -1 for no, else 0."""
    if _YES.search(text):
        return 1
    if _NO.search(text):
        return -1
    found = _VERDICT.search(text)
    if not found:
        return 0
    return 1 if (found["word"] or found["korean"]).casefold() in {"yes", "네"} else -1


def read_polarity(answer: AnswerText, *, asks_bad: bool, is_negated: bool) -> Polarity:
    """Return what an answer says to a yes/no question.

    `asks_bad` is true for "is it dangerous?", `is_negated` for "안 되나요?": a Korean yes then agrees with
    the negation.
    """
    if not answer.segments:
        return Polarity(0)
    opening = _find_yes_or_no(answer.segments)
    body = _measure_body(answer.segments, asks_bad=asks_bad)
    is_korean = bool(_LETTER.search(answer.segments[0].text))
    if is_negated and opening and is_korean:
        opening = -opening
    verdict = 1 if body > 0.2 else -1 if body < -0.2 else 0
    sign = verdict or opening if is_negated else opening or verdict
    return Polarity(sign, opening, body, bool(_CONDITION.search(answer.plain)))


def _measure_body(segments: tuple[Segment, ...], *, asks_bad: bool) -> float:
    """Return the sum of the sentences' verdicts: the first one counts most, and a conclusion as much."""
    asserted = [each for each in segments if not each.text.rstrip().endswith("?")][:12]
    body = 0.0
    for index, segment in enumerate(asserted):
        sign = measure_sign(segment.text, asks_bad=asks_bad)
        if not sign:
            continue
        weight = 1.0 if index == 0 else 0.7 if index == len(asserted) - 1 else 0.25
        weight = max(weight, 1.3 if segment.is_concluding else 0.0)
        body += weight * sign * (0.5 if segment.is_belief else 1.0)
    return body


def _find_yes_or_no(segments: tuple[Segment, ...]) -> int:
    first = read_yes_or_no(segments[0].text)
    if first:
        return first
    labelled = [each for each in segments if each.is_labelled or each.weight > 1.5]
    for segment in (*labelled, segments[-1]):
        if sign := read_yes_or_no(segment.text):
            return sign
    return 0
