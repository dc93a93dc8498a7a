"""Charges clicks exactly once, in one statement that has no half state for a crash to expose.

Clicks that come at the same time are settled together: each waits until its own is on disk, and all of them
wait for the disk once.
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

ClickVerdict = Literal["billed", "free", "invalid", "duplicate"]

MAX_BATCH_SIZE = 256
VERDICTS: dict[str, ClickVerdict] = {"billed": "billed", "free": "free", "invalid": "invalid"}
DEADLOCK = "40P01"
# The function is in ads/migrations/0007_settle_clicks_together.py, with why it is safe.
SETTLE = "SELECT place, verdict FROM ads_settle(%s::uuid[], %s, %s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Charge:
    """A click to be charged at this price to this campaign, unless a reason speaks against it.

    The day whose budget pays is that of the click, or `day` for a click that is told late.
    """

    offer: uuid.UUID
    campaign_id: int
    price_micros: int
    network: str
    at: datetime.datetime
    reason: str = ""
    day: datetime.date | None = None


def charge_click(charge: Charge) -> ClickVerdict:
    """Bill the click, or keep it as free when its budget is exhausted; the second call finds a duplicate."""
    if connection.in_atomic_block:
        # Only this thread sees what its transaction did, so nobody else can settle for it.
        return settle_clicks([charge])[0]
    return _click_commits.send(charge)


def settle_clicks(charges: Sequence[Charge]) -> list[ClickVerdict]:
    """Settle many clicks, each exactly once; raises OperationalError when the database is away."""
    days: dict[datetime.date, list[Charge]] = defaultdict(list)
    for charge in charges:
        days[charge.day or korean_day(charge.at)].append(charge)
    settled = dict(pair for day, asked in days.items() for pair in _settle_day(day, asked))
    # A twin in the same batch is a second click, and so is what the database already knew.
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
    # Two batches met over an offer around midnight: alone, each click finds out whose it was.
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
    # One transaction: the day stays locked, so that nobody else spends what was set aside for these clicks.
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
    # A savepoint lets a caller's transaction go on after a duplicate; alone, the statement is enough.
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


_click_commits: GroupCommit[Charge, ClickVerdict] = GroupCommit(settle_clicks, most=MAX_BATCH_SIZE)
