"""Faults of form that push a candidate behind the others, whatever it says."""

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
_CODE = re.compile(r"```.*?(?:```|$)|`[^`\n]+`|\$\$.*?\$\$|\$[^$\n]+\$|https?://\S+", re.S)
_READ_LIMIT = 12_000
_MIN_LETTERS = 24
_MIN_SCRIPT_SHARE = 0.15


def list_code_points(text: str) -> NDArray[np.uint32]:
    """Return a text's code points, which count faster than patterns find."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def count_in_range(codes: NDArray[np.uint32], first: str, last: str) -> int:
    """Count the code points from one letter to another."""
    return int(((codes >= ord(first)) & (codes <= ord(last))).sum())


@lru_cache(maxsize=64)
def measure_scripts(text: str) -> Mapping[str, float]:
    """Return each script's share of a text's letters, code and formulas aside; empty when it has too few.

    A syllable block says about what two Latin letters say, so it counts twice.
    """
    codes = list_code_points(_CODE.sub(" ", text[:_READ_LIMIT]))
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
    """Tell whether a text is written in a language, as far as its letters show; too short is yes."""
    shares = measure_scripts(text)
    if not shares:
        return True
    enough = {
        "ko": shares["hangul"] >= _MIN_SCRIPT_SHARE,
        "en": shares["latin"] >= 0.5,
        "ja": shares["kana"] >= 0.08,
        "zh": shares["han"] >= 0.3 and shares["kana"] < 0.08,
    }
    return enough.get(language, True)


def asks_other_language(prompt: str) -> bool:
    """Tell whether a prompt asks for words in a language that may not be its own."""
    return bool(_OTHER_LANGUAGE_ASKED.search(prompt))


def is_refusal(text: str) -> bool:
    """Tell whether a text declines to answer; only its opening counts, so quoting a refusal is no refusal."""
    return bool(_REFUSALS.search(text[:300])) and len(text) < 1_200


def is_repetitive(text: str) -> bool:
    """Tell whether a text has run into a loop: too many of its 4-grams of words come again."""
    words = text[-_LOOP_WINDOW:].split()
    grams = [tuple(words[i : i + 4]) for i in range(len(words) - 3)]
    if len(grams) < _MIN_LOOP_CHARS:
        return _repeats_letters(text)
    return 1 - len(set(grams)) / len(grams) > _LOOP_SHARE


def _repeats_letters(text: str) -> bool:
    return bool(re.search(r"(.{1,20}?)\1{14,}", re.sub(r"[\s\-=_*.#|]+", "", text[-2_000:])))


def find_faults(question: Question, draft: Draft) -> tuple[str, ...]:
    """Return the codes of what is wrong with a draft's form, gravest first."""
    if draft.finish_reason in _FAILED:
        return ("failed",)
    if not draft.text.strip():
        return ("empty",)
    faults = []
    if draft.finish_reason in _REFUSED or is_refusal(draft.text):
        faults.append("refusal")
    if not asks_other_language(question.prompt) and not speaks_language(draft.text, question.language):
        faults.append("wrong_language")
    if is_repetitive(draft.text):
        faults.append("loop")
    if draft.finish_reason not in _WHOLE | _REFUSED:
        faults.append("cut_off")
    return tuple(faults)


def sum_penalties(faults: Sequence[str]) -> float:
    """Return how far faults push a candidate back, 0 to 1."""
    return min(1.0, sum(FAULTS[fault] for fault in faults))
