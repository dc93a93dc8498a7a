"""Patterns that no person makes, found in many billed clicks together. Pure: no database, no clock."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, pstdev

WINDOW_SECONDS = 600.0
PERSON_BURST_CLICKS = 7
NETWORK_BURST_CLICKS = 20
# So many clicks in a row whose pauses differ by less than this share of their mean. For somebody who clicks
# by chance the share is about 1; that eight clicks come below .08 happens less than once in ten million.
REGULAR_RUN_CLICKS = 8
MAX_REGULAR_VARIATION = 0.08
MIN_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class BilledClick:
    """One click that was paid for, with who and where as far as anybody knows, and when, in seconds."""

    offer: uuid.UUID
    campaign: int
    person: str
    network: str
    at: float


def find_suspicious_clicks(clicks: Sequence[BilledClick]) -> dict[uuid.UUID, str]:
    """Return the clicks that belong to a pattern, each with the first one found."""
    found: dict[uuid.UUID, str] = {}
    for group in _grouped((click.person, click) for click in clicks if click.person):
        _note(found, find_burst(group, PERSON_BURST_CLICKS), "burst_person")
        _note(found, find_regular(group), "regular_person")
    sites = ((f"{click.network} {click.campaign}", click) for click in clicks if click.network)
    for group in _grouped(sites):
        _note(found, find_burst(group, NETWORK_BURST_CLICKS), "burst_network")
        _note(found, find_regular(group), "regular_network")
    return found


def find_burst(clicks: Sequence[BilledClick], count: int) -> set[uuid.UUID]:
    """Return every click that is one of at least `count` within ten minutes; clicks are in their order."""
    burst: set[uuid.UUID] = set()
    start = 0
    for end, click in enumerate(clicks):
        while click.at - clicks[start].at > WINDOW_SECONDS:
            start += 1
        if end - start + 1 >= count:
            burst.update(each.offer for each in clicks[start : end + 1])
    return burst


def find_regular(clicks: Sequence[BilledClick]) -> set[uuid.UUID]:
    """Return every click of a run that keeps time like a machine; clicks are in their order."""
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
