"""A quantity in the first unit of its dimension, and when two of them are equal or one rounds the other."""

from dataclasses import dataclass

PLAIN = "plain"
_ROUNDED_GAP, _ROUGH_GAP = 0.04, 0.1
_SCALES, _PACE = {"celsius", "fahrenheit"}, {"length", "speed"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in the first unit of its dimension, where it stands, and how exactly it is written."""

    value: float
    step: float
    dimension: str
    unit: str
    start: int
    end: int
    is_approximate: bool = False
    high: float | None = None
    factor: float = 1.0

    @property
    def written(self) -> float:
        """Return the number as it is written, in its own unit."""
        return self.value / self.factor


def comparable(one: Quantity, other: Quantity) -> bool:
    """Return whether two quantities are of one dimension, or one of them has none."""
    if one.dimension == other.dimension or PLAIN in (one.dimension, other.dimension):
        return True
    dimensions = {one.dimension, other.dimension}
    if dimensions == _PACE:
        # "27.8 m in a second" is 27.8 m/s.
        speed, length = (one, other) if one.dimension == "speed" else (other, one)
        return speed.unit.startswith(f"{length.unit}/")
    return "degree" in dimensions and bool(dimensions & _SCALES)


def _list_values(one: Quantity, other: Quantity) -> list[tuple[float, float, float]]:
    """Return the pairs of values to compare, with the larger of their steps."""
    if one.dimension == other.dimension:
        return [(one.value, other.value, max(one.step, other.step))]
    if {one.dimension, other.dimension} == _SCALES:
        in_celsius = [q.value if q.dimension == "celsius" else (q.value - 32) / 1.8 for q in (one, other)]
        return [(in_celsius[0], in_celsius[1], max(one.step, other.step))]
    step = max(one.step / one.factor, other.step / other.factor)
    pairs = [(one.written, other.written, step)]
    if "ratio" in {one.dimension, other.dimension}:
        pairs.append((one.value, other.value, max(one.step, other.step)))
    return pairs


def _round_step(value: float, step: float, *, is_approximate: bool) -> float:
    """Return the step to which an approximate number is given: about 1,200 is given to a hundred."""
    if not is_approximate or value == 0 or step <= 0:
        return step
    count = round(abs(value) / step)
    while count and count % 10 == 0:
        step, count = step * 10, count // 10
    return step


def are_equal(one: Quantity, other: Quantity) -> bool:
    """Return whether two quantities have the same value, however they are spelled."""
    if not comparable(one, other) and {one.dimension, other.dimension} != _SCALES:
        return False
    if (one.high is None) != (other.high is None):
        return False
    if one.high is not None and other.high is not None and abs(one.high - other.high) > 1e-6 * abs(one.high):
        return False
    return any(abs(a - b) <= 1e-6 * max(abs(a), abs(b), 1e-9) for a, b, _ in _list_values(one, other))


def rounds_to(one: Quantity, other: Quantity) -> bool:
    """Return whether one of two quantities is the other one rounded."""
    if one.high is not None or other.high is not None:
        return False
    if not comparable(one, other) and {one.dimension, other.dimension} != _SCALES:
        return False
    if one.dimension == other.dimension and abs(one.value - other.value) > _ROUGH_GAP * max(
        abs(one.value), abs(other.value)
    ):
        return False
    steps = [
        _round_step(q.value, q.step, is_approximate=q.is_approximate) / (q.factor or 1.0)
        for q in (one, other)
    ]
    for a, b, step in _list_values(one, other):
        widest = step
        if one.dimension == other.dimension:
            widest = max(steps[0] * one.factor, steps[1] * other.factor, step)
        is_rough = one.is_approximate or other.is_approximate
        gap = abs(a - b) / max(abs(a), abs(b), 1e-9)
        # 78 is no rounded 77.5, unless it is said to be about 78.
        half = 0.5 * (1.001 if is_rough else 0.999)
        if gap <= (_ROUGH_GAP if is_rough else _ROUNDED_GAP) and abs(a - b) <= half * widest:
            return True
    return False


def is_same(one: Quantity, other: Quantity) -> bool:
    """Return whether two quantities are equal, or one is the other one rounded."""
    if one.dimension == other.dimension:
        # Nothing rounds so far; most pairs end here.
        low, high = sorted((abs(one.value), abs(other.value)))
        if high - low > _ROUGH_GAP * high:
            return False
    return are_equal(one, other) or rounds_to(one, other)


def within_range(one: Quantity, other: Quantity) -> bool:
    """Return whether one quantity is a range that holds the other one."""
    for spread, single in ((one, other), (other, one)):
        if spread.high is not None and single.high is None and spread.dimension == single.dimension:
            return spread.value * 0.999 <= single.value <= spread.high * 1.001
    return False


def relative_gap(one: Quantity, other: Quantity) -> float:
    """Return how far two comparable quantities are apart, as a share of the larger one."""
    return min(abs(a - b) / max(abs(a), abs(b), 1e-9) for a, b, _ in _list_values(one, other))
