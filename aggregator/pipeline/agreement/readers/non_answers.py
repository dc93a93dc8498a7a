"""Recognises answers that refuse, do not know, or give no verdict."""

import re

_REFUSES = re.compile(
    r"(?:죄송|미안)[^.\n]{0,60}(?:없|어렵|못|불가|모르|힘들)|(?:잘\s?|저도\s?|저는\s?|정확히(?:는)?\s?)모르(?:겠|ㄹ|는|지)|모르겠"
    r"|(?:알|확인|답변|말씀|도와|제공|계산|판단|대답|알려)[가-힣]{0,3}\s?(?:드릴|할|을|해\s?드릴)?\s?수(?:는|가)?\s?(?:없|어렵)"
    r"|(?:드리|답하|답변하|판단하)기(?:가|는|에)?\s?(?:어렵|어려|곤란|힘들)|드릴 수(?:는|가)?\s?없"
    r"|답(?:변)?(?:하기|을 드리기)(?:가|는)?\s?(?:어렵|곤란|힘들)|(?:정보|자료|데이터)(?:가|는|를)?\s?(?:없"
    r"|부족"
    r"|찾을 수)"
    r"|대답할 수 없|알 수(?:가|는)? 없|확인(?:이|은)? (?:안|불가|어렵)"
    r"|\bI(?:'m| am)?\s?(?:really |just |actually )?(?:do not|don't|not|cannot|can't|unable|couldn't"
    r"|could not|won't)\s+(?:really |actually |entirely )?(?:know|sure|able|help|provide|say|tell"
    r"|answer|find|have (?:any|enough|access|that|this|real)|assist|determine|confirm|be certain)"
    r"|\b(?:no idea|not able to (?:help|answer)|unable to (?:help|answer|determine|provide|confirm))\b"
    r"|\bsorry,? (?:but )?I\b|\bas an ai\b",
    re.I,
)
_NO_VERDICT = re.compile(
    r"(?:상황|경우|사람|상태|조건|종류|지역|나라|체질|기준|취향|제품|회사|모델|용도|목적|개인|환경|학교|은행|통신사|가게|매장|병원|카드|항공사"
    r"|보는 관점)[가-힣]{0,4}(?:에|마다|에 따라)?\s?(?:따라|마다)?\s?[가-힣 ]{0,8}(?:다르|달라|다릅|달리"
    r"|천차만별)"
    r"|(?:단정|딱 잘라|한마디로|일률적으로)[가-힣\s]{0,12}(?:없|어렵|힘들)|케바케|그때그때"
    r"|\b(?:it |that |this |really |well, )*depends\b|\bdepending on\b|\bvar(?:y|ies)\b"
    r"|\bcase by case\b|\bhard to say\b|\bno (?:single|definitive|simple) answer\b",
    re.I,
)
# Every alternative of _NO_VERDICT holds one of these.
_MAY_LEAVE_OPEN = re.compile(
    r"다르|달라|다릅|달리|천차|어렵|힘들|없|케바|그때|depend|var|case|hard|answer", re.I
)
_SHORT, _OPENING = 160, 120


def measure_refusal(plain: str) -> float:
    """Return how surely a text gives no answer at all, from 0 to 1."""
    found = _REFUSES.search(plain[:_OPENING]) or (_REFUSES.search(plain) if len(plain) <= _SHORT else None)
    if not found:
        return 0.0
    # A text that goes on for long after the words of a refusal gives an answer.
    rest = len(plain) - found.end()
    return 1.0 if rest < 60 else 0.8 if rest < 220 and found.start() < 80 else 0.3


def measure_no_verdict(plain: str) -> float:
    """Return how surely a text leaves open what is expected (it depends), from 0 to 1."""
    found = _NO_VERDICT.search(plain) if _MAY_LEAVE_OPEN.search(plain) else None
    if not found:
        return 0.0
    return 1.0 if found.start() < 60 and len(plain) < 200 else 0.6 if found.start() < 60 else 0.3
