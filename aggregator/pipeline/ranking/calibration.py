"""Whether the probability of a vote may be shown: only for kinds of question where it was measured true."""

from collections.abc import Mapping
from dataclasses import dataclass

from aggregator.pipeline.agreement.question.expected_answer import read_question
from aggregator.pipeline.types import Question

# The expected calibration error (Naeini et al., 2015) up to which a percentage is shown.
MAX_ERROR = 0.05
# With fewer questions an error of 0.05 says little.
MIN_QUESTIONS = 150
# A sum asked in a line is another kind of question than one that is put into a story.
SHORT_CHARS = 80
OPTION = "option"


@dataclass(frozen=True, slots=True)
class CalibrationError:
    """How far the probabilities of held-out votes were from their accuracy, and on how many questions."""

    error: float
    questions: int


def name_question_kind(question: Question) -> str:
    """Return the kind of a question: its language, what it asks for, and whether it is short."""
    expected = read_question(question.prompt)
    if expected.is_lettered:
        return f"{question.language}.{OPTION}"
    size = "short" if len(question.prompt) < SHORT_CHARS else "long"
    return f"{question.language}.{expected.kind}.{size}"


def is_probability_shown(errors: Mapping[str, CalibrationError], question: Question) -> bool:
    """Return whether probabilities were measured for this kind of question, and were true there."""
    found = errors.get(name_question_kind(question))
    return found is not None and found.questions >= MIN_QUESTIONS and found.error <= MAX_ERROR
