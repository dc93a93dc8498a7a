"""The list of a campaign's keywords, and switching them on and off, one or many at once."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from ads.campaigns.keywords import set_keywords_enabled
from ads.models import Campaign, Keyword
from ads.portal.access import AdvertiserContext, editor_required, find_campaign, member_required
from ads.portal.list_query import PAGE_ROWS, Column, ListFilter, ListQuery, figure_columns, parse_list_query
from ads.portal.views.layout import read_number, read_period, render_page
from ads.reporting.advertiser_inventory import keywords_of
from ads.reporting.figures import Figures, Period, figures_by_keyword
from language.keyphrases import normalise

# A primary key has no more digits.
MAX_KEY_DIGITS = 18


@dataclass(frozen=True, slots=True)
class KeywordListRow:
    """One keyword, and the figures of its text and match type in the whole campaign."""

    keyword: Keyword
    figures: Figures

    @property
    def is_on(self) -> bool:
        """Whether it takes part in auctions: both the keyword and its group are switched on."""
        return self.keyword.is_on and self.keyword.ad_group.is_on

    @property
    def bid_micros(self) -> int:
        """Its own bid, or its group's."""
        return self.keyword.bid_micros or self.keyword.ad_group.default_bid_micros


KEYWORD_COLUMNS: tuple[Column[KeywordListRow], ...] = (
    Column("keyword", gettext_lazy("키워드"), lambda row: row.keyword.text.casefold(), is_number=False),
    Column("state", gettext_lazy("상태"), lambda row: not row.is_on, is_number=False),
    Column(
        "match",
        gettext_lazy("일치 방식"),
        lambda row: Keyword.Match.values.index(row.keyword.match),
        is_number=False,
    ),
    Column("group", gettext_lazy("그룹"), lambda row: row.keyword.ad_group.name.casefold(), is_number=False),
    Column("bid", gettext_lazy("입찰가"), lambda row: row.bid_micros),
    *figure_columns(),
)
KEYWORD_FILTERS = (
    ListFilter("match", gettext_lazy("일치 방식"), gettext_lazy("모든 방식"), Keyword.Match.choices),
    ListFilter(
        "state",
        gettext_lazy("상태"),
        gettext_lazy("모든 상태"),
        (("on", gettext_lazy("켜짐")), ("off", gettext_lazy("꺼짐"))),
    ),
)


@require_safe
@member_required
def keyword_list(request: HttpRequest, access: AdvertiserContext, campaign_id: UUID) -> HttpResponseBase:
    """Show a page of the campaign's keywords."""
    campaign = find_campaign(access, campaign_id)
    period = read_period(request)
    list_query = parse_list_query(request, columns=KEYWORD_COLUMNS, filters=KEYWORD_FILTERS)
    context = {
        "campaign": campaign,
        "list_query": list_query,
        "headings": list_query.headings(KEYWORD_COLUMNS),
        "page": _list_keywords(campaign, period, list_query),
        "span": len(period.days),
    }
    return render_page(request, access, "ads/keywords.html", section="campaigns", context=context)


@require_POST
@editor_required
def keyword_switch(request: HttpRequest, access: AdvertiserContext, campaign_id: UUID) -> HttpResponseBase:
    """Switch the selected keywords, or the one whose button was pressed, and return to the same list."""
    campaign = find_campaign(access, campaign_id)
    params = request.POST
    button = next((name for name in ("off", "on") if name in params), "")
    is_single = button and params[button] != "chosen"
    texts = [params[button]] if is_single else params.getlist("keyword")
    numbers = (read_number(text, max_digits=MAX_KEY_DIGITS) for text in texts[:PAGE_ROWS])
    ids = [number for number in numbers if number is not None]
    count = set_keywords_enabled(campaign=campaign, keywords=ids, is_on=button == "on") if button else 0
    if not ids:
        messages.warning(request, _("키워드를 먼저 선택해 주세요."))
    elif button == "on":
        text = ngettext("키워드 %(count)d개를 켰어요.", "키워드 %(count)d개를 켰어요.", count)
        messages.success(request, text % {"count": count})
    else:
        text = ngettext(
            "키워드 %(count)d개를 껐어요. 몇 초 안에 광고가 멈춰요.",
            "키워드 %(count)d개를 껐어요. 몇 초 안에 광고가 멈춰요.",
            count,
        )
        messages.success(request, text % {"count": count})
    return redirect(_return_url(request, access, campaign_id))


def _list_keywords(
    campaign: Campaign, period: Period, list_query: ListQuery[KeywordListRow]
) -> Page[KeywordListRow]:
    """Return one page of a campaign's keywords, by group and text by default."""
    figures = {(normalise(row.text), row.match): row.figures for row in figures_by_keyword(campaign, period)}
    rows = (
        KeywordListRow(keyword, figures.get((keyword.norm, keyword.match), Figures()))
        for keyword in keywords_of(campaign)
    )
    return list_query.paginate([row for row in rows if _matches_query(row, list_query)])


def _matches_query(row: KeywordListRow, list_query: ListQuery[KeywordListRow]) -> bool:
    keyword, state, match = row.keyword, list_query.choices["state"], list_query.choices["match"]
    norm = normalise(list_query.search)
    return (
        (list_query.search.casefold() in keyword.text.casefold() or bool(norm and norm in keyword.norm))
        and state in ("", "on" if row.is_on else "off")
        and match in ("", keyword.match)
    )


def _return_url(request: HttpRequest, access: AdvertiserContext, campaign_id: UUID) -> str:
    url = reverse("portal:keywords", args=[access.advertiser.public_id, campaign_id])
    query = request.POST.get("back", "")
    return f"{url}{query}" if query.startswith("?") else url
