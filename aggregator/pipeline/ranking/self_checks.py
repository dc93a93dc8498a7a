"""Checks an answer against itself: the requested format, its calculations, hedges and contradictions."""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.answer_type import LETTERS, OPTION, detect_answer_type
from aggregator.pipeline.ranking.format_checks import MAX_READ_CHARS

Numbers = NDArray[np.float64]
CHECKS = (
    "obeys_form", "number_reached", "one_answer", "sure_ending", "no_second_thoughts", "sums_right",
    "finished",
)  # fmt: skip
# The weight of a gap of one in each check; set by hand, lower for the hedges, which are counted.
PLAIN_WEIGHTS = (1.0, 1.0, 1.0, 0.2, 0.5, 0.5, 0.5)
_TAIL, _END, _CLOSING = 1_500, 600, 20
_NUMBER = r"-?\d[\d,]{0,30}(?:\.\d+)?"
_FORMATS = (
    (re.compile(r"letter (?:three|four|five) times"), re.compile(r"(?<![A-Za-z])([A-J])\1{2,4}(?![A-Za-z])")),
    (re.compile(r"\\boxed"), re.compile(r"\\boxed\s*\{\s*[^\s}]")),
    (re.compile(r"\*\*\*\w+\*\*\*"), re.compile(r"\*\*\*[^*\n]+\*\*\*")),
    (re.compile(r"(?i)in \*\*bold\*\*"), re.compile(r"\*\*[^*\n]{1,60}\*\*")),
    (re.compile(r"정답\s*:"), re.compile(r"정답\s*[:：]\s*\S")),
    (re.compile(r"ANSWER:|Answer:"), re.compile(r"(?i)answer\W{0,3}[:：]\s*\S")),
)
_REPEATED = re.compile(r"(?<![A-Za-z])([A-J])\1{2,4}(?![A-Za-z])")
_NAMED = re.compile(r"(?i:answer|choice|option|correct|정답|답)[^\n]{0,60}?\(?\b([A-J])\b[\).:*]")
_OPTION_ROW = re.compile(r"\([A-J]\)[^\n]*")
_HEDGES = (
    "closest", "approximate", "guess", "most likely", "likely", "seems", "appears", "assume", "assuming",
    "not match", "does not", "might", "could be", "possibly", "plausib", "perhaps", "아마", "추정", "것 같",
    "가까운", "수도 있",
)  # fmt: skip
_SELF_CORRECTIONS = re.compile(
    r"mistake|re-?evaluat|re-?check|reconsider|let me correct|\bwait\b|upon review|contradict"
    r"|다시 계산|다시 확인|실수|모순|정정"
)
_ENDINGS = frozenset(".!?。…)`*$]}\"'")
_SIGN = r"(?:[-+*/×÷]|\\times|\\cdot|\\div)"
_SUM = re.compile(
    rf"(?<![\^_.{{/*+\-=(\d])({_NUMBER}(?:\s*{_SIGN}\s*{_NUMBER}){{1,6}})\s*=\s*\$?({_NUMBER})"
    rf"(?![\d.]|\s*(?:{_SIGN}|\^|\\frac))"
)
_SPELLINGS = (("\\times", "*"), ("\\cdot", "*"), ("\\div", "/"), ("×", "*"), ("÷", "/"), (",", ""))
_OPERATIONS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
_ROUNDING = 0.006


def _evaluate(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_evaluate(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](_evaluate(node.left), _evaluate(node.right))
    raise ValueError(ast.dump(node))


def _calculate(written: str) -> float | None:
    for spelling, sign in _SPELLINGS:
        written = written.replace(spelling, sign)
    try:
        return _evaluate(ast.parse(re.sub(r"(?<![\d.])0+(?=\d)", "", written), mode="eval").body)
    except (ValueError, SyntaxError, ArithmeticError, RecursionError):
        return None


def count_wrong_calculations(text: str) -> int:
    """Return the number of written calculations whose stated result is wrong by more than rounding."""
    wrong = 0
    for found in _SUM.finditer(text[-MAX_READ_CHARS:]):
        value, stated = _calculate(found[1]), float(found[2].replace(",", ""))
        places = len(found[2].partition(".")[2])
        if value is not None and abs(value - stated) > max(0.6 * 10**-places, abs(value) * _ROUNDING):
            wrong += 1
    return wrong


def _measure_format_compliance(prompt: str, text: str) -> float:
    """Return the share of the requested answer formats that the text ends with; 1 when none is requested."""
    formats = [answer for request, answer in _FORMATS if request.search(prompt)]
    return sum(bool(answer.search(text[-_TAIL:])) for answer in formats) / len(formats) if formats else 1.0


@lru_cache(maxsize=64)
def _list_options(prompt: str) -> tuple[str, ...]:
    answer_type = detect_answer_type(prompt)
    return answer_type.options if answer_type and answer_type.kind == OPTION else ()


def _check_option(prompt: str, text: str) -> tuple[float, float]:
    """Return whether the working contains the chosen option's number, and whether one option is chosen."""
    repeated = _REPEATED.findall(text)
    named = _NAMED.findall(text[-_TAIL:])
    letter = repeated[-1] if repeated else named[-1] if named else ""
    options = _list_options(prompt)
    if not letter or LETTERS.index(letter) >= len(options):
        return 0.5, 0.5
    one = float(not named or named[-1] == letter)
    numbers = re.findall(_NUMBER, options[LETTERS.index(letter)])
    working = _OPTION_ROW.sub("", text)
    reached = [re.search(rf"(?<![\d.]){re.escape(number)}(?!\d)", working) for number in numbers]
    return (float(any(reached)) if numbers else 0.5), one


def run_checks(prompt: str, text: str) -> Numbers:
    """Return the value of every check, shape (checks,), in the order of CHECKS; more is better."""
    text = text[-MAX_READ_CHARS:]
    lowered = text.lower()
    end = lowered[-_END:]
    reached, one = _check_option(prompt, text)
    return np.array([
        _measure_format_compliance(prompt, text),
        reached,
        one,
        -float(sum(end.count(hedge) for hedge in _HEDGES)),
        -float(bool(_SELF_CORRECTIONS.search(lowered))),
        -math.log1p(count_wrong_calculations(text)),
        float(text.rstrip()[-1:] in _ENDINGS or bool(_REPEATED.search(text[-_CLOSING:]))),
    ])  # fmt: skip


def score_checks(checks: Numbers) -> Numbers:
    """Return the weighted sum of checks, shape (answers,) for checks (answers, checks); more is better."""
    scores: Numbers = checks @ np.array(PLAIN_WEIGHTS)
    return scores
