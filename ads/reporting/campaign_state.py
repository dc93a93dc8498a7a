"""The state of a campaign as its advertiser sees it: whether it is served now, why not, and what to do next.

A status alone does not say it: an active campaign may wait for review, for money or for its first day.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from ads.domain.accounting_day import KOREA
from ads.domain.money import format_won
from ads.models import Advertiser, Campaign
from ads.reporting.serving_status import ServingChecks, read_serving_checks
from ads.reporting.statements import Balance


class StateCode(StrEnum):
    """The states of a campaign."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    REJECTED = "rejected"
    NO_MONEY = "no_money"
    SCHEDULED = "scheduled"
    BLOCKED = "blocked"
    SPENT_TODAY = "spent_today"
    SPENT = "spent"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


class NextStep(StrEnum):
    """What the advertiser can do next about a state."""

    ADD_KEYWORDS = "add_keywords"
    CHANGE_KEYWORDS = "change_keywords"
    WRITE_AD = "write_ad"
    FIX_AD = "fix_ad"
    FUND = "fund"
    REVIEW_AND_START = "review_and_start"
    START = "start"
    CHANGE_BUDGET = "change_budget"
    SHOW_GROUPS = "show_groups"
    PAUSE = "pause"
    RESUME = "resume"


STATE_LABELS = {
    StateCode.DRAFT: gettext_lazy("작성 중"),
    StateCode.IN_REVIEW: gettext_lazy("검토 중"),
    StateCode.REJECTED: gettext_lazy("수정 필요"),
    StateCode.NO_MONEY: gettext_lazy("잔액 부족"),
    StateCode.SCHEDULED: gettext_lazy("시작 예정"),
    StateCode.BLOCKED: gettext_lazy("보이지 않음"),
    StateCode.SPENT_TODAY: gettext_lazy("오늘 예산 소진"),
    StateCode.SPENT: gettext_lazy("전체 예산 소진"),
    StateCode.RUNNING: gettext_lazy("보이는 중"),
    StateCode.PAUSED: pgettext_lazy("campaign", "멈춤"),
    StateCode.ENDED: gettext_lazy("끝남"),
}


@dataclass(frozen=True, slots=True)
class CampaignState:
    """A state with its explanation; `target` is the group or creative that the next step is about."""

    code: StateCode
    detail: str = ""
    next_step: NextStep | None = None
    target: UUID | None = None

    @property
    def label(self) -> str:
        """The name of the state."""
        return str(STATE_LABELS[self.code])


# A rule holds or not; the first that holds is the state.
Rule = tuple[bool, CampaignState]


def find_campaign_states(
    advertiser: Advertiser, campaigns: Sequence[int], balance: Balance
) -> Mapping[int, CampaignState]:
    """Return the state of each of these campaigns of the advertiser by its id."""
    return {
        campaign: _find_state(checks)
        for campaign, checks in read_serving_checks(advertiser, campaigns, balance).items()
    }


def _find_state(checks: ServingChecks) -> CampaignState:
    for find_rules in (_end_rules, _draft_rules, _setup_rules, _review_rules, _schedule_rules, _money_rules):
        state = next((state for holds, state in find_rules(checks) if holds), None)
        if state is not None:
            return state
    return CampaignState(StateCode.RUNNING, next_step=NextStep.PAUSE)


def _end_rules(checks: ServingChecks) -> Iterable[Rule]:
    campaign = checks.campaign
    yield campaign.status == Campaign.Status.ENDED, CampaignState(StateCode.ENDED)
    yield (
        campaign.ends_at is not None and campaign.ends_at <= timezone.now(),
        CampaignState(
            StateCode.ENDED,
            _("종료일이 지났어요. 기간을 바꾸면 다시 보일 수 있어요."),
            NextStep.CHANGE_BUDGET,
        ),
    )
    yield (
        campaign.status == Campaign.Status.PAUSED,
        CampaignState(
            StateCode.PAUSED, _("잠시 멈췄어요. 다시 시작하면 몇 초 안에 보여요."), NextStep.RESUME
        ),
    )


def _draft_rules(checks: ServingChecks) -> Iterable[Rule]:
    campaign = checks.campaign
    if campaign.status != Campaign.Status.DRAFT:
        return
    has_ad = campaign.has_approved or campaign.has_waiting or campaign.has_draft
    yield not campaign.has_keyword, _draft(NextStep.ADD_KEYWORDS, campaign.first_group)
    yield not has_ad and campaign.rejected_creative is not None, _rejected(checks)
    yield not has_ad, _draft(NextStep.WRITE_AD, campaign.first_group)
    yield (
        campaign.has_approved,
        CampaignState(StateCode.DRAFT, _("문구가 승인됐어요. 시작하면 바로 보여요."), NextStep.START),
    )
    yield checks.balance.total_micros <= 0, _draft(NextStep.FUND)
    yield True, _draft(NextStep.REVIEW_AND_START)


