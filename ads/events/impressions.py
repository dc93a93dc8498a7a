"""Impressions: judging their timing, inserting them once per offer, and what a click lacks without one."""

import datetime
import uuid
from collections.abc import Sequence
from typing import cast

from django.db import connection

from ads.domain.invalid_reasons import InvalidReason
from ads.models import Impression

# An impression needs one second in view, so it cannot follow the auction sooner than this.
MIN_VIEW_DELAY = datetime.timedelta(milliseconds=900)

# The offer, the reason why the impression is invalid (empty for a valid one), and its time.
ImpressionRow = tuple[uuid.UUID, str, datetime.datetime]

INSERT_IMPRESSIONS = """
INSERT INTO ads_impression (offer_id, verdict, reason, created_at)
SELECT DISTINCT ON (offer) offer, verdict, reason, moment
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[]) AS seen (offer, verdict, reason, moment)
ORDER BY offer, moment
ON CONFLICT (offer_id) DO NOTHING RETURNING offer_id
"""


def judge_impression(offered_at: datetime.datetime, at: datetime.datetime) -> str:
    """Return why an impression at this time is invalid; empty when it is valid."""
    return InvalidReason.TOO_FAST if at - offered_at < MIN_VIEW_DELAY else ""


def judge_viewability(impression: Impression | None) -> str:
    """Return why a click with this impression is invalid; empty when the ad was viewable."""
    if impression is None:
        return InvalidReason.NOT_SEEN
    is_valid = impression.verdict == Impression.Verdict.VALID
    return "" if is_valid else InvalidReason.INVALID_IMPRESSION


def insert_impressions(impressions: Sequence[ImpressionRow]) -> list[bool]:
    """Insert at most one impression for each offer; return for each row whether it was new."""
    valid, invalid = Impression.Verdict.VALID.value, Impression.Verdict.INVALID.value
    columns = (
        [offer for offer, _, _ in impressions],
        [invalid if reason else valid for _, reason, _ in impressions],
        [reason for _, reason, _ in impressions],
        [at for _, _, at in impressions],
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT_IMPRESSIONS, cast("Sequence[str]", columns))
        fresh = {offer for (offer,) in cursor}
    outcome = []
    for offer, _, _ in impressions:
        outcome.append(offer in fresh)
        # Of two rows for one offer in a batch, only the first is new.
        fresh.discard(offer)
    return outcome
