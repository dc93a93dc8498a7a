"""Labels of the reasons why clicks are invalid, and a campaign's invalid clicks by reason."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ads.domain.invalid_reasons import InvalidReason
from ads.models import Campaign, Click, Credit, RejectedEvent
from ads.reporting.figures import Period

REASON_LABELS: dict[str, Promise] = {
    InvalidReason.HEAD: _("내용 없이 주소만 확인함"),
    InvalidReason.PREFETCH: _("브라우저가 미리 가져옴"),
    InvalidReason.ROBOT: _("로봇"),
    InvalidReason.DUPLICATE: _("같은 광고를 다시 누름"),
    InvalidReason.TOO_FAST: _("사람보다 빠름"),
    InvalidReason.NOT_SEEN: _("광고를 보지 않고 누름"),
    InvalidReason.INVALID_IMPRESSION: _("제대로 보지 않고 누름"),
    InvalidReason.PLATFORM_ADDRESS: _("짬뽕 안에서 누름"),
    InvalidReason.DATACENTER: _("데이터센터에서 누름"),
    InvalidReason.ADVERTISER_ADDRESS: _("광고주 자신이 누름"),
    InvalidReason.REPEAT: _("30분 안에 다시 누름"),
    InvalidReason.PERSON_RATE: _("한 사람이 1분에 너무 많이 누름"),
    InvalidReason.NETWORK_RATE: _("한 네트워크에서 1분에 너무 많이 누름"),
    InvalidReason.EXPIRED: _("오래된 링크"),
    InvalidReason.TOO_LATE: _("하루 넘게 늦게 기록됨"),
    InvalidReason.PERSON_BURST: _("한 사람이 몰아서 누름"),
    InvalidReason.NETWORK_BURST: _("한 네트워크에서 몰아서 누름"),
    InvalidReason.PERSON_REGULAR: _("기계처럼 일정하게 누름"),
    InvalidReason.NETWORK_REGULAR: _("한 네트워크에서 기계처럼 일정하게 누름"),
    InvalidReason.OPERATOR: _("운영자가 확인하고 환급함"),
}


def label_reason(reason: str) -> str:
    """Return the label of a reason, or the reason itself when it has none."""
    return str(REASON_LABELS.get(reason, reason))


@dataclass(slots=True)
class InvalidClickRow:
    """The clicks of one reason: refused before they were charged, and credited afterwards."""

    reason: str
    refused: int = 0
    credited: int = 0
    credited_micros: int = 0

    @property
    def label(self) -> str:
        """The reason as users read it."""
        return label_reason(self.reason)


def list_invalid_clicks(campaign: Campaign, period: Period) -> list[InvalidClickRow]:
    """Return one row per reason, including clicks of bots, which are counted only here."""
    rows: dict[str, InvalidClickRow] = defaultdict(lambda: InvalidClickRow(""))
    days = {"day__gte": period.first, "day__lte": period.last}
    invalid = Click.objects.filter(campaign=campaign, verdict=Click.Verdict.INVALID, **days)
    for reason, count in invalid.values_list("reason").annotate(count=Count("pk")).order_by():
        rows[reason].refused += count
    visits = RejectedEvent.objects.filter(campaign=campaign, kind=RejectedEvent.Kind.CLICK, **days)
    for reason, count in visits.values_list("reason").annotate(count=Sum("visits")).order_by():
        rows[reason].refused += count
    credits_given = Credit.objects.filter(
        click__campaign=campaign, click__day__gte=period.first, click__day__lte=period.last
    )
    sums = credits_given.values_list("reason").annotate(count=Count("pk"), amount=Sum("amount_micros"))
    for reason, count, amount in sums.order_by():
        rows[reason].credited += count
        rows[reason].credited_micros += amount
    for reason, row in rows.items():
        row.reason = reason
    return sorted(rows.values(), key=lambda row: (-row.credited, -row.refused, row.reason))
