"""The dashboard of the admin: today's income and cost, failures, and pending reviews."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from ads.reporting.market_summary import MarketDay, summarize_day
from aggregator.selectors.daily_stats import DailyStats, read_daily_stats
from ui.won import render_won


@dataclass(frozen=True, slots=True)
class Card:
    """One number, a note below it, and a link to its rows."""

    label: str
    value: str
    note: str
    link: str
    is_alert: bool = False


def dashboard_callback(request: HttpRequest, context: dict[str, object]) -> dict[str, object]:
    """Add today's cards to the context of the admin's index page."""
    market, turn_stats = summarize_day(), read_daily_stats()
    context["groups"] = [
        (_("오늘 수지"), _revenue_cards(market, turn_stats)),
        (_("문제 확인"), _failure_cards(market, turn_stats)),
        (_("할 일"), _review_cards(market)),
    ]
    context["models"] = turn_stats.models
    return context


def _revenue_cards(market: MarketDay, turn_stats: DailyStats) -> list[Card]:
    margin = market.income_micros - turn_stats.cost_micros
    before = _("어제 이 시각 %(amount)s")
    clicks, turns = reverse("admin:ads_click_changelist"), reverse("admin:aggregator_turn_changelist")
    return [
        Card(
            _("광고 수입"),
            _render_won(market.income_micros),
            before % {"amount": _render_won(market.income_before_micros)},
            clicks,
        ),
        Card(
            _("모델 비용"),
            _render_won(turn_stats.cost_micros),
            before % {"amount": _render_won(turn_stats.cost_before_micros)},
            turns,
        ),
        Card(
            _("오늘 남은 금액"),
            _render_won(margin),
            _("광고 수입에서 모델 비용을 뺀 값"),
            clicks,
            is_alert=margin < 0,
        ),
        Card(
            _("광고 노출과 클릭"),
            f"{market.impressions:,} · {market.clicks:,}",
            _("무효 클릭 %(count)s") % {"count": f"{market.invalid_clicks:,}"},
            clicks,
        ),
        Card(
            _("광고주 잔액"),
            _render_won(market.wallets_micros),
            _("광고주가 아직 쓰지 않은 금액"),
            reverse("admin:ads_account_changelist"),
        ),
    ]


def _failure_cards(market: MarketDay, turn_stats: DailyStats) -> list[Card]:
    turns = reverse("admin:aggregator_turn_changelist")
    failing = [each for each in turn_stats.models if each.failed]
    return [
        Card(
            _("답하지 못한 질문"),
            f"{turn_stats.failed:,}",
            _("오늘 받은 질문 %(count)s개 가운데") % {"count": f"{turn_stats.turns:,}"},
            f"{turns}?status__exact=failed",
            is_alert=turn_stats.failed > 0,
        ),
        Card(
            _("오늘 한 번이라도 실패한 모델"),
            f"{len(failing):,}",
            ", ".join(each.model for each in failing[:3]) or _("모두 답하고 있어요"),
            reverse("admin:aggregator_listing_changelist"),
            is_alert=bool(failing),
        ),
        Card(
            _("광고 장부"),
            _("맞지 않아 멈췄어요") if market.is_frozen else _("맞아요"),
            _("맞지 않으면 광고를 멈춰요"),
            reverse("admin:ads_freeze_changelist"),
            is_alert=market.is_frozen,
        ),
        Card(_("답하는 중"), f"{turn_stats.running:,}", _("지금 이 순간"), f"{turns}?status__exact=running"),
    ]


def _review_cards(market: MarketDay) -> list[Card]:
    creatives = reverse("admin:ads_creative_changelist")
    return [
        Card(
            _("검토할 광고 문구"),
            f"{market.waiting:,}",
            _("승인해야 보여요"),
            f"{creatives}?review__exact=waiting",
            is_alert=market.waiting > 0,
        ),
        Card(
            _("오늘 들어온 신고"),
            f"{market.complaints:,}",
            _("사용자가 신고한 광고"),
            reverse("admin:ads_complaint_changelist"),
            is_alert=market.complaints > 0,
        ),
    ]


def _render_won(micros: int) -> str:
    """Return an amount in won to a tenth."""
    return render_won(round(micros, -5))
