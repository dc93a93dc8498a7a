"""Charges a click exactly once, in one statement that has no half state for a crash to expose."""

import datetime
import uuid
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal

from django.db import IntegrityError, connection, transaction

from ads.leases import extend_lease, korean_day

Verdict = Literal["billed", "free", "invalid", "duplicate"]

# Why this is safe. The click's primary key is the offer: of two racers the second fails on it and its whole
# statement, the charge included, is undone. The day's row lock makes each charge see the one before it, so
# spent never passes leased. Where the lease refuses, nothing is written unless this is the last attempt.
CHARGE = """
WITH cap AS (
    UPDATE ads_campaignday SET spent_micros = spent_micros + %(price)s
    WHERE campaign_id = %(campaign)s AND day = %(day)s AND is_open
      AND spent_micros + %(price)s <= leased_micros
      AND NOT EXISTS (SELECT 1 FROM ads_click WHERE offer_id = %(offer)s)
    RETURNING lease_account_id
), clicked AS (
    INSERT INTO ads_click
        (offer_id, campaign_id, day, verdict, reason, price_micros, network, created_at)
    SELECT %(offer)s, %(campaign)s, %(day)s,
           CASE WHEN paid THEN 'billed' ELSE 'free' END, CASE WHEN paid THEN '' ELSE 'no_budget' END,
           CASE WHEN paid THEN %(price)s ELSE 0 END, %(network)s, %(at)s
    FROM (SELECT EXISTS (SELECT 1 FROM cap) AS paid) AS outcome
    WHERE (paid OR %(is_last_attempt)s) AND NOT EXISTS (SELECT 1 FROM ads_click WHERE offer_id = %(offer)s)
    RETURNING verdict
), posted AS (
    INSERT INTO ads_transaction (id, kind, idempotency_key, note, created_at)
    SELECT %(transaction)s, 'click', 'click:' || %(offer)s::text, '', statement_timestamp() FROM cap
    RETURNING id
), legs AS (
    INSERT INTO ads_entry (transaction_id, account_id, amount_micros)
    SELECT posted.id, leg.account, leg.amount FROM posted, cap,
    LATERAL (VALUES (cap.lease_account_id, -%(price)s::bigint),
                    ((SELECT id FROM ads_account WHERE kind = 'revenue'), %(price)s::bigint))
        AS leg (account, amount)
)
SELECT (SELECT verdict FROM clicked), EXISTS (SELECT 1 FROM ads_click WHERE offer_id = %(offer)s)
"""


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be charged: this offer's click, at this price, to this campaign."""

    offer: uuid.UUID
    campaign_id: int
    price_micros: int
    network: str
    at: datetime.datetime


def charge_click(charge: Charge) -> Verdict:
    """Bill the click, or keep it as free when its budget is exhausted; the second call finds a duplicate."""
    verdict = _attempt(charge, is_last_attempt=False)
    if verdict is not None:
        return verdict
    extend_lease(charge.campaign_id, at=charge.at, price_micros=charge.price_micros)
    return _attempt(charge, is_last_attempt=True) or "duplicate"


def _attempt(charge: Charge, *, is_last_attempt: bool) -> Verdict | None:
    # A savepoint lets a caller's transaction go on after a duplicate; alone, the statement is enough.
    shelter = transaction.atomic() if connection.in_atomic_block else nullcontext()
    try:
        with shelter, connection.cursor() as cursor:
            cursor.execute(
                CHARGE,
                {
                    "offer": charge.offer,
                    "campaign": charge.campaign_id,
                    "day": korean_day(charge.at),
                    "price": charge.price_micros,
                    "network": charge.network,
                    "at": charge.at,
                    "transaction": uuid.uuid4(),
                    "is_last_attempt": is_last_attempt,
                },
            )
            verdict, is_known = cursor.fetchone()
    except IntegrityError as error:
        if _names_the_click(error):
            return "duplicate"
        raise
    if verdict is None:
        return "duplicate" if is_known else None
    return "billed" if verdict == "billed" else "free"


def _names_the_click(error: IntegrityError) -> bool:
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) in {
        "ads_click_pkey",
        "ads_transaction_idempotency_key_key",
    }
