"""Extracts the short answer of a text in a canonical form, in which equal answers are equal strings."""

import ast
import re
import unicodedata
from dataclasses import dataclass

from aggregator.pipeline.agreement.number_parsing import format_number, parse_number
from aggregator.pipeline.answer_type import (
    DATE,
    LETTERS,
    LITERAL,
    NUMBER,
    OPTION,
    PHRASE,
    TRUTH,
    AnswerType,
    parse_option_letter,
)

_ANSWER_LIMIT = 40
_HEAD, _TAIL_LENGTH = 400, 1_600

_BOXED = re.compile(r"\\boxed\s*\{")
_JSON = re.compile(r'"(?:answer|정답|답)"\s*:\s*("(?:[^"\\]|\\.)*"|[^\s,}\]][^,}\n]*)')
_LABEL = re.compile(
    r"(?:(?:최종\s*)?정\s?답|최종\s*답|(?<![가-힣])답|(?:final\s+|correct\s+)?answer)\s*(?:은|는|이|is)?\s*[:：=]?\s*"
    r"(?:\*\*|__)?\s*(?:is\s*:?\s*)?(\S[^\n]*)",
    re.I,
)
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_TAIL = re.compile(r"(?:입니다|이에요|예요|이다|임|다)?\s*[.。!]?\s*$")
_CODE_FENCE = re.compile(r"```[^\n`]*\n(.*?)```", re.S)
_DATE = re.compile(r"(\d{3,4})\s*[-./년]\s*(\d{1,2})\s*[-./월]\s*(\d{1,2})\s*일?")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october")
_MONTH_NUMBERS = {name[:3]: n for n, name in enumerate((*_MONTHS, "november", "december"), 1)}
_ENGLISH_DATE = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{3,4})")
_BRITISH_DATE = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?([A-Za-z]{3,9})\.?,?\s+(\d{3,4})")
_YEAR = re.compile(r"(?<!\d)(\d{3,4})\s*년?(?!\d)")
_YES = re.compile(r"^(?:예|네|넵|맞|참|그렇|yes\b|true\b|correct\b|o$)", re.I)
_NO = re.compile(r"^(?:아니|틀|거짓|아뇨|no\b|false\b|incorrect\b|x$)", re.I)
_PARTICLES = re.compile(r"(?<=[가-힣])(?:입니다|이에요|예요|이다|은|는|이|가|을|를)$")


@dataclass(frozen=True, slots=True)
class ShortAnswer:
    """An answer in canonical form; two texts give the same answer exactly when these are equal."""

    kind: str
    key: str


