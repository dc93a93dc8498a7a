"""Cuts an answer into its sentences, rows and code, and weighs how likely each concludes the answer."""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from aggregator.pipeline.agreement.rejections import Span, find_rejected_spans, is_self_correction

HEAD_CHARS, TAIL_CHARS = 900, 900
MAX_SEGMENTS = 40
PROSE, ITEM, ROW, HEADING, CODE = "prose", "item", "row", "heading", "code"

SEGMENT_CUES = (
    "first", "last", "only", "labelled", "concludes", "aside", "question", "item", "row", "heading", "code",
    "corrects", "corrected", "last_but_one", "belief", "after_end", "second",
)  # fmt: skip
_SEGMENT_WEIGHTS = (
    1.2, 0.9, 0.0, 2.5, 1.2, -1.5, -3.0, -0.6, -0.8, -0.8, -0.5, 2.0, -3.0, 0.0, -0.5, -1.0, 0.0
)  # fmt: skip
_CIRCLED = {chr(0x2460 + n): f" ({n + 1}) " for n in range(10)}
_SUPERSCRIPTS = str.maketrans({"²": "^2", "³": "^3", "⁴": "^4", "⁵": "^5", "⁶": "^6", "⁸": "^8", "⁹": "^9"})
_NUMBER_PUNCTUATION = str.maketrans(
    {"−": "-", "–": "-", "—": " - ", "∼": "~", "〜": "~", "⁄": "/", "’": "'", "‘": "'"}
)
_PUNCTUATION = re.compile(f"[{''.join(map(chr, _NUMBER_PUNCTUATION))}]")
# "2026. 2. 17." would be cut into sentences.
_DOTTED_DATE = re.compile(r"(?<!\d)(\d{4})\.\s(\d{1,2})\.\s(\d{1,2})(?!\d)\.?")
_INLINE_FORMULA = re.compile(r"\$\$?([^$\n]{1,120}?[\\=^{×][^$\n]{0,120}?|[\d\s.,+*/-]{1,40})\$\$?")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]{1,40})\}\s*\{([^{}]{1,40})\}")
_BRACED = re.compile(r"\\(?:text|mathrm|mathbf|textbf|operatorname|mbox)\s*\{([^{}]{0,80})\}")
_BOXED = re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\}){1,200})\}")
_LATEX_SYMBOLS = (
    ("\\times", "×"), ("\\cdot", "×"), ("\\div", "÷"), ("\\approx", "≈"), ("\\%", "%"), ("\\$", "$"),
    ("^\\circ", "°"), ("^{\\circ}", "°"), ("\\circ", "°"), ("\\pi", "π"), ("\\sqrt", "√"), ("\\leq", "≤"),
    ("\\left", ""), ("\\right", ""), ("\\,", " "), ("\\;", " "), ("\\!", ""), ("\\:", " "), ("\\quad", " "),
    ("\\(", " "), ("\\)", " "), ("\\[", " "), ("\\]", " "), ("\\rightarrow", "→"), ("\\to", "→"),
)  # fmt: skip
_FENCE = re.compile(r"```[^\n`]*\n?(.*?)(?:```|$)", re.S)
_SENTENCE = re.compile(
    r"(?<=[.!?。])(?<![ap]\.m\.)(?<!\b[A-Z]\.)(?<!\be\.g\.)(?<!\bvs\.)[\"')\]]*\s+(?!\d+[.)]\s*$)"
)
_LIST_MARK = re.compile(r"^\s*(?:[-*•‣◦·]|\d{1,2}[.)]|[a-z][.)])\s+")
_TABLE_RULE = re.compile(r"^\s*\|?[\s:|-]{3,}\|?\s*$")
_MARKS = re.compile(r"(\*\*|__|`)")

