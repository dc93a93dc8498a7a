"""The data of a chart, which `templates/ui/chart.html` hands to `static/js/charts.js` as JSON."""

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Series:
    """One row of bars or one line: its name and a value for each title; None where there is no value."""

    label: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars over named ticks, or lines over the hours of a day.

    `titles` head the tooltips, one for each value; `ticks` name the bars; `hours` (0 to 24) place the points.
    """

    kind: Literal["bar", "line"]
    titles: tuple[str, ...]
    series: tuple[Series, ...]
    ticks: tuple[str, ...] = ()
    hours: tuple[float, ...] = ()
    decimals: int = 0
    maximum: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no series has a value."""
        return all(value is None for series in self.series for value in series.values)

    @property
    def json(self) -> dict[str, Any]:
        """The fields as the script reads them."""
        return asdict(self)