def _read_braced(text: str, start: int) -> str:
    depth = 1
    for end in range(start, min(len(text), start + 400)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            return text[start:end]
    return ""


def find_stated_answer(text: str) -> str:
    """Return what a text marks as its answer (boxed, JSON, 정답:, answer is), or an empty string.

    Only the beginning and the end of a long text are searched: answers are there, and the rest costs time.
    """
    if len(text) > _HEAD + _TAIL_LENGTH:
        text = f"{text[:_HEAD]}\n{text[-_TAIL_LENGTH:]}"
    boxes = list(_BOXED.finditer(text))
    if boxes:
        return _read_braced(text, boxes[-1].end())
    if "답" not in text and "nswer" not in text and "NSWER" not in text:
        return ""
    if found := _JSON.findall(text):
        return str(found[-1]).strip().strip('"').strip()
    found = _LABEL.findall(text)
    return str(found[-1]).strip() if found else ""


def _clean(text: str) -> str:
    return text.strip().strip("*_`'\"“”‘’ ").strip()


def _read_option(text: str, options: tuple[str, ...]) -> str | None:
    text = _clean(text)
    mark = re.match(r"[(（\[]?\s*([A-Ja-j]|10|[1-9])\s*(?:[)）\].:,]|번|$|(?=\s)|(?=[은는이가입]))", text)
    circled = re.search(r"[①-⑩]", text)
    letter = parse_option_letter(circled[0]) if circled else parse_option_letter(mark[1]) if mark else ""
    if letter and (not options or letter in LETTERS[: len(options)]):
        return letter
    wanted = _fold(text)
    matching = [n for n, option in enumerate(options) if _fold(option) == wanted]
    if not matching and wanted:
        folded = [_fold(option) for option in options]
        matching = [n for n, option in enumerate(folded) if len(option) > 2 and option in wanted]
    return LETTERS[matching[0]] if len(matching) == 1 else None


def _read_date(text: str) -> str | None:
    if found := _DATE.search(text):
        return f"{int(found[1]):04d}-{int(found[2]):02d}-{int(found[3]):02d}"
    for pattern, month, day in ((_ENGLISH_DATE, 1, 2), (_BRITISH_DATE, 2, 1)):
        found = pattern.search(text)
        if found and (number := _MONTH_NUMBERS.get(found[month][:3].lower())):
            return f"{int(found[3]):04d}-{number:02d}-{int(found[day]):02d}"
    years = set(_YEAR.findall(text))
    return f"{int(years.pop()):04d}" if len(years) == 1 else None


def _read_literal(text: str) -> str | None:
    """Return a value of code in one form; its quotation marks tell a text from a name."""
    for form in (text.strip().strip("*`").strip().removesuffix("."), _clean(text)):
        try:
            return _write_value(ast.literal_eval(form))
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return None


def _write_value(value: object) -> str:
    """Return equal values in equal words: entries of dictionaries and sets have no order."""
    if isinstance(value, dict):
        return f"{{{', '.join(sorted(f'{_write_value(k)}: {_write_value(v)}' for k, v in value.items()))}}}"
    if isinstance(value, set):
        return f"set({', '.join(sorted(map(_write_value, value)))})"
    if isinstance(value, (list, tuple)):
        marks = "[]" if isinstance(value, list) else "()"
        return f"{marks[0]}{', '.join(map(_write_value, value))}{marks[1]}"
    return repr(value)


def _fold(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().strip()
    folded = _PARTICLES.sub("", re.sub(r"[.。!?\"'“”‘’*`]+", "", folded).strip())
    return re.sub(r"\s+", "" if re.search(r"[가-힣]", folded) else " ", folded)


_LATEX_WORDS = re.compile(r"\\(?:left|right|displaystyle|,|;|!|:|text\s*\{[^}]*\})|\$|\s")


def _read_formula(text: str) -> str:
    """Normalise LaTeX: frac, sqrt and pi without braces, degrees removed."""
    plain = _LATEX_WORDS.sub("", text).replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")
    plain = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"(\1)/(\2)", plain)
    plain = re.sub(r"\\frac(\d)(\d)", r"(\1)/(\2)", plain)
    plain = re.sub(r"\(([\w.]+)\)", r"\1", plain)
    plain = re.sub(r"\\sqrt\{([^{}]*)\}|√\(?([\w.]+)\)?", lambda found: f"sqrt{found[1] or found[2]}", plain)
    return plain.replace("\\pi", "pi").replace("π", "pi").replace("^\\circ", "").replace("\\cdot", "*")


def canonicalise(stated: str, answer_type: AnswerType | None) -> ShortAnswer | None:
    """Return a stated answer in canonical form, or None when it is not of the expected kind."""
    kind = answer_type.kind if answer_type else ""
    if kind == LITERAL:
        literal = _read_literal(stated)
        return ShortAnswer(LITERAL, literal) if literal is not None else None
    stated = _clean(stated)
    if not stated:
        return None
    if answer_type and kind == OPTION:
        letter = _read_option(stated, answer_type.options)
        return ShortAnswer(OPTION, letter) if letter else None
    if kind == TRUTH:
        truth = "T" if _YES.match(stated) else "F" if _NO.match(stated) else None
        return ShortAnswer(TRUTH, truth) if truth else None
    if kind == DATE and (date := _read_date(stated)):
        return ShortAnswer(DATE, date)
    return _read_open(stated, kind)


def _read_open(stated: str, kind: str) -> ShortAnswer | None:
    """Read a number where the answer is one; otherwise a formula or phrase of up to 40 characters."""
    # The pattern would take quadratic time on a long run of blanks.
    short = _TAIL.sub("", " ".join(stated.split()))
    number = parse_number(short, spelled=kind == NUMBER)
    if number is None and kind == NUMBER and (leading := re.match(r"[^=]{1,20}=\s*(.+)$", short)):
        number = parse_number(leading[1], spelled=True)
    if number is not None:
        return ShortAnswer(NUMBER, format_number(number))
    if len(short) > _ANSWER_LIMIT:
        return None
    key = _read_formula(short) if "\\" in short or "$" in short or "√" in short else _fold(stated)
    return ShortAnswer(PHRASE, key) if key else None


def _find_last_number(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if re.search(r"\d", line)]
    numbers = re.findall(r"-?\d[\d,]*(?:\.\d+)?(?:\s?[만억천]+)*(?:/\d+)?", lines[-1]) if lines else []
    return numbers[-1].rstrip(",") if numbers else ""


def _list_answer_parts(text: str, kind: str) -> list[str]:
    """Return the parts of a text that are likely to be its unmarked answer, most likely first."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return []
    fences = _CODE_FENCE.findall(text)[-1:] if kind == LITERAL else []
    parts = [*fences, *(_BOLD.findall(text)[-1:]), *(lines[:1] if len(lines) > 1 else []), lines[-1]]
    if kind == NUMBER:
        parts.append(_find_last_number(text))
    return parts if kind != TRUTH else [lines[0], *parts]


def extract_answer(text: str, answer_type: AnswerType | None) -> ShortAnswer | None:
    """Return the short answer of a text, or None when it has none that can be compared."""
    if stated := find_stated_answer(text):
        for form in (stated, stated.split(". ")[0], _clean(stated.split("(")[0])):
            if answer := canonicalise(form, answer_type):
                return answer
    if answer_type is None:
        return canonicalise(text, None) if len(text.strip()) <= _ANSWER_LIMIT else None
    for part in _list_answer_parts(text, answer_type.kind):
        answer = canonicalise(part, answer_type)
        if answer and answer.kind != PHRASE:
            return answer
    return None


def read_stated_answer(text: str, answer_type: AnswerType | None) -> ShortAnswer | None:
    """Return the short answer that a text marks as its own, or None; the output of code needs no mark."""
    is_literal = answer_type is not None and answer_type.kind == LITERAL
    return extract_answer(text, answer_type) if is_literal or find_stated_answer(text) else None