_LABEL = re.compile(
    r"(?:정\s?답|최종\s?답|(?<![가-힣])답)\s*(?:은|는|이|:|：|=|→)|\b(?:final |correct "
    r"|short )?answer\s*(?:is"
    r"|:"
    r"|="
    r"|would be)"
    r"|\bans\s*[:.]|^\s*(?:결론|요약|tl;?dr|result|결과)\s*[:：]",
    re.I,
)
_CONCLUDES = re.compile(
    r"(?:^|[\s,.(])(?:따라서|그러므로|그래서|그러니까|그러니|그럼|결국|결론|즉|최종|총|합계|합하면|더하면|정리하면|한마디로|요약)"
    r"|\b(?:so|thus|therefore|hence|overall|in short|in total|total|finally|bottom line|conclusion"
    r"|which means"
    r"|that's|that is|this means|comes to|equals|works out)\b",
    re.I,
)
_ASIDE = re.compile(
    r"^\s*(?:참고|예를 들|예:|주의|팁|tip|note|for example|e\.g\.|출처|source|p\.?s\.?|fun fact)", re.I
)
_BELIEF = re.compile(
    r"흔히|보통|많이들|많은 (?:사람|분)|생각하|오해|헷갈|착각|\b(?:people|many|most|commonly|often|popular"
    r"|usually"
    r"|myth)\b",
    re.I,
)
# Single Korean letters (ㄴㄴ, ㄱㅊ) would become parts of syllables.
_NOT_JAMO = re.compile(r"[^\u3131-\u318e]+")
_VULGAR = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞])")
_LOOKALIKE = re.compile(f"[{''.join(_CIRCLED)}{''.join(map(chr, _SUPERSCRIPTS))}¼-¾⅐-⅞]")
_OFFER = re.compile(
    r"궁금|말씀해|알려\s?(?:주시|드릴)|필요하시|도와드릴|원하시면|물어봐|여쭤|let me know|feel free"
    r"|would you like"
    r"|want me to|hope (?:this|that)|happy to|do you (?:want|need)",
    re.I,
)


