"""Audits the billed clicks of the last day and credits those that follow a pattern of invalid traffic."""

import datetime
import logging
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, pstdev

from django.db import transaction
from django.utils import timezone

from ads.domain.invalid_reasons import InvalidReason
from ads.ledger.entries import reverse_click
from ads.models import Click, Credit

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 600.0
PERSON_BURST_CLICKS = 7
NETWORK_BURST_CLICKS = 20
# A run of this many clicks whose intervals have a coefficient of variation below the limit. For random
# (Poisson) clicks it is about 1; eight clicks fall below .08 less than once in ten million runs.
REGULAR_RUN_CLICKS = 8
MAX_REGULAR_VARIATION = 0.08
MIN_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class BilledClick:
    """One billed click with its person (daily key) and network, empty where unknown, and Unix time."""

    offer: uuid.UUID
    campaign: int
    person: str
    network: str
    at: float


def find_suspicious_clicks(clicks: Sequence[BilledClick]) -> dict[uuid.UUID, str]:
    """Return the offers of suspicious clicks, each with the first matching reason."""
    found: dict[uuid.UUID, str] = {}
    for group in _grouped((click.person, click) for click in clicks if click.person):
        _note(found, find_burst(group, PERSON_BURST_CLICKS), InvalidReason.PERSON_BURST)
        _note(found, find_regular(group), InvalidReason.PERSON_REGULAR)
    sources = ((f"{click.network} {click.campaign}", click) for click in clicks if click.network)
    for group in _grouped(sources):
        _note(found, find_burst(group, NETWORK_BURST_CLICKS), InvalidReason.NETWORK_BURST)
        _note(found, find_regular(group), InvalidReason.NETWORK_REGULAR)
    return found


def find_burst(clicks: Sequence[BilledClick], count: int) -> set[uuid.UUID]:
    """Return the offers of clicks in a burst of at least `count` within WINDOW_SECONDS; clicks are sorted."""
    burst: set[uuid.UUID] = set()
    start = 0
    for end, click in enumerate(clicks):
        while click.at - clicks[start].at > WINDOW_SECONDS:
            start += 1
        if end - start + 1 >= count:
            burst.update(each.offer for each in clicks[start : end + 1])
    return burst


def find_regular(clicks: Sequence[BilledClick]) -> set[uuid.UUID]:
    """Return the offers of clicks in a run of regular intervals; clicks are sorted."""
    regular: set[uuid.UUID] = set()
    for start in range(len(clicks) - REGULAR_RUN_CLICKS + 1):
        run = clicks[start : start + REGULAR_RUN_CLICKS]
        pauses = [after.at - before.at for before, after in pairwise(run)]
        mean = fmean(pauses)
        if mean >= MIN_PAUSE_SECONDS and pstdev(pauses) < MAX_REGULAR_VARIATION * mean:
            regular.update(each.offer for each in run)
    return regular


def _grouped(pairs: Iterable[tuple[str, BilledClick]]) -> list[list[BilledClick]]:
    groups: dict[str, list[BilledClick]] = defaultdict(list)
    for name, click in pairs:
        groups[name].append(click)
    return [sorted(group, key=lambda click: click.at) for group in groups.values()]


def _note(found: dict[uuid.UUID, str], offers: set[uuid.UUID], reason: str) -> None:
    for offer in offers:
        found.setdefault(offer, reason)


# Longer than a day, so that a pattern across midnight or across the last run is still complete.
AUDIT_WINDOW = datetime.timedelta(hours=30)


def audit_clicks() -> int:
    """Credit every suspicious click that was not credited before; return how many."""
    now = timezone.now()
    rows = Click.objects.filter(
        verdict=Click.Verdict.BILLED, created_at__gte=now - AUDIT_WINDOW, created_at__lt=now
    ).values_list("offer_id", "campaign_id", "offer__frequency_key", "network", "created_at")
    suspects = find_suspicious_clicks(
        [
            BilledClick(offer, campaign, person, network, created_at.timestamp())
            for offer, campaign, person, network, created_at in rows.iterator()
        ]
    )
    fresh = Click.objects.filter(pk__in=suspects, credit=None).select_related("transaction").order_by("pk")
    count = sum(credit_click(click, reason=suspects[click.pk]) for click in fresh)
    if count:
        logger.warning("click audit: %d clicks credited", count)
    return count


@transaction.atomic
def credit_click(click: Click, *, reason: str) -> bool:
    """Credit the price of a billed click to its advertiser; False when it was credited before."""
    reversal = reverse_click(click, reason=reason)
    if reversal is None:
        return False
    Credit.objects.create(click=click, transaction=reversal, reason=reason, amount_micros=click.price_micros)
    return True
