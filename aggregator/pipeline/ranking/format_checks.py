"""Finds faults of form, such as refusals, wrong languages and loops, which lower a candidate's rank."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.types import Draft, Question

FAULTS: dict[str, float] = {
    "failed": 1.0,
    "empty": 1.0,
    "refusal": 0.5,
    "wrong_language": 0.5,
    "loop": 0.5,
    "cut_off": 0.25,
}
_WHOLE = {"", "stop", "end_turn", "stop_sequence", "eos", "streaming"}
_FAILED = {"error", "failed", "malformed", "unreachable", "timed_out"}
_REFUSED = {"content_filter", "refusal", "refused", "safety"}
_LOOP_SHARE = 0.3
_MIN_LOOP_CHARS = 40
_LOOP_WINDOW = 6_000
_REFUSALS = re.compile(
    r"(?:죄송|미안)(?:하지만|합니다만|합니다[.,]?|해요[.,]?)[^\n]{0,60}"
    r"(?:할 수 없|드릴 수 없|수 없습니다|어렵습니다|불가능)"
    r"|(?:요청|질문)[^\n]{0,20}(?:답변|도움)[^\n]{0,12}(?:드릴 수 없|할 수 없)"
    r"|\bI(?:'m| am)? (?:sorry|unable|afraid|apologi[sz]e)\b[^\n]{0,80}\b(?:can't|cannot|unable|not able)\b"
    r"|\bI (?:can't|cannot|am unable to|am not able to|won't) (?:help|assist|provide|comply|answer|do that)"
    r"|\bas an ai(?: language model)?,? I (?:can(?:'t|not)|am unable|don't)",
    re.I,
)
_OTHER_LANGUAGE_ASKED = re.compile(
    r"번역|통역|옮겨|영작|translat"
    r"|(?:영어|영문|한국어|한글|일본어|일어|중국어|스페인어|프랑스어|독일어|러시아어|베트남어)"
    r"(?:로|으로| 문장| 표현| 단어| 이메일| 에세이)"
    r"|in (?:english|korean|japanese|chinese|spanish|french|german|russian|vietnamese|italian|arabic)\b",
    re.I,
)
# A fenced code block, also one that a text leaves open.
CODE_BLOCK = re.compile(r"```.*?(?:```|$)", re.S)
_CODE = re.compile(r"```.*?(?:```|$)|`[^`\n]+`|\$\$.*?\$\$|\$[^$\n]+\$|https?://\S+", re.S)
# Longer texts are measured by this many characters.
MAX_READ_CHARS = 12_000
_MIN_LETTERS = 24
_MIN_SCRIPT_SHARE = 0.15


def list_code_points(text: str) -> NDArray[np.uint32]:
    """Return the code points of a text, shape (characters,); counting them is faster than a search."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def count_in_range(codes: NDArray[np.uint32], first: str, last: str) -> int:
    """Return the number of code points from one letter to another, both included."""
    return int(((codes >= ord(first)) & (codes <= ord(last))).sum())


@lru_cache(maxsize=64)
def measure_scripts(text: str) -> Mapping[str, float]:
    """Return each script's share of the letters outside code and formulas; empty for fewer than 24 letters.

    A Hangul, kana or Han character counts as two Latin letters, about what it stands for.
    """
    codes = list_code_points(_CODE.sub(" ", text[:MAX_READ_CHARS]))
    counts = {
        "hangul": count_in_range(codes, "가", "힣") * 2.0,
        "kana": count_in_range(codes, "\u3040", "\u30ff") * 2.0,
        "han": count_in_range(codes, "一", "\u9fff") * 2.0,
        "latin": float(
            count_in_range(codes, "A", "Z")
            + count_in_range(codes, "a", "z")
            + count_in_range(codes, "À", "ɏ")
        ),
    }
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()} if total >= _MIN_LETTERS else {}


def speaks_language(text: str, language: str) -> bool:
    """Return whether the letters of a text fit a language; true for texts that are too short to tell."""
    shares = measure_scripts(text)
    if not shares:
        return True
    fits = {
        "ko": shares["hangul"] >= _MIN_SCRIPT_SHARE,
        "en": shares["latin"] >= 0.5,
        "ja": shares["kana"] >= 0.08,
        "zh": shares["han"] >= 0.3 and shares["kana"] < 0.08,
    }
    return fits.get(language, True)


def asks_other_language(prompt: str) -> bool:
    """Return whether a prompt asks for text in another language than its own."""
    return bool(_OTHER_LANGUAGE_ASKED.search(prompt))


def is_refusal(text: str) -> bool:
    """Return whether a text opens with a refusal and is short; a refusal quoted later does not count."""
    return bool(_REFUSALS.search(text[:300])) and len(text) < 1_200


def is_repetitive(text: str) -> bool:
    """Return whether a text loops: more than 30 % of its word 4-grams outside code are repetitions."""
    text = CODE_BLOCK.sub(" ", text)
    words = text[-_LOOP_WINDOW:].split()
    grams = [tuple(words[i : i + 4]) for i in range(len(words) - 3)]
    if len(grams) < _MIN_LOOP_CHARS:
        return _repeats_characters(text)
    return 1 - len(set(grams)) / len(grams) > _LOOP_SHARE


def _repeats_characters(text: str) -> bool:
    return bool(re.search(r"(.{1,20}?)\1{14,}", re.sub(r"[\s\d\-=_*.#|]+", "", text[-2_000:])))


def find_faults(question: Question, draft: Draft) -> tuple[str, ...]:
    """Return the codes of a draft's faults of form, gravest first."""
    if draft.finish_reason in _FAILED:
        return ("failed",)
    if not draft.text.strip():
        return ("empty",)
    faults = []
    if draft.finish_reason in _REFUSED or is_refusal(draft.text):
        faults.append("refusal")
    if not asks_other_language(question.prompt) and not speaks_language(draft.text, question.language):
        faults.append("wrong_language")
    if draft.finish_reason == "loop" or is_repetitive(draft.text):
        faults.append("loop")
    if draft.finish_reason not in _WHOLE | _REFUSED:
        faults.append("cut_off")
    return tuple(faults)


def sum_penalties(faults: Sequence[str]) -> float:
    """Return by which share (0 to 1) faults lower a score."""
    return min(1.0, sum(FAULTS[fault] for fault in faults))