class Sentence(NamedTuple):
    """The words of a segment with its marks, wherever it stands."""

    text: str
    bold: tuple[Span, ...] = ()
    rejected: tuple[Span, ...] = ()
    is_code: bool = False

    def is_rejected(self, start: int, end: int) -> bool:
        """Return whether the text mentions these characters only to reject them."""
        return any(first <= start and end <= last for first, last in self.rejected)

    def is_bold(self, start: int, end: int) -> bool:
        """Return whether these characters touch bold text."""
        return any(start < last and first < end for first, last in self.bold)


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence, list item, table row or code block, with the weight of being the conclusion."""

    sentence: Sentence
    kind: str
    cues: tuple[float, ...]
    weight: float
    code: tuple[Span, ...] = ()
    is_labelled: bool = False

    @property
    def text(self) -> str:
        """Return the words without their marks."""
        return self.sentence.text

    @property
    def is_concluding(self) -> bool:
        """Return whether a label, a conjunction or a correction marks the segment as the conclusion."""
        return any(self.cues[SEGMENT_CUES.index(cue)] for cue in ("labelled", "concludes", "corrects"))

    @property
    def is_belief(self) -> bool:
        """Return whether the segment tells what others believe."""
        return bool(self.cues[SEGMENT_CUES.index("belief")])


@dataclass(frozen=True, slots=True)
class AnswerText:
    """An answer in plain characters, cut into segments."""

    plain: str
    segments: tuple[Segment, ...] = field(default=())


def _clip(text: str) -> str:
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        return text
    return f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"


def _fold_characters(text: str) -> str:
    """Return a text with plain characters in place of those that only look different."""
    if _LOOKALIKE.search(text):
        for mark, plain in _CIRCLED.items():
            text = text.replace(mark, plain)
        text = _VULGAR.sub(" ", text.translate(_SUPERSCRIPTS))
    if not unicodedata.is_normalized("NFKC", text):
        text = _NOT_JAMO.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return text.translate(_NUMBER_PUNCTUATION) if _PUNCTUATION.search(text) else text


def normalise(text: str) -> str:
    """Return a text without LaTeX and width variants: signs of formulas as plain characters."""
    if not text.isascii():
        text = _fold_characters(text)
    if ". " in text:
        text = _DOTTED_DATE.sub(r"\1-\2-\3", text)
    if "$" in text:
        text = _INLINE_FORMULA.sub(r" \1 ", text)
    if "\\" in text:
        text = _BRACED.sub(r"\1", text)
        text = _FRACTION.sub(r"\1/\2", text)
        text = _BOXED.sub(r"**\1**", text)
        for sign, plain in _LATEX_SYMBOLS:
            text = text.replace(sign, plain)
        text = re.sub(r"(\d)\{,\}(\d)", r"\1,\2", text)
    return text


def _strip_marks(line: str) -> tuple[str, list[Span], list[Span]]:
    """Return a line without bold and code marks, and the spans that were marked."""
    if "**" not in line and "__" not in line and "`" not in line:
        return line, [], []
    plain, bold, code = "", list[Span](), list[Span]()
    opened: dict[str, int] = {}
    for part in _MARKS.split(line):
        if part not in {"**", "__", "`"}:
            plain += part
        elif part in opened:
            spans = code if part == "`" else bold
            spans.append((opened.pop(part), len(plain)))
        else:
            opened[part] = len(plain)
    return plain, bold, code


class _TextCues(NamedTuple):
    """What the words of a segment alone say of it, wherever it stands."""

    is_labelled: bool
    concludes: bool
    is_aside: bool
    asks: bool
    is_belief: bool
    rejected: tuple[Span, ...]


# A live turn cuts the answers that are being written again and again.
@lru_cache(maxsize=1024)
def _read_cues(text: str) -> _TextCues:
    return _TextCues(
        bool(_LABEL.search(text)),
        bool(_CONCLUDES.search(text)),
        bool(_ASIDE.search(text)),
        _is_question(text),
        bool(_BELIEF.search(text)),
        tuple(find_rejected_spans(text)),
    )


@lru_cache(maxsize=1024)
def _is_question(text: str) -> bool:
    """Return whether a segment asks back or offers help."""
    return text.rstrip().endswith("?") or bool(_OFFER.search(text))


def _measure_cues(phrasing: _TextCues, *, kind: str, place: tuple[int, int, int]) -> tuple[float, ...]:
    """Return the SEGMENT_CUES of a segment; `place` is its index, their count, and that of a correction."""
    index, count, corrected = place
    return (
        index == 0,
        index == count - 1,
        count == 1,
        phrasing.is_labelled,
        phrasing.concludes,
        phrasing.is_aside,
        phrasing.asks,
        kind == ITEM,
        kind == ROW,
        kind == HEADING,
        kind == CODE,
        0 <= corrected <= index,
        index < corrected,
        1 < index == count - 2,
        phrasing.is_belief,
        index >= count,
        index == 1,
    )


def _weigh(cues: tuple[float, ...]) -> float:
    """Return how likely the segment concludes the answer, as a sum of weights."""
    return sum(weight * cue for weight, cue in zip(_SEGMENT_WEIGHTS, cues, strict=True))


def _split_lines(text: str) -> list[tuple[str, str]]:
    """Return (kind, text) of every code block, table row, list item and sentence, in order."""
    parts: list[tuple[str, str]] = []
    for index, block in enumerate(_FENCE.split(text)):
        if index % 2:
            if block.strip():
                parts.append((CODE, block.strip()))
            continue
        for line in block.splitlines():
            if line.strip() and not _TABLE_RULE.match(line):
                parts.extend(_split_line(line.strip()))
    return parts


def _split_line(line: str) -> list[tuple[str, str]]:
    if line.startswith("#"):
        return [(HEADING, line.lstrip("# "))]
    if line.startswith("|") or line.count("|") >= 2:
        return [(ROW, line.strip("| "))]
    if mark := _LIST_MARK.match(line):
        return [(ITEM, line[mark.end() :])]
    return [(PROSE, sentence) for sentence in _SENTENCE.split(line) if sentence.strip()]


def cut_segments(text: str) -> AnswerText:
    """Return an answer in segments; only the beginning and the end of a long one."""
    plain = normalise(_clip(text))
    parts = _split_lines(plain)
    if len(parts) > MAX_SEGMENTS:
        parts = parts[: MAX_SEGMENTS // 2] + parts[-MAX_SEGMENTS // 2 :]
    # A follow-up question or an offer of help at the end is not the last segment of the answer.
    count = len(parts)
    while count > 1 and _is_question(parts[count - 1][1]):
        count -= 1
    corrected = max((i for i, (_, part) in enumerate(parts) if is_self_correction(part)), default=-1)
    segments = []
    for index, (kind, part) in enumerate(parts):
        bare, bold, code = (part, [], []) if kind == CODE else _strip_marks(part)
        phrasing = _read_cues(bare)
        cues = _measure_cues(phrasing, kind=kind, place=(index, count, corrected))
        sentence = Sentence(bare, tuple(bold), phrasing.rejected, kind == CODE)
        segments.append(Segment(sentence, kind, cues, _weigh(cues), tuple(code), phrasing.is_labelled))
    return AnswerText("\n".join(segment.text for segment in segments), tuple(segments))
