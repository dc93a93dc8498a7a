"""Sums of what provider calls read, wrote and cost."""

import datetime as dt
import uuid

from django.db.models import Sum

from aggregator.domain.calendar_day import start_of_day
from aggregator.domain.sampling import Sampling
from aggregator.models import Listing, Turn, Usage


def spent_today() -> int:
    """Return what answering people has cost since midnight in Korea, in micros of won.

    A calibration has a budget of its own, so it does not take from what the day's turns may cost.
    """
    spent = Usage.objects.filter(created_at__gte=start_of_day()).exclude(purpose=Usage.Purpose.CALIBRATE)
    return int(spent.aggregate(total=Sum("cost_micros"))["total"] or 0)


def spent_between(start: dt.datetime, end: dt.datetime, *, with_calibration: bool = False) -> int:
    """Return what models have cost from `start` up to, but not including, `end`, in micros of won."""
    spent = Usage.objects.filter(created_at__gte=start, created_at__lt=end)
    if not with_calibration:
        spent = spent.exclude(purpose=Usage.Purpose.CALIBRATE)
    return int(spent.aggregate(total=Sum("cost_micros"))["total"] or 0)


def count_turn_tokens(turn: Turn) -> tuple[int, int] | None:
    """Return the tokens that all calls of a turn read and wrote, or None until the turn is closed."""
    stored = Usage.objects.filter(turn_id=turn.pk, turn__closed_at__isnull=False)
    totals = stored.aggregate(read=Sum("input_tokens"), written=Sum("output_tokens"))
    return None if totals["read"] is None else (int(totals["read"]), int(totals["written"]))


def has_fusion_reached_limit(turn: Turn) -> bool | None:
    """Return whether a turn's fused answer is as long as it could be, or None until the turn is closed."""
    stored = Usage.objects.filter(turn_id=turn.pk, turn__closed_at__isnull=False, purpose=Usage.Purpose.FUSE)
    call = stored.order_by("-pk").values("model", "output_tokens", "turn__conversation__sampling").first()
    if call is None:
        return None
    requested = Sampling.from_json(call["turn__conversation__sampling"]).max_tokens
    own = Listing.objects.filter(slug=call["model"]).values_list("output_limit", flat=True).first()
    limits = [limit for limit in (requested, own) if limit is not None]
    return bool(limits) and call["output_tokens"] >= min(limits)


def list_call_costs(turn: Turn) -> dict[uuid.UUID, int]:
    """Return the cost of each stored call of a turn, in micros of won, by call id."""
    return dict(Usage.objects.filter(turn_id=turn.pk).values_list("call_id", "cost_micros"))
