"""Which clicks an advertiser did not pay for, or was given back, and why."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, Sum

from ads.domain.money import format_won
from ads.models import Campaign, Click, Credit, RefusedVisit
from ads.reporting.figures import Period
from ads.reporting.reason_labels import label_reason


@dataclass(slots=True)
class InvalidClickRow:
    """One reason: clicks that cost nothing because of it, and clicks that were given back."""

    reason: str
    refused: int = 0
    credited: int = 0
    credited_micros: int = 0

    @property
    def label(self) -> str:
        """The reason in words."""
        return label_reason(self.reason)

    @property
    def credited_won(self) -> str:
        """What was given back, in won, or nothing."""
        return format_won(self.credited_micros) if self.credited_micros else ""


def list_invalid_clicks(campaign: Campaign, period: Period) -> list[InvalidClickRow]:
    """Return a row for each reason; robots count here too, though they used up nothing."""
    rows: dict[str, InvalidClickRow] = defaultdict(lambda: InvalidClickRow(""))
    days = {"day__gte": period.first, "day__lte": period.last}
    invalid = Click.objects.filter(campaign=campaign, verdict=Click.Verdict.INVALID, **days)
    for reason, count in invalid.values_list("reason").annotate(count=Count("pk")).order_by():
        rows[reason].refused += count
    visits = RefusedVisit.objects.filter(campaign=campaign, kind=RefusedVisit.Kind.CLICK, **days)
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
