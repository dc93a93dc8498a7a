"""Lists of the portal: searched, filtered, sorted and paginated by query parameters."""

from collections.abc import Callable, Sequence
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
    """A row with figures."""

    @property
    def figures(self) -> Figures:
        """The figures of the row."""


FiguresRow = TypeVar("FiguresRow", bound=HasFigures)


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A sortable column: numbers begin with the greatest, texts with the first."""

    name: str
    label: str | Promise
    value_of: Callable[[Row], Any]
    is_number: bool = True


@dataclass(frozen=True, slots=True)
class ColumnHeading:
    """A column's heading: the current order (the value of aria-sort), and the parameter that sorts by it."""

    label: str | Promise
    is_number: bool
    order: str
    sort_param: str


@dataclass(frozen=True, slots=True)
class ListFilter:
    """A drop-down of a list: its parameter, its labels and its choices."""

    name: str
    label: str | Promise
    any_label: str | Promise
    choices: Sequence[tuple[str, str | Promise]]


@dataclass(frozen=True, slots=True)
class ListQuery(Generic[Row]):
    """The valid query parameters of a request; `choices` has the chosen value of each filter, or ""."""

    search: str
    filters: Sequence[ListFilter]
    choices: dict[str, str]
    column: Column[Row] | None
    is_reversed: bool
    page: str

    @property
    def is_filtered(self) -> bool:
        """Whether a search or a filter is set."""
        return bool(self.search or any(self.choices.values()))

    @property
    def selects(self) -> list[tuple[ListFilter, str]]:
        """Each filter with its chosen value."""
        return [(each, self.choices[each.name]) for each in self.filters]

    def paginate(self, rows: Sequence[Row]) -> "Page[Row]":
        """Return the requested page of the rows in the requested order."""
        ordered = list(rows)
        if self.column is not None:
            ordered.sort(key=self.column.value_of, reverse=self.column.is_number != self.is_reversed)
        return Paginator(ordered, PAGE_ROWS).get_page(self.page)

    def headings(self, columns: Sequence[Column[Row]]) -> list[ColumnHeading]:
        """Return the headings of the columns."""
        return [self._heading(column) for column in columns]

    def _heading(self, column: Column[Row]) -> ColumnHeading:
        if self.column is not column:
            return ColumnHeading(column.label, column.is_number, "", column.name)
        is_descending = column.is_number != self.is_reversed
        order = "descending" if is_descending else "ascending"
        return ColumnHeading(
            column.label, column.is_number, order, column.name if self.is_reversed else f"-{column.name}"
        )


def figure_columns() -> tuple[Column[FiguresRow], ...]:
    """Return the columns of `ads/parts/_figure_cells.html`, in their order."""
    return (
        Column("spend", _("광고비"), lambda row: row.figures.spend_micros),
        Column("impressions", _("노출"), lambda row: row.figures.impressions),
        Column("clicks", _("클릭"), lambda row: row.figures.clicks),
        Column("rate", _("클릭률"), lambda row: row.figures.click_rate or 0),
        Column("invalid", _("무효 클릭"), lambda row: row.figures.invalid_clicks),
        Column("price", _("클릭당"), lambda row: row.figures.click_price_micros or 0),
        Column("credited", _("환급액"), lambda row: row.figures.credited_micros),
    )


def parse_list_query(
    request: HttpRequest, *, columns: Sequence[Column[Row]], filters: Sequence[ListFilter]
) -> ListQuery[Row]:
    """Read the search (`q`), the filters, the order (`sort`) and the page; invalid values are dropped."""
    params = request.GET
    sort = params.get("sort", "")
    by_name = {column.name: column for column in columns}
    return ListQuery(
        search=" ".join(params.get("q", "")[:MAX_SEARCH_CHARS].split()),
        filters=filters,
        choices={
            each.name: params[each.name] if params.get(each.name) in dict(each.choices) else ""
            for each in filters
        },
        column=by_name.get(sort.removeprefix("-")),
        is_reversed=sort.startswith("-"),
        page=params.get("page", "1"),
    )
