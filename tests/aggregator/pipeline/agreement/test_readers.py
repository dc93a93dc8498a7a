"""Values are read alike in every spelling, and no text makes a reader raise or search without end."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.pipeline.agreement.compare import compare_prompt
from aggregator.pipeline.agreement.mentions.phrases import match_names
from aggregator.pipeline.agreement.readers.dates import Moment, conflicting_fields, find_moments
from aggregator.pipeline.agreement.readers.quantities import find_quantities
from aggregator.pipeline.agreement.readers.quantity import Quantity, are_equal, rounds_to
from aggregator.pipeline.agreement.segments import cut_segments

# Two answers of the greatest length that is read cost about half of it.
MOST_CALLS = 500_000
FEW = settings(max_examples=40, deadline=None)
_SINO = "영일이삼사오육칠팔구"


def _spell_korean(number: int) -> str:
    """Spell a number below 100 million in Sino-Korean words."""
    if number >= 10_000:
        head = "" if number // 10_000 == 1 else _spell_korean(number // 10_000)
        return f"{head}만{_spell_korean(number % 10_000) if number % 10_000 else ''}"
    spelled = ""
    for size, mark in ((1_000, "천"), (100, "백"), (10, "십"), (1, "")):
        digit = number // size % 10
        if digit:
            spelled += ("" if digit == 1 and mark else _SINO[digit]) + mark
    return spelled


def _read_one(text: str) -> Quantity:
    (found,) = find_quantities(text)
    return found


@FEW
@given(st.integers(2, 99_999_999))
def test_an_amount_of_money_is_read_alike_in_every_spelling(won: int) -> None:
    spellings = [f"{won}원", f"{won:,}원", f"₩{won:,}", f"{won:,} won"]
    # "이 원" and "백 원" may be other words.
    if len(_spell_korean(won)) > 2:
        spellings.append(f"{_spell_korean(won)} 원")
    if won % 10_000 == 0:
        spellings.append(f"{won // 10_000:,}만 원")
    read = [_read_one(spelling) for spelling in spellings]
    assert {(each.dimension, each.value) for each in read} == {("money:KRW", float(won))}


@FEW
@given(st.integers(1, 500_000))
def test_a_length_is_read_alike_in_every_unit(metres: int) -> None:
    spellings = [
        f"{metres}m",
        f"{metres / 1000:.3f}km",
        f"{metres * 100:,}cm",
        f"{metres} 미터",
        f"{metres:,} meters",
    ]
    read = [_read_one(spelling) for spelling in spellings]
    assert all(are_equal(read[0], each) for each in read)


@FEW
@given(st.dates())
def test_a_date_is_read_alike_in_every_spelling(day: Any) -> None:
    year = 1900 + day.year % 150
    spellings = [
        f"{year}년 {day.month}월 {day.day}일",
        f"{year}-{day.month:02d}-{day.day:02d}",
        f"{year}.{day.month}.{day.day}",
        f"{day:%B} {day.day}, {year}",
        f"{day.day} {day:%b} {year}",
    ]
    for spelling in spellings:
        (found,) = find_moments(spelling, is_date=True)
        assert (found.moment.year, found.moment.month, found.moment.day) == (year, day.month, day.day)


@FEW
@given(st.integers(0, 23), st.integers(0, 59))
def test_a_time_of_day_is_read_alike_in_every_spelling(hour: int, minute: int) -> None:
    half = "오전" if hour < 12 else "오후"
    spellings = [
        f"{half} {hour % 12 or 12}시 {minute}분",
        f"{hour % 12 or 12}:{minute:02d} {'am' if hour < 12 else 'pm'}",
        f"{hour:02d}:{minute:02d}",
    ]
    moments = [find_moments(spelling, is_date=True)[0].moment for spelling in spellings]
    assert not any(conflicting_fields(moments[0], each) for each in moments)


@pytest.mark.parametrize(
    ("one", "other"), [("78", "77.5"), ("18", "18.5"), ("5", "5.33조각"), ("1.2", "1.15")]
)
def test_a_neighbouring_number_is_no_rounded_one(one: str, other: str) -> None:
    assert not rounds_to(_read_one(one), _read_one(other))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("답은 오천오십이에요.", 5050), ("삼백이요", 300), ("오십이예요", 52),
        ("육십육만 육천육백육십칠 원", 666_667),
        ("$.05", 0.05), ("minus fifty", -50), ("마이너스 3도", -3),
    ],
)  # fmt: skip
def test_the_copula_a_blank_and_a_sign_belong_to_a_spelled_number_or_not(text: str, value: float) -> None:
    assert _read_one(text).written == value


def test_a_variable_is_no_number() -> None:
    assert [each.value for each in find_quantities("2x ln x")] == []
    assert [each.value for each in find_quantities("it gets 2x faster")] == [2.0]


def test_a_length_in_a_second_is_a_speed() -> None:
    assert rounds_to(_read_one("27.78m"), _read_one("27.8m/s"))
    assert not are_equal(_read_one("100m"), _read_one("100km/h"))


@pytest.mark.parametrize(("one", "other"), [("37.8도", "37.78℃"), ("약 10km", "9.75km"), ("0.33", "1/3")])
def test_a_rounded_number_is_known_as_such(one: str, other: str) -> None:
    assert rounds_to(_read_one(one), _read_one(other))


def test_a_date_with_dots_and_blanks_is_one_date() -> None:
    (segment,) = cut_segments("2026년 설날은 2026. 2. 17.이에요.").segments
    assert Moment(2026, 2, 17) in [each.moment for each in find_moments(segment.text, is_date=True)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("반", "고흐"), ("vincent", "van", "gogh")),
        (("미국",), ("united", "states")),
        (("중국",), ("china",)),
        (("톨스토이",), ("leo", "tolstoy")),
    ],
)
def test_a_name_is_one_in_both_languages(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert match_names(one, other) >= 0.75
    assert match_names(one, ("hamburg",)) < 0.75


def test_the_next_morning_is_not_the_evening() -> None:
    (evening,), (morning,) = find_moments("오후 6시 55분", is_date=True), find_moments("06:55", is_date=True)
    assert conflicting_fields(evening.moment, morning.moment) == {"clock"}


@FEW
@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=120))
def test_no_text_makes_a_comparison_raise(one: str, other: str, prompt: str) -> None:
    agreement = compare_prompt(prompt, [one, other, one])
    assert sorted(index for group in agreement.groups for index in group) == [0, 1, 2]


def _count_calls(work: Callable[[], object]) -> int:
    """Return how many functions, of Python or C, a piece of work calls, whatever else the machine does."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "unit",
    [
        "9",
        "(",
        "1,",
        "가",
        "않",
        "12:",
        "일이삼",
        "not ",
        "1/",
        "**",
        "\\frac{1}{",
        "는데 ",
        "hundred ",
        "[((",
    ],
)
def test_a_hostile_text_of_20_000_characters_costs_a_bounded_number_of_steps(unit: str) -> None:
    texts = [f"x{unit * (20_000 // len(unit))}", unit * 500]
    assert _count_calls(lambda: compare_prompt("12 곱하기 12는?", texts)) < MOST_CALLS
