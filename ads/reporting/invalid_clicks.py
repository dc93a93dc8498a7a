"""A campaign's invalid clicks by reason: clicks that were not charged, and clicks credited later."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, Sum

from ads.models import Campaign, Click, Credit, RejectedEvent
from ads.reporting.figures import Period
from ads.reporting.reason_labels import label_reason


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
