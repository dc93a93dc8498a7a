"""The numbers on top of the console: one each card, with its change since yesterday at this time of day."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ads.reporting.figures import Figures


@dataclass(frozen=True, slots=True)
class MetricCard:
    """One number, how it changed, and where the rows under it are."""

    label: str
    value: str
    change: str
    link: str
    is_money: bool = False


def build_metric_cards(today: Figures, yesterday: Figures, link: str) -> list[MetricCard]:
    """Return spend, impressions, clicks and click rate of today."""
    return [
        MetricCard(
            _("오늘 쓴 돈"),
            today.spend,
            _change(today.spend_micros, yesterday.spend_micros),
            link,
            is_money=True,
        ),
        MetricCard(
            _("노출"), f"{today.impressions:,}", _change(today.impressions, yesterday.impressions), link
        ),
        MetricCard(_("클릭"), f"{today.clicks:,}", _change(today.clicks, yesterday.clicks), link),
        MetricCard(
            _("클릭률"),
            today.click_rate_text or "–",
            _change_in_points(today.click_rate, yesterday.click_rate),
            link,
        ),
    ]


def _change(now: int, before: int) -> str:
    if now == before:
        return _("어제 이 시각과 같아요")
    if not before:
        return _("어제 이 시각에는 0")
    share = (now - before) / before
    return _("어제 이 시각보다 %(change)s") % {"change": f"{share:+.0%}"}


def _change_in_points(now: float | None, before: float | None) -> str:
    if now is None or before is None:
        return _("비교할 것이 아직 없어요")
    return _("어제 이 시각보다 %(change)s%%p") % {"change": f"{(now - before) * 100:+.2f}"}
