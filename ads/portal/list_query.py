"""Long lists of the console: what is looked for in them, in which order, and one page of them at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ads.reporting.figures import Figures

PAGE_ROWS = 50
MAX_SEARCH_CHARS = 80
Row = TypeVar("Row")


class HasFigures(Protocol):
    """Whatever has figures."""

    @property
    def figures(self) -> Figures:
        """What it brought."""


FiguresRow = TypeVar("FiguresRow", bound=HasFigures)


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column that a list can be ordered by: numbers begin with the greatest, words with the first."""

    name: str
    words: str | Promise
    value_of: Callable[[Row], Any]
    is_number: bool = True


@dataclass(frozen=True, slots=True)
class ColumnHeading:
    """A column's head as a page shows it: how the list is ordered by it, and what pressing it asks for."""

    words: str | Promise
    is_number: bool
    order: str
    sort_param: str


@dataclass(frozen=True, slots=True)
class ListQuery(Generic[Row]):
    """What an address asks of a list; what makes no sense in it is left out."""

    words: str
    choices: dict[str, str]
    column: Column[Row] | None
    is_reversed: bool
    page: str

    @property
    def is_filtered(self) -> bool:
        """Whether anything is asked that leaves rows out."""
        return bool(self.words or any(self.choices.values()))

    def paginate(self, rows: Sequence[Row]) -> "Page[Row]":
        """Return the page that is asked for of these rows in the order that is asked for."""
        ordered = list(rows)
        if self.column is not None:
            ordered.sort(key=self.column.value_of, reverse=self.column.is_number != self.is_reversed)
        return Paginator(ordered, PAGE_ROWS).get_page(self.page)

    def headings(self, columns: Sequence[Column[Row]]) -> list[ColumnHeading]:
        """Return the headings of the columns."""
        return [self._heading(column) for column in columns]

    def _heading(self, column: Column[Row]) -> ColumnHeading:
        if self.column is not column:
            return ColumnHeading(column.words, column.is_number, "", column.name)
        is_descending = column.is_number != self.is_reversed
        order = "descending" if is_descending else "ascending"
        return ColumnHeading(
            column.words, column.is_number, order, column.name if self.is_reversed else f"-{column.name}"
        )


def figure_columns() -> tuple[Column[FiguresRow], ...]:
    """Return the columns of `ads/_figures.html`, in their order."""
    return (
        Column("spend", _("쓴 돈"), lambda row: row.figures.spend_micros),
        Column("impressions", _("노출"), lambda row: row.figures.impressions),
        Column("clicks", _("클릭"), lambda row: row.figures.clicks),
        Column("rate", _("클릭률"), lambda row: row.figures.click_rate or 0),
        Column("invalid", _("무효 클릭"), lambda row: row.figures.invalid_clicks),
        Column("price", _("클릭당"), lambda row: row.figures.click_price_micros or 0),
        Column("credited", _("돌려받은 돈"), lambda row: row.figures.credited_micros),
    )


def parse_list_query(
    request: HttpRequest, *, columns: Sequence[Column[Row]], choices: Mapping[str, Sequence[str]]
) -> ListQuery[Row]:
    """Read from the address what is looked for (`q`), chosen, in which order (`sort`) and which page."""
    said = request.GET
    sort = said.get("sort", "")
    named = {column.name: column for column in columns}
    return ListQuery(
        words=" ".join(said.get("q", "")[:MAX_SEARCH_CHARS].split()),
        choices={name: said[name] if said.get(name) in values else "" for name, values in choices.items()},
        column=named.get(sort.removeprefix("-")),
        is_reversed=sort.startswith("-"),
        page=said.get("page", "1"),
    )
