"""Reads what one sentence says: its words in order, numbers, dates, negation and limits."""

import re
from dataclasses import dataclass
from functools import lru_cache

from aggregator.pipeline.agreement.readers.dates import Mention, Moment, find_moments
from aggregator.pipeline.agreement.readers.polarity import measure_sign
from aggregator.pipeline.agreement.readers.quantities import find_quantities
from aggregator.pipeline.agreement.readers.quantity import Quantity
from aggregator.pipeline.agreement.readers.words import list_words
from aggregator.pipeline.agreement.rejections import find_rejected_spans
from aggregator.pipeline.agreement.segments import normalise

SUBJECT, OBJECT, THAN, FROM, TO, OF = "subject", "object", "than", "from", "to", "of"
_CASES = {
    **dict.fromkeys(("을", "를"), OBJECT),
    "보다": THAN,
    **dict.fromkeys(("에서", "부터", "에게서", "한테서"), FROM),
    **dict.fromkeys(("까지", "에게", "한테"), TO),
    **dict.fromkeys(("은", "는", "이", "가", "께서"), SUBJECT),
    "의": OF,
}
_MARKUP = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)")
_NEGATION = re.compile(
    r"\b(?:not|no|never|cannot|neither|nor|without|none|nobody|nothing|hardly)\b|n't\b"
    r"|않|없|아니|아닙|아닌|아님|못|말아|마세요|마십|(?:^|\s)안\s",
    re.I,
)
_OPERATOR = re.compile(r"(?<=[\d)\s])[-+*/×÷^<>≤≥≠](?=\s?[\d(])")
# Between the items of a list; another number of them is a list of another length.
_JOINT = re.compile(
    r",|·|;|\b(?:and|or)\b|\s(?:및|또는|혹은|그리고)\s|(?<=[가-힣])(?:와|과|랑|하고)(?=\s)", re.I
)
_DIGITS = re.compile(r"\d[\d,.]*")
_SAME_OPERATORS = {"×": "*", "÷": "/"}
# What limits or grades a statement without being one of its content words.
_LIMITS = (
    r"\b(?:may|might|could|perhaps|maybe|possibly)\b|아마|수도 있|을지도|[을를ㄹ] ?것 같",
    r"\b(?:must|have to|has to|required)\b|(?:아|어|여|해|야)야 (?:하|해|합|한|돼|됩)",
    r"\b(?:should|ought)\b", r"\bcan\b|수(?:가|는|도)? ?있", r"\bonly\b|(?<=[가-힣])만(?=\s)|뿐|오직",
    r"\b(?:all|every|always)\b|모든|모두|항상|언제나",
    r"\b(?:some|sometimes|few|partly)\b|일부|가끔|때때로|몇몇",
    r"\b(?:most|mostly|usually)\b|대부분|대체로|보통", r"\bif\b|\bunless\b|[으하되]면(?=[\s,])|경우",
    r"\b(?:before|until)\b|전에|이전", r"\bafter\b|뒤에|후에|이후", r"\bmore\b|\bover\b|이상|초과|넘",
    r"\bless\b|\bunder\b|\bbelow\b|이하|미만", r"\bthan\b|보다", r"\bex\b|\bformer\b|옛|예전|과거",
)  # fmt: skip
_LIMITS_FOUND = tuple(re.compile(pattern, re.I) for pattern in _LIMITS)


@dataclass(frozen=True, slots=True)
class ContentTerm:
    """A content word, the case that its particle shows ('' for none), and whether it is only rejected."""

    folded: str
    written: str
    case: str
    is_rejected: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """What a sentence says; `text` is the sentence as it is written."""

    text: str
    words: tuple[ContentTerm, ...]
    values: tuple[Quantity, ...]
    moments: tuple[Moment, ...]
    operators: tuple[str, ...]
    joints: int
    negations: int
    sign: float
    limits: frozenset[int]
    is_question: bool


def _read_case(folded: str, written: str) -> str:
    return _CASES.get(written[len(folded) :], "") if written.startswith(folded) else ""


def _drop_measured(moments: list[Mention], quantities: list[Quantity]) -> list[Mention]:
    """Return the moments that are no measured quantity: 1000 in "1000 g" is no year."""
    return [
        each
        for each in moments
        if not any(q.unit and q.start < each.end and each.start < q.end for q in quantities)
    ]


@lru_cache(maxsize=1024)
def read_statement(text: str) -> Statement:
    """Return what a sentence says."""
    plain = _MARKUP.sub("", normalise(text)).strip()
    moments = find_moments(plain)
    if moments:
        moments = _drop_measured(moments, find_quantities(plain))
    values = find_quantities(plain, [(each.start, each.end) for each in moments])
    spans: list[Mention | Quantity] = [*moments, *values]
    taken = [(each.start, each.end) for each in spans]
    rejected = list(find_rejected_spans(plain))
    words = tuple(
        ContentTerm(folded, written, _read_case(folded, written), any(a <= start < b for a, b in rejected))
        for folded, written, start, end in list_words(plain)
        if not any(a < end and start < b for a, b in taken) and not folded[0].isdigit()
    )
    return Statement(
        text=text,
        words=words,
        values=tuple(values),
        moments=tuple(each.moment for each in moments),
        operators=tuple(_SAME_OPERATORS.get(each, each) for each in _OPERATOR.findall(plain)),
        joints=len(_JOINT.findall(_DIGITS.sub("0", plain))),
        negations=len(_NEGATION.findall(plain)),
        sign=measure_sign(plain),
        limits=frozenset(i for i, pattern in enumerate(_LIMITS_FOUND) if pattern.search(plain)),
        is_question=plain.rstrip("\"'”’) ").endswith("?"),
    )
