"""A campaign's keywords as their list shows them: where they stand, what they bid, what they brought."""

from dataclasses import dataclass

from django.core.paginator import Page
from django.utils.translation import gettext_lazy as _

from ads.models import Campaign, Keyword
from ads.money import format_won
from ads.portal.figures import Figures, Period, by_keyword
from ads.portal.listing import Asked, Column, figure_columns
from language.keyphrases import normalise

STATES = ("on", "off")


@dataclass(frozen=True, slots=True)
class KeywordLine:
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


KEYWORD_COLUMNS: tuple[Column[KeywordLine], ...] = (
    Column("keyword", _("키워드"), lambda line: line.keyword.text.casefold(), is_number=False),
    Column("state", _("상태"), lambda line: not line.is_on, is_number=False),
    Column(
        "match", _("일치 방식"), lambda line: Keyword.Match.values.index(line.keyword.match), is_number=False
    ),
    Column("group", _("그룹"), lambda line: line.keyword.ad_group.name.casefold(), is_number=False),
    Column("bid", _("입찰가"), lambda line: line.bid_micros),
    *figure_columns(),
)


def list_keywords(campaign: Campaign, period: Period, asked: Asked[KeywordLine]) -> Page[KeywordLine]:
    """Return one page of a campaign's keywords, by group and then by their words unless asked otherwise."""
    brought = {(normalise(row.text), row.match): row.figures for row in by_keyword(campaign, period)}
    keywords = Keyword.objects.filter(ad_group__campaign=campaign).select_related("ad_group")
    lines = (
        KeywordLine(keyword, brought.get((keyword.norm, keyword.match), Figures()))
        for keyword in keywords.order_by("ad_group", "text", "match")
    )
    return asked.arrange([line for line in lines if _is_asked_for(line, asked)])


def _is_asked_for(line: KeywordLine, asked: Asked[KeywordLine]) -> bool:
    keyword, state, match = line.keyword, asked.choices["state"], asked.choices["match"]
    norm = normalise(asked.words)
    return (
        (asked.words.casefold() in keyword.text.casefold() or bool(norm and norm in keyword.norm))
        and state in ("", "on" if line.is_on else "off")
        and match in ("", keyword.match)
    )
