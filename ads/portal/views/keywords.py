"""All keywords of a campaign: found, ordered, and switched off and on, one or many at once."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from ads.campaigns.keywords import set_keywords_enabled
from ads.models import Keyword
from ads.portal.access import AdvertiserContext, editor_required, member_required
from ads.portal.keyword_list import KEYWORD_COLUMNS, STATES, list_keywords
from ads.portal.list_query import PAGE_ROWS, parse_list_query
from ads.portal.views.campaigns import find_campaign
from ads.portal.views.layout import read_period, render_page


@require_safe
@member_required
def keyword_list(request: HttpRequest, access: AdvertiserContext, campaign_id: uuid.UUID) -> HttpResponseBase:
    """Show a page of the campaign's keywords."""
    campaign = find_campaign(access, campaign_id)
    period = read_period(request)
    choices = {"state": STATES, "match": Keyword.Match.values}
    asked = parse_list_query(request, columns=KEYWORD_COLUMNS, choices=choices)
    context = {
        "campaign": campaign,
        "list_query": asked,
        "headings": asked.headings(KEYWORD_COLUMNS),
        "page": list_keywords(campaign, period, asked),
        "matches": Keyword.Match.choices,
        "span": len(period.days),
    }
    return render_page(request, access, "keywords", section="campaigns", context=context)


@require_POST
@editor_required
def keyword_switch(
    request: HttpRequest, access: AdvertiserContext, campaign_id: uuid.UUID
) -> HttpResponseBase:
    """Switch the chosen keywords, or the one whose button was pressed, and come back to the same rows."""
    campaign = find_campaign(access, campaign_id)
    asked = request.POST
    pressed = next((name for name in ("off", "on") if name in asked), "")
    named = [asked[pressed]] if pressed and asked[pressed] != "chosen" else asked.getlist("keyword")
    # No number of a row is longer, and no page has more rows.
    rows = [int(each) for each in named[:PAGE_ROWS] if each.isascii() and each.isdecimal() and len(each) < 19]
    count = set_keywords_enabled(campaign=campaign, keywords=rows, is_on=pressed == "on") if pressed else 0
    if not rows:
        messages.warning(request, _("키워드를 먼저 골라 주세요."))
    elif pressed == "on":
        said = ngettext("키워드 %(count)d개를 켰어요.", "키워드 %(count)d개를 켰어요.", count)
        messages.success(request, said % {"count": count})
    else:
        said = ngettext(
            "키워드 %(count)d개를 껐어요. 몇 초 안에 광고가 멈춰요.",
            "키워드 %(count)d개를 껐어요. 몇 초 안에 광고가 멈춰요.",
            count,
        )
        messages.success(request, said % {"count": count})
    return redirect(_return_url(request, access, campaign_id))


def _return_url(request: HttpRequest, access: AdvertiserContext, campaign_id: uuid.UUID) -> str:
    here = reverse("portal:keywords", args=[access.advertiser.public_id, campaign_id])
    back = request.POST.get("back", "")
    return f"{here}{back}" if back.startswith("?") else here
