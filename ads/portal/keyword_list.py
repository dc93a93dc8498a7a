"""A campaign's keywords as their list shows them: where they stand, what they bid, what they brought."""

from dataclasses import dataclass

from django.core.paginator import Page
from django.utils.translation import gettext_lazy as _

from ads.domain.money import format_won
from ads.models import Campaign, Keyword
from ads.portal.list_query import Column, ListQuery, figure_columns
from ads.reporting.figures import Figures, Period, figures_by_keyword
from language.keyphrases import normalise

STATES = ("on", "off")


@dataclass(frozen=True, slots=True)
class KeywordListRow:
    """One keyword, whether it takes part, and what its words brought in the whole campaign."""

    keyword: Keyword
    figures: Figures

    @property
    def is_on(self) -> bool:
        """Whether it takes part: both it and its group are switched on."""
        return self.keyword.is_on and self.keyword.ad_group.is_on

    @property
    def bid_micros(self) -> int:
        """What it bids, by itself or by its group."""
        return self.keyword.bid_micros or self.keyword.ad_group.default_bid_micros

    @property
    def bid(self) -> str:
        """What it bids in won."""
        return format_won(self.bid_micros)


KEYWORD_COLUMNS: tuple[Column[KeywordListRow], ...] = (
    Column("keyword", _("키워드"), lambda row: row.keyword.text.casefold(), is_number=False),
    Column("state", _("상태"), lambda row: not row.is_on, is_number=False),
    Column(
        "match", _("일치 방식"), lambda row: Keyword.Match.values.index(row.keyword.match), is_number=False
    ),
    Column("group", _("그룹"), lambda row: row.keyword.ad_group.name.casefold(), is_number=False),
    Column("bid", _("입찰가"), lambda row: row.bid_micros),
    *figure_columns(),
)


def list_keywords(
    campaign: Campaign, period: Period, list_query: ListQuery[KeywordListRow]
) -> Page[KeywordListRow]:
    """Return one page of a campaign's keywords, by group and then by their words unless asked otherwise."""
    brought = {(normalise(row.text), row.match): row.figures for row in figures_by_keyword(campaign, period)}
    keywords = Keyword.objects.filter(ad_group__campaign=campaign).select_related("ad_group")
    lines = (
        KeywordListRow(keyword, brought.get((keyword.norm, keyword.match), Figures()))
        for keyword in keywords.order_by("ad_group", "text", "match")
    )
    return list_query.paginate([row for row in lines if _matches_query(row, list_query)])


def _matches_query(row: KeywordListRow, list_query: ListQuery[KeywordListRow]) -> bool:
    keyword, state, match = row.keyword, list_query.choices["state"], list_query.choices["match"]
    norm = normalise(list_query.words)
    return (
        (list_query.words.casefold() in keyword.text.casefold() or bool(norm and norm in keyword.norm))
        and state in ("", "on" if row.is_on else "off")
        and match in ("", keyword.match)
    )
