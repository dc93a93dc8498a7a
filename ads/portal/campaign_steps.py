"""The steps from a new campaign to its start, and the next step that a state asks for, as links."""

from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ads.models import AdGroup, Campaign, Creative
from ads.portal.access import AdvertiserContext
from ads.reporting.advertiser_inventory import find_first_group, find_newest_creative
from ads.reporting.campaign_state import CampaignState, NextStep

BUDGET, KEYWORDS, AD, PAYMENT, REVIEW = range(1, 6)


@dataclass(frozen=True, slots=True)
class WizardStep:
    """A step of a new campaign; one that is not reached yet has no link."""

    label: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class NextAction:
    """The button of a campaign's state: a link, or a form of one button that posts `status`."""

    label: str | Promise
    url: str
    is_post: bool = False
    status: str = ""


STEP_LABELS = {
    NextStep.ADD_KEYWORDS: gettext_lazy("이어서 만들기"),
    NextStep.CHANGE_KEYWORDS: gettext_lazy("키워드와 입찰가 바꾸기"),
    NextStep.WRITE_AD: gettext_lazy("이어서 만들기"),
    NextStep.FIX_AD: gettext_lazy("문구 수정하기"),
    NextStep.FUND: gettext_lazy("잔액 채우기"),
    NextStep.REVIEW_AND_START: gettext_lazy("검토 요청하고 시작하기"),
    NextStep.START: gettext_lazy("지금 시작하기"),
    NextStep.CHANGE_BUDGET: gettext_lazy("예산과 기간 바꾸기"),
    NextStep.SHOW_GROUPS: gettext_lazy("문구와 키워드 보기"),
    NextStep.PAUSE: gettext_lazy("잠시 멈추기"),
    NextStep.RESUME: gettext_lazy("다시 시작하기"),
}
# Pages of the campaign, of its group or creative, and buttons that change its status.
CAMPAIGN_PAGES = {
    NextStep.FUND: "fund_campaign",
    NextStep.REVIEW_AND_START: "launch",
    NextStep.CHANGE_BUDGET: "change_campaign",
    NextStep.SHOW_GROUPS: "campaign",
}
TARGET_PAGES = {
    NextStep.ADD_KEYWORDS: "change_group",
    NextStep.CHANGE_KEYWORDS: "change_group",
    NextStep.WRITE_AD: "make_creative",
    NextStep.FIX_AD: "change_creative",
}
STATUSES = {NextStep.PAUSE: Campaign.Status.PAUSED, NextStep.RESUME: Campaign.Status.ACTIVE}


def find_next_action(
    access: AdvertiserContext, campaign: Campaign, state: CampaignState
) -> NextAction | None:
    """Return the button of a campaign's state; None when there is nothing to do or the role may not do it."""
    step = state.next_step
    if step is None or not access.may_edit:
        return None
    label, advertiser = STEP_LABELS[step], access.advertiser.public_id
    if step in STATUSES:
        url = reverse("portal:move_campaign", args=[advertiser, campaign.public_id])
        return NextAction(label, url, is_post=True, status=STATUSES[step])
    if step == NextStep.START:
        return NextAction(
            label, reverse("portal:launch", args=[advertiser, campaign.public_id]), is_post=True
        )
    if step in CAMPAIGN_PAGES:
        url = reverse(f"portal:{CAMPAIGN_PAGES[step]}", args=[advertiser, campaign.public_id])
        return NextAction(label, f"{url}#groups" if step == NextStep.SHOW_GROUPS else url)
    if state.target is None:
        return NextAction(label, reverse("portal:make_group", args=[advertiser, campaign.public_id]))
    return NextAction(label, reverse(f"portal:{TARGET_PAGES[step]}", args=[advertiser, state.target]))


def list_wizard_steps(access: AdvertiserContext, campaign: Campaign | None, current: int) -> list[WizardStep]:
    """Return the steps of a campaign that was not started yet; those that can be opened have a link."""
    labels = [_("예산과 기간"), _("키워드와 입찰가"), _("광고 문구"), _("결제"), _("검토와 시작")]
    urls = [""] * len(labels)
    if campaign is not None:
        group = find_first_group(campaign)
        creative = find_newest_creative(campaign)
        urls = _wizard_urls(access.advertiser.public_id, campaign, group, creative)
    steps = enumerate(zip(labels, urls, strict=True), start=1)
    return [
        WizardStep(label, "" if number == current else url, number == current)
        for number, (label, url) in steps
    ]


def keywords_url(access: AdvertiserContext, campaign: Campaign) -> str:
    """Return the address of step 2: the form of the first group, or of a new one."""
    group = find_first_group(campaign)
    if group is None:
        return reverse("portal:make_group", args=[access.advertiser.public_id, campaign.public_id])
    return reverse("portal:change_group", args=[access.advertiser.public_id, group.public_id])


def ad_url(access: AdvertiserContext, group: AdGroup) -> str:
    """Return the address of step 3: the form of the group's newest ad, or of a new one."""
    creative = find_newest_creative(group.campaign, group)
    if creative is None:
        return reverse("portal:make_creative", args=[access.advertiser.public_id, group.public_id])
    return reverse("portal:change_creative", args=[access.advertiser.public_id, creative.public_id])


def _wizard_urls(
    advertiser: UUID, campaign: Campaign, group: AdGroup | None, creative: Creative | None
) -> list[str]:
    budget = reverse("portal:change_campaign", args=[advertiser, campaign.public_id])
    if group is None:
        return [budget, reverse("portal:make_group", args=[advertiser, campaign.public_id]), "", "", ""]
    keywords = reverse("portal:change_group", args=[advertiser, group.public_id])
    if creative is None:
        return [budget, keywords, reverse("portal:make_creative", args=[advertiser, group.public_id]), "", ""]
    return [
        budget,
        keywords,
        reverse("portal:change_creative", args=[advertiser, creative.public_id]),
        reverse("portal:fund_campaign", args=[advertiser, campaign.public_id]),
        reverse("portal:launch", args=[advertiser, campaign.public_id]),
    ]
