"""The last steps of a new campaign: its money, and one button that requests the review and starts it."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ads.campaigns.credit_grants import is_test_credit_allowed
from ads.campaigns.errors import InvalidChangeError
from ads.campaigns.launch import launch_campaign
from ads.domain.money import WON, format_won
from ads.models import AdGroup, Campaign, Creative
from ads.portal.access import AdvertiserContext, editor_required, find_campaign
from ads.portal.campaign_steps import PAYMENT, REVIEW, ad_url, keywords_url, list_wizard_steps
from ads.portal.forms import TopUpForm
from ads.portal.views.layout import announce_state, render_conflict, render_form, render_page
from ads.portal.views.wallet import grant_from_form
from ads.reporting.advertiser_inventory import list_ad_groups
from ads.reporting.statements import read_balance
from ads.selection.jobs.publishing import request_publication

PRESETS = (10_000 * WON, 50_000 * WON, 100_000 * WON)


@dataclass(frozen=True, slots=True)
class MissingPart:
    """What a campaign still needs before it can start, and where it is made."""

    label: str
    url: str


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def campaign_fund(request: HttpRequest, access: AdvertiserContext, campaign_id: UUID) -> HttpResponseBase:
    """Step 4 of a new ad: show how long the balance lasts; owners add to it."""
    campaign = find_campaign(access, campaign_id)
    form = TopUpForm(_read_amount(request) if request.method == "POST" else None)
    if request.method == "POST":
        if not access.is_owner or not is_test_credit_allowed():
            raise PermissionDenied
        if form.is_valid() and grant_from_form(request, access, form):
            amount = format_won(form.cleaned_data["amount"])
            messages.success(request, _("시험용 잔액 %(amount)s원을 충전했어요.") % {"amount": amount})
            return redirect("portal:fund_campaign", access.advertiser.public_id, campaign.public_id)
    balance = read_balance(access.advertiser)
    context = {
        "campaign": campaign,
        "balance": balance,
        "days": balance.total_micros // campaign.daily_budget_micros,
        "presets": [(amount // WON, amount) for amount in PRESETS],
        # Its own key: the amounts and the field are two forms.
        "preset_key": uuid4(),
        "takes_test_money": is_test_credit_allowed(),
        "steps": list_wizard_steps(access, campaign, PAYMENT),
    }
    return render_form(request, access, "ads/campaign_fund.html", form=form, context=context)


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def campaign_launch(request: HttpRequest, access: AdvertiserContext, campaign_id: UUID) -> HttpResponseBase:
    """Step 5 of a new ad: show all of it, and start it with one button."""
    campaign = find_campaign(access, campaign_id)
    if request.method == "POST":
        try:
            launch_campaign(campaign=campaign)
        except InvalidChangeError as error:
            return render_conflict(request, access, str(error), section="campaigns", campaign=campaign)
        request_publication()
        announce_state(request, access, campaign)
        return redirect("portal:campaign", access.advertiser.public_id, campaign.public_id)
    groups = list_ad_groups(campaign)
    creative = _find_ad(groups)
    context = {
        "campaign": campaign,
        "creative": creative,
        "preview": creative and _preview(access, creative),
        "groups": groups,
        "keyword_count": sum(len(group.keywords.all()) for group in groups),
        "balance": read_balance(access.advertiser),
        "missing": _list_missing(access, campaign, groups),
        "is_approved": creative is not None and creative.review == Creative.Review.APPROVED,
        "steps": list_wizard_steps(access, campaign, REVIEW),
    }
    return render_page(request, access, "ads/campaign_launch.html", section="campaigns", context=context)


def _read_amount(request: HttpRequest) -> dict[str, str]:
    """Return the form's data; a button with an amount counts as if that amount had been typed."""
    data = {name: request.POST.get(name, "") for name in ("amount", "key")}
    return data | {"amount": request.POST["preset"]} if request.POST.get("preset") else data


def _find_ad(groups: list[AdGroup]) -> Creative | None:
    creatives = [creative for group in groups for creative in group.creatives.all()]
    return max(creatives, key=lambda creative: creative.pk, default=None)


def _preview(access: AdvertiserContext, creative: Creative) -> dict[str, object]:
    return {
        "advertiser": access.advertiser.name,
        "title": creative.title,
        "body": creative.body,
        "display_domain": creative.display_domain,
        "is_ai_generated": creative.is_ai_generated,
    }


def _list_missing(access: AdvertiserContext, campaign: Campaign, groups: list[AdGroup]) -> list[MissingPart]:
    with_keywords = [group for group in groups if group.keywords.all()]
    if not with_keywords:
        return [MissingPart(_("키워드를 정해 주세요."), keywords_url(access, campaign))]
    creatives = [creative for group in with_keywords for creative in group.creatives.all()]
    if not creatives:
        return [MissingPart(_("광고 문구를 써 주세요."), ad_url(access, with_keywords[0]))]
    rejected = [creative for creative in creatives if creative.review == Creative.Review.REJECTED]
    if len(rejected) == len(creatives):
        return [MissingPart(_("거절된 문구를 수정해 주세요."), ad_url(access, with_keywords[0]))]
    return []
