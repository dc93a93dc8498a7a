"""Names the short answer that was read in a text, in one form for equal answers."""

from fractions import Fraction

from aggregator.pipeline.agreement.question.expected_answer import ExpectedAnswer
from aggregator.pipeline.agreement.question.question_patterns import CHOICE
from aggregator.pipeline.agreement.readers.dates import Moment
from aggregator.pipeline.agreement.readings import Reading
from aggregator.pipeline.answer_type import DATE, LETTERS, LITERAL, NUMBER, TRUTH

_MAX_CHARS, _MAX_WORDS = 40, 4


def format_number(value: float) -> str:
    """Return a number to six significant digits, so that 0.333333 and 1/3 are equal."""
    if value == int(value) and abs(value) < 10**15:
        return str(int(value))
    return f"{float(Fraction(value).limit_denominator(10**9)):.6g}"


def _format_moment(moment: Moment) -> str:
    date = [
        f"{part:0{width}d}"
        for part, width in ((moment.year, 4), (moment.month, 2), (moment.day, 2))
        if part is not None
    ]
    clock = [] if moment.clock is None else [f"{moment.clock // 60:02d}:{moment.clock % 60:02d}"]
    return " ".join(filter(None, ["-".join(date), *clock]))


def label_answer(expected: ExpectedAnswer, reading: Reading) -> str:
    """Return the short answer of a text, or '' when none was read."""
    if reading.refusal > 0.6:
        return ""
    if expected.kind == CHOICE and reading.choice and reading.choice.index >= 0:
        return (
            LETTERS[reading.choice.index] if expected.is_lettered else expected.options[reading.choice.index]
        )
    if expected.kind == TRUTH:
        return {1: "T", -1: "F"}.get(reading.polarity.sign, "")
    if expected.kind == DATE and reading.moments:
        return _format_moment(reading.moments[0].moment)
    if expected.kind == NUMBER and reading.values:
        return format_number(reading.values[0].quantity.written)
    if expected.kind == LITERAL and reading.codes:
        return reading.codes[-1][:_MAX_CHARS]
    plain = reading.text.plain.strip()
    if len(plain) <= _MAX_CHARS:
        return plain.rstrip(".!")
    top = sorted(reading.focus.items(), key=lambda row: -row[1])[:_MAX_WORDS]
    return " ".join(word for word, weight in top if weight >= 0.5 * top[0][1])
