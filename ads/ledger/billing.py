"""Billing: charges each click exactly once, in one SQL statement, so that a crash leaves no partial state.

Concurrent clicks are settled together by group commit: each waits until its own charge is on disk, and the
whole group waits for one flush.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from django.db import IntegrityError, OperationalError, connection, transaction

from ads.domain.accounting_day import korean_day
from ads.infra.group_commit import GroupCommit
from ads.ledger.leases import extend_lease
from ads.models import Offer

ClickVerdict = Literal["billed", "free", "invalid", "duplicate"]

MAX_BATCH_SIZE = 256
VERDICTS: dict[str, ClickVerdict] = {"billed": "billed", "free": "free", "invalid": "invalid"}
DEADLOCK = "40P01"
# The function and its safety argument are in ads/migrations/0007_settle_clicks_together.py.
SETTLE = "SELECT place, verdict FROM ads_settle(%s::uuid[], %s, %s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Charge:
    """A click to be charged to a campaign; with a reason, it is recorded as invalid and costs nothing.

    The budget of the click's accounting day pays, or that of `day` for a click that is settled late.
    """

    offer: uuid.UUID
    campaign_id: int
    price_micros: int
    network: str
    at: datetime.datetime
    reason: str = ""
    day: datetime.date | None = None


def charge_click(charge: Charge) -> ClickVerdict:
    """Bill the click, or record it as free when its budget is exhausted; a second click is a duplicate."""
    if connection.in_atomic_block:
        # Other connections cannot see this transaction, so the click cannot join a group.
        return settle_clicks([charge])[0]
    return _click_commits.submit(charge)


def charge_for(
    offer: Offer, *, reason: str, network: str, at: datetime.datetime, day: datetime.date | None = None
) -> Charge:
    """Return the charge of a click on this offer."""
    return Charge(
        offer=offer.id,
        campaign_id=offer.campaign_id,
        price_micros=offer.price_micros,
        network=network,
        at=at,
        reason=reason,
        day=day,
    )


def settle_click(offer: Offer, *, reason: str, network: str, at: datetime.datetime) -> ClickVerdict:
    """Bill a click on this offer, or record it as invalid when there is a reason."""
    return charge_click(charge_for(offer, reason=reason, network=network, at=at))


def settle_clicks(charges: Sequence[Charge]) -> list[ClickVerdict]:
    """Settle many clicks, each exactly once; raises OperationalError when the database is unavailable."""
    days: dict[datetime.date, list[Charge]] = defaultdict(list)
    for charge in charges:
        days[charge.day or korean_day(charge.at)].append(charge)
    settled = dict(pair for day, due in days.items() for pair in _settle_day(day, due))
    # Duplicates are missing from the result: a second charge of the offer in this batch or before it.
    return [settled.pop(charge, "duplicate") for charge in charges]


def _settle_day(day: datetime.date, charges: Sequence[Charge]) -> list[tuple[Charge, ClickVerdict]]:
    try:
        return _bill(day, charges)
    except IntegrityError as error:
        if len(charges) == 1 and _is_duplicate_click(error):
            return [(charges[0], "duplicate")]
        if len(charges) == 1:
            raise
    except OperationalError as error:
        if len(charges) == 1 or getattr(error.__cause__, "sqlstate", None) != DEADLOCK:
            raise
    # Two batches collided over an offer around midnight: settle each click alone.
    return [pair for charge in charges for pair in _settle_day(day, [charge])]


def _bill(day: datetime.date, charges: Sequence[Charge]) -> list[tuple[Charge, ClickVerdict]]:
    settled, short = _run_settlement(day, charges, is_last_attempt=False)
    for campaign, due in sorted(_by_campaign(short).items()):
        settled += _extend_and_bill(campaign, day, due)
    return settled


def _extend_and_bill(
    campaign: int, day: datetime.date, due: Sequence[Charge]
) -> list[tuple[Charge, ClickVerdict]]:
    price = sum(charge.price_micros for charge in due)
    # One transaction: the day stays locked, so that no other click spends the extended lease.
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
        extend_lease(campaign, at=due[0].at, day=day, price_micros=price)
        return _run_settlement(day, due, is_last_attempt=True)[0]


def _run_settlement(
    day: datetime.date, charges: Sequence[Charge], *, is_last_attempt: bool
) -> tuple[list[tuple[Charge, ClickVerdict]], list[Charge]]:
    columns = (
        [charge.offer for charge in charges],
        [charge.campaign_id for charge in charges],
        [charge.price_micros for charge in charges],
        [charge.reason for charge in charges],
        [charge.network for charge in charges],
        [charge.at for charge in charges],
    )
    # A savepoint lets the caller's transaction continue after a duplicate.
    if connection.in_atomic_block:
        with transaction.atomic():
            rows = _call_settle_function(*columns, day, is_last_attempt)
    else:
        rows = _call_settle_function(*columns, day, is_last_attempt)
    settled = [(charges[place - 1], VERDICTS[verdict]) for place, verdict in rows if verdict != "short"]
    return settled, [charges[place - 1] for place, verdict in rows if verdict == "short"]


def _call_settle_function(*values: object) -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, cast("Sequence[str]", values))
        return [(int(place), str(verdict)) for place, verdict in cursor]


def _by_campaign(charges: Sequence[Charge]) -> dict[int, list[Charge]]:
    groups: dict[int, list[Charge]] = defaultdict(list)
    for charge in charges:
        groups[charge.campaign_id].append(charge)
    return groups


def _is_duplicate_click(error: IntegrityError) -> bool:
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) == "ads_click_pkey"


_click_commits: GroupCommit[Charge, ClickVerdict] = GroupCommit(settle_clicks, max_size=MAX_BATCH_SIZE)
