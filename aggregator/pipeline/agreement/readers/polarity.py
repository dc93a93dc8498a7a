"""Reads whether an answer affirms or denies what a yes/no question asks, through negation and modal verbs."""

import re
from dataclasses import dataclass

from aggregator.pipeline.agreement.segments import AnswerText

_YES = re.compile(
    r"^[\s\"'(*]*(?:(?:결론|답|정답|answer|short answer)\s*(?:은|:|-)?\s*)?(?:네(?![가-힣\s]*\s?(?:개|명|번"
    r"|시간"
    r"|마리"
    r"|살"
    r"|시\b))|넵|넹|예(?![가-힣])|응|웅|ㅇㅇ|그럼요?|그렇(?!지)|그래(?:요|도 돼)|맞(?:아|습|음|는|다|지만)"
    r"|물론"
    r"|당연"
    r"|o\b"
    r"|yes\b|yeah\b|yep\b|yup\b|correct\b|true\b|right\b|absolutely\b|definitely\b|certainly\b"
    r"|of course\b|sure\b|indeed\b|it is\b(?! not)|it does\b(?! not)|you can\b(?! not)|they (?:are"
    r"|do)\b(?! not))",
    re.I,
)
_NO = re.compile(
    r"^[\s\"'(*]*(?:(?:결론|답|정답|answer|short answer)\s*(?:은|:|-)?\s*)?(?:아니(?:[요오야에]|\b|,|예요|다)"
    r"|아닙"
    r"|아뇨"
    r"|놉"
    r"|노노|ㄴㄴ|틀(?:렸|려|린)|그렇지(?:는)? 않|x\b|절대"
    r"|no\b(?!\s+(?:problem|doubt|worries))|nope\b|nah\b|false\b|incorrect\b|wrong\b|not (?:really"
    r"|quite|exactly|at all|necessarily|recommended|anymore|true|safe|yet)\b|never\b|it isn't\b"
    r"|it doesn't\b)",
    re.I,
)
_CUES = re.compile(
    r"(?P<good>문제(?:가|는|될 게|될 건)?\s?없|상관(?:이|은)?\s?없|무방|괜찮|괜춘|가능|안전|도\s?(?:돼|되|됩"
    r"|된)"
    r"|(?:수"
    r"|ㄹ 수)(?:도"
    r"|는"
    r"|가)?\s?있|맞(?:아|습|는|음|다)|충분|합법|허용|사실(?:이|입|로)|옳|권장|추천|좋(?:아|습|다|은|을)"
    r"|\b(?:can|could|may|safe|safely|ok|okay|fine|true|correct|allowed|legal|possible|good|should|works?|permitted|accurate|healthy|recommended|enough)\b)"
    r"|(?P<bad>위험|금지|불가|불법|해롭|해로|나쁘|나빠|안\s?좋|틀리|틀린|피하|오해|거짓|미신|속설|낭설|삼가|부족|무리|불필요|치명|독성|비추"
    r"|\b(?:unsafe|dangerous|harmful|toxic|poisonous|illegal|false|incorrect|wrong|myth|impossible|avoid|bad|banned|forbidden|prohibited|misconception|unnecessary|risky|fatal|refrain)\b)"
    r"|(?P<no>수(?:는|가|도)?\s?없|안\s?(?:돼|되|됩|된)|안(?:됩|돼|되)|면\s?안|지\s?마(?:세요|십|라)?|지\s?말|못\s?[가-힣]|아니(?:에요|예요|다|야|며|고|라|지)|아닙|아닌|필요(?:는|가|도)?\s?없|없(?:어|습|다|음)"
    r"|\b(?:cannot|can't|can not|shouldn't|should not|mustn't|must not|isn't|aren't|doesn't|don't|won't"
    r"|not|never|no longer|no need)\b)",
    re.I,
)
_NEGATED_AFTER = re.compile(
    r"^[가-힣]{0,3}지\s?(?:는|도|가)?\s?(?:않|못|아니|말|마)|^[가-힣]{0,4}\s?(?:건|것은|것이|게|라고는"
    r"|라는 건)?\s?(?:아니"
    r"|아닙"
    r"|아닌"
    r"|않)"
)
_NEGATED_BEFORE = re.compile(
    r"(?:\b(?:not|n't|never|isn't|aren't|don't|doesn't|no|cannot|can't|neither)\s+(?:\w+\s+){0,2}|(?:^|\s)안\s?)$",
    re.I,
)
_CONDITION = re.compile(
    r"다만|단,|하지만|그러나|경우에(?:는|만)|조건|때에만|라면|다면|제외|예외|주의|\bif\b|\bunless\b"
    r"|\bas long as\b"
    r"|\bbut\b"
    r"|\bhowever\b|\bonly (?:if|when)\b|\bexcept\b|\bprovided\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Polarity:
    """+1 affirms, -1 denies, 0 says neither; how it was read; whether a condition goes with it."""

    sign: int
    lead: int = 0
    body: float = 0.0
    is_conditional: bool = False


def measure_sign(text: str) -> float:
    """Return the sum of what modal and evaluative words say, each turned by its negations."""
    total = 0.0
    consumed = -1
    for found in _CUES.finditer(text):
        if found.start() < consumed:
            continue
        sign = 1.0 if found["good"] else -1.0
        after, before = text[found.end() : found.end() + 14], text[max(0, found.start() - 18) : found.start()]
        if negated := _NEGATED_AFTER.match(after):
            sign = -sign
            consumed = found.end() + negated.end()
        if not found["no"] and _NEGATED_BEFORE.search(before):
            # The negation before was counted as a cue of its own: take it back, and turn this cue.
            sign, total = -sign, total + (1.0 if _CUES.search(before) else 0.0)
        elif found["good"] and before.rstrip().endswith("안"):
            sign = -sign
        total += sign
    return total


def read_leading_verdict(text: str) -> int:
    """Return +1 for a sentence that opens with yes, -1 for no, else 0."""
    return 1 if _YES.search(text) else -1 if _NO.search(text) else 0


def read_polarity(answer: AnswerText, *, asks_bad: bool, is_negated: bool) -> Polarity:
    """Return what an answer says to a yes/no question.

    `asks_bad` is true for "is it dangerous?", `is_negated` for "안 되나요?": a Korean yes then agrees with
    the negation.
    """
    if not answer.segments:
        return Polarity(0)
    first = answer.segments[0]
    lead = read_leading_verdict(first.text)
    if not lead:
        lead = next(
            (sign for each in reversed(answer.segments) if (sign := read_leading_verdict(each.text))), 0
        )
        labelled = [each for each in answer.segments if each.is_labelled or each.weight > 1.5]
        lead = lead or next((sign for each in labelled if (sign := read_leading_verdict(each.text))), 0)
    body = 0.0
    for segment in answer.segments[:6]:
        if segment.weight > -1.0:
            body += measure_sign(_without_rejected(segment.text, segment.rejected)) * (
                1.0 + max(0.0, segment.weight)
            )
    body = -body if asks_bad else body
    if is_negated and lead and "가" <= first.text.strip()[:1] <= "힣":
        lead = -lead
    sign = lead or (1 if body > 0.4 else -1 if body < -0.4 else 0)
    return Polarity(sign, lead, body, bool(_CONDITION.search(answer.plain)))


def _without_rejected(text: str, rejected: tuple[tuple[int, int], ...]) -> str:
    # Only beliefs of others are left out: the span before "아니다" is what the negation is about.
    for start, end in rejected:
        if end - start > 12 and re.search(r"지만|는데|but|however", text[start:end]):
            text = text[:start] + " " * (end - start) + text[end:]
    return text