def _setup_rules(checks: ServingChecks) -> Iterable[Rule]:
    campaign = checks.campaign
    in_review = campaign.has_approved or campaign.has_waiting
    yield (
        checks.advertiser.status == Advertiser.Status.SUSPENDED,
        _blocked(_("광고주가 정지되어 있어요. 운영자에게 문의해 주세요.")),
    )
    yield checks.is_market_frozen, _blocked(_("광고 시장을 잠시 멈추고 점검하고 있어요."))
    yield (
        campaign.first_group is not None and not campaign.has_enabled_group,
        _blocked(_("광고 그룹이 모두 꺼져 있어요."), NextStep.SHOW_GROUPS),
    )
    yield (
        not campaign.has_keyword,
        _blocked(_("키워드가 없어요."), NextStep.ADD_KEYWORDS, campaign.first_group),
    )
    yield (
        not campaign.has_enabled_keyword,
        _blocked(_("키워드가 모두 꺼져 있어요."), NextStep.CHANGE_KEYWORDS, campaign.first_group),
    )
    yield (
        campaign.has_disabled_creative and not in_review,
        _blocked(_("승인된 광고 문구가 꺼져 있어요."), NextStep.SHOW_GROUPS),
    )


def _review_rules(checks: ServingChecks) -> Iterable[Rule]:
    campaign = checks.campaign
    if not campaign.has_approved:
        yield campaign.has_waiting, _in_review(checks)
        yield (
            campaign.has_draft,
            _blocked(_("검토를 요청하지 않은 문구만 있어요."), NextStep.REVIEW_AND_START),
        )
        yield campaign.rejected_creative is not None, _rejected(checks)
        yield True, _blocked(_("광고 문구가 없어요."), NextStep.WRITE_AD, campaign.first_group)
    yield (
        not campaign.has_servable_group,
        _blocked(_("켜진 키워드와 광고 문구가 같은 그룹에 없어요."), NextStep.SHOW_GROUPS),
    )
    yield (
        (campaign.best_bid_micros or 0) < checks.min_bid_micros,
        _blocked(
            _("입찰가가 모두 이 분야의 최저가 %(won)s원보다 낮아요.")
            % {"won": format_won(checks.min_bid_micros)},
            NextStep.CHANGE_KEYWORDS,
            campaign.best_group,
        ),
    )


def _schedule_rules(checks: ServingChecks) -> Iterable[Rule]:
    starts_at = checks.campaign.starts_at
    yield (
        starts_at > timezone.now(),
        CampaignState(StateCode.SCHEDULED, _("%(day)s에 시작해요.") % {"day": _day(starts_at)}),
    )


def _money_rules(checks: ServingChecks) -> Iterable[Rule]:
    problem = checks.wallet_problem
    yield bool(problem), CampaignState(StateCode.NO_MONEY, problem, NextStep.FUND)
    yield (
        checks.is_total_budget_spent,
        CampaignState(StateCode.SPENT, _("전체 예산을 늘리면 다시 보일 수 있어요."), NextStep.CHANGE_BUDGET),
    )
    yield (
        checks.is_daily_budget_spent,
        CampaignState(StateCode.SPENT_TODAY, _("내일 0시에 다시 보여요."), NextStep.CHANGE_BUDGET),
    )


def _draft(step: NextStep, target: UUID | None = None) -> CampaignState:
    return CampaignState(StateCode.DRAFT, _("아직 시작하지 않았어요."), step, target)


def _blocked(detail: str, step: NextStep | None = None, target: UUID | None = None) -> CampaignState:
    return CampaignState(StateCode.BLOCKED, detail, step, target)


def _rejected(checks: ServingChecks) -> CampaignState:
    campaign = checks.campaign
    return CampaignState(
        StateCode.REJECTED, campaign.rejected_reason or "", NextStep.FIX_AD, campaign.rejected_creative
    )


def _in_review(checks: ServingChecks) -> CampaignState:
    if checks.wallet_problem:
        return CampaignState(StateCode.IN_REVIEW, _("승인돼도 잔액이 있어야 보여요."), NextStep.FUND)
    if checks.campaign.starts_at > timezone.now():
        day = _day(checks.campaign.starts_at)
        return CampaignState(StateCode.IN_REVIEW, _("승인되면 %(day)s부터 보여요.") % {"day": day})
    return CampaignState(StateCode.IN_REVIEW, _("승인되면 바로 보이기 시작해요."))


def _day(moment: datetime.datetime) -> str:
    return date_format(moment.astimezone(KOREA), "MONTH_DAY_FORMAT")
