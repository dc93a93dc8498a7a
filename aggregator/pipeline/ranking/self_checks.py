"""Does an answer hold together: does it answer in the form asked, reach what it states, and stand by it?"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.answer_type import LETTERS, OPTION, detect_answer_type

Numbers = NDArray[np.float64]
CHECKS = (
    "obeys_form", "number_reached", "one_answer", "sure_ending", "no_second_thoughts", "sums_right",
    "finished",
)  # fmt: skip
# A gap of one in a check is worth this much; counted hedges less, because there are several.
PLAIN_WEIGHTS = (1.0, 1.0, 1.0, 0.2, 0.5, 0.5, 0.5)
_LIMIT, _TAIL, _END, _CLOSING = 12_000, 1_500, 600, 20
_NUMBER = r"-?\d[\d,]{0,30}(?:\.\d+)?"
_FORMS = (
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
_SECOND_THOUGHTS = re.compile(
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
    """Count the written-out calculations whose stated outcome is not what they give, rounding allowed."""
    wrong = 0
    for found in _SUM.finditer(text[-_LIMIT:]):
        value, stated = _calculate(found[1]), float(found[2].replace(",", ""))
        places = len(found[2].partition(".")[2])
        if value is not None and abs(value - stated) > max(0.6 * 10**-places, abs(value) * _ROUNDING):
            wrong += 1
    return wrong


def _measure_format_compliance(prompt: str, text: str) -> float:
    """Return the share of the forms a prompt asks for that the text's end has; asking for none is obeyed."""
    asked = [given for wanted, given in _FORMS if wanted.search(prompt)]
    return sum(bool(given.search(text[-_TAIL:])) for given in asked) / len(asked) if asked else 1.0


@lru_cache(maxsize=64)
def _list_options(prompt: str) -> tuple[str, ...]:
    answer_type = detect_answer_type(prompt)
    return answer_type.options if answer_type and answer_type.kind == OPTION else ()


def _check_option(prompt: str, text: str) -> tuple[float, float]:
    """Return whether the chosen option's number comes up in the working, and whether one option is chosen."""
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
    """Return what every check says of an answer, in the order of CHECKS; more is better."""
    text = text[-_LIMIT:]
    lowered = text.lower()
    end = lowered[-_END:]
    reached, one = _check_option(prompt, text)
    return np.array([
        _measure_format_compliance(prompt, text),
        reached,
        one,
        -float(sum(end.count(hedge) for hedge in _HEDGES)),
        -float(bool(_SECOND_THOUGHTS.search(lowered))),
        -math.log1p(count_wrong_calculations(text)),
        float(text.rstrip()[-1:] in _ENDINGS or bool(_REPEATED.search(text[-_CLOSING:]))),
    ])  # fmt: skip


def score_checks(checks: Numbers) -> Numbers:
    """Return how well answers hold together by weights that nobody fitted: more is better."""
    weighed: Numbers = checks @ np.array(PLAIN_WEIGHTS)
    return weighed
